"""The list of commands and the exit codes. A command's module is imported only when it is used."""

import importlib
import os

import click

DONE, UNHEALTHY, REFUSED, MALFORMED, UNREACHABLE, UNKNOWN, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

COMMANDS = {
    "up": ("cli.running", "Start the embedded Temporal server, its UI and a worker."),
    "demo": ("cli.running", "Run the whole trial with simulated participants."),
    "health": ("cli.health", "Say whether journal, Temporal, workers and watchdog are well."),
    "release": ("cli.releasing", "Make a version of the workers the current one and move every subject; roll back."),
    "replay": ("cli.replaying", "Replay stored and running histories with this program, before a release."),
    "recover": ("cli.recovering", "Bring every open stream back after Temporal was lost."),
    "open": ("cli.opening", "Open the trial: sites, staff, allocation list."),
    "enroll": ("cli.sending", "Register a participant and issue the subject number."),
    "send": ("cli.sending", "Send a command for a subject or the trial, for example surgery_done."),
    "show": ("cli.reading", "Show a subject: state, next due, who must act; also as of a date."),
    "timeline": ("cli.reading", "Show a subject's past and planned visits with their windows."),
    "list": ("cli.reading", "List all subjects: phase, arm, next due."),
    "due": ("cli.reading", "Show the work list of a role or site: who must do what by when."),
    "trial": ("cli.trial", "Show the trial at one look: enrolment, arms, who is where, overdue; also as HTML."),
    "eligibility": ("cli.eligibility", "Show each criterion's verdict with its evidence and source."),
    "history": ("cli.history", "Show a subject's facts, refusals and corrections (old, new, reason, who)."),
    "models": ("cli.models", "Make the tables for analysts anew from the journal; document them."),
    "export": ("cli.exporting", "Write a dossier (PDF, JSON), tables (CSV, Parquet), FHIR or CDISC ODM."),
    "calendar": ("cli.exporting", "Write visits, windows and deadlines as an iCalendar feed."),
    "schema": ("cli.eligibility", "Print the JSON schema of the evidence document or of a command."),
    "submission": ("cli.submission", "Show what became of a submission: applied, refused or unknown."),
    "journal": ("cli.journal", "Verify, anchor, prepare or rebuild the journal; reconcile it with Temporal."),
    "allocation": ("cli.allocation", "Back up the sealed allocation list, or put it back."),
    "doses": ("cli.doses", "Show the order sheet of a cycle: amounts, formulas, inputs."),
    "protocol": ("cli.protocol", "Show the protocol with its sources and assumptions."),
}


class Failed(Exception):
    """A command could not be carried out; the message is for the user, the code for the shell."""

    def __init__(self, code: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code


class Lazy(click.Group):
    """A group that knows its commands' names and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names, in the order of the table."""
        del ctx  # the same everywhere
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def cli() -> None:
    """Trialpath: a clinical trial's patients as durable workflows.

    Exit codes: 0 done, 1 not well (health, replay), 2 refused by a rule, 3 malformed, 4 Temporal or the journal out of
    reach, 5 unknown submission. From 10 on: `journal verify --help`.
    """


def main(arguments: list[str] | None = None) -> int:
    """Run a command and give its exit code. No traceback ever reaches the user for what they typed."""
    try:
        return int(cli.main(args=arguments, prog_name="starter.py", standalone_mode=False) or DONE)
    except click.ClickException as problem:
        problem.show()
        return MALFORMED
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except Failed as failed:
        click.echo(str(failed), err=True)
        return failed.code
    except (
        BrokenPipeError,
        SystemExit,
    ):  # the reader went away; the library makes an exit of it where it sees it first
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return DONE
    except Exception as problem:
        known = _told(problem)
        if known is None:
            raise
        click.echo(str(known), err=True)
        return known.code


def _told(problem: Exception) -> "Failed | None":
    """Give what to tell of a problem outside the command line itself; None: it is a fault of ours."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - needed when something failed alone
    from temporalio.service import RPCError  # noqa: PLC0415 - as above

    from demo.hospital import Unexpected  # noqa: PLC0415 - as above
    from domain.catalogue import UnknownTrialError  # noqa: PLC0415 - as above
    from journal.database import JournalAway, JournalUnusableError  # noqa: PLC0415 - as above
    from workflows.client import Unreachable  # noqa: PLC0415 - as above

    told: tuple[tuple[type[Exception] | tuple[type[Exception], ...], int, str], ...] = (
        (UnknownTrialError, MALFORMED, f"setting TRIALPATH_TRIAL: {problem}"),
        (Unexpected, REFUSED, str(problem)),
        ((JournalAway, JournalUnusableError), UNREACHABLE, f"the journal cannot be used: {problem}"),
        (SQLAlchemyError, UNREACHABLE, f"the journal cannot be used: {str(problem).partition(chr(10))[0]}"),
        ((RPCError, Unreachable), UNREACHABLE, f"Temporal cannot be reached: {problem}"),
        (UnicodeEncodeError, MALFORMED, "what was typed is not UTF-8 text; accepted: UTF-8"),
        (OSError, UNREACHABLE, f"a file cannot be read or written: {problem}"),
    )
    return next((Failed(code, text) for kinds, code, text in told if isinstance(problem, kinds)), None)
