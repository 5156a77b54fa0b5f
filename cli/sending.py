"""Commands that send: enroll, send. What is malformed is sent too, so that its refusal stands on record."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from activities.contract import Answer
from cli import access, fields
from cli.main import DONE, MALFORMED, REFUSED, UNREACHABLE, Failed
from cli.outbox import Outbox
from demo.documents import counts_from_today, dated
from domain.decider import PATIENT, TRIAL
from domain.submission import Reason
from journal.store import JournalAway, JournalUnusableError
from settings import Settings
from workflows.client import Submitted, TrialClient, Unreachable
from workflows.connection import connect

fields_from_file = click.option(
    "--json",
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="fields from a JSON file",
)
TO_THE_TRIAL = "TRIAL"
OWN_COMMANDS = ("open_trial", "enroll", "report_misaddressed")
"""Commands to the register that are sent in their own way."""
answer_as_json = click.option("--as-json", is_flag=True, help="answer as JSON")


@click.command("enroll", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option("--staff", envvar="TRIALPATH_STAFF", help="your staff code, for example CRC1")
@click.option("--role", help="the role you act in, when you hold several")
@fields_from_file
@answer_as_json
@click.pass_context
def enroll_command(ctx: click.Context, staff: str | None, role: str | None, file: Path | None, as_json: bool) -> int:
    """Register a participant and issue the subject number.

    Fields: --site TDH --born-on 1960-02-03 --sex MALE|FEMALE, and when known already --consent-signed-on 2025-06-02
    --consent-version V1.0 --consent-obtained-by INV1 --assessed-on 2025-06-02 --weight-kg 70 --height-cm 170
    --no-support true.
    """
    known = access.settings()
    staff, role = (word and fields.as_text(word) for word in (staff, role))
    body, raw = _read(file, ctx.args)
    body = _counted(known, body) if file else _enrolment(body)
    outbox = Outbox(known.data / "outbox")
    content = (known.trial, "enroll", body, staff, role, str(raw))
    submitted = Submitted("enroll", body, staff=staff, role=role, raw=raw, id=outbox.id_for(*content))

    async def act(client: TrialClient) -> tuple[Answer, str]:
        answer = await client.to_trial(submitted)
        return answer, client.subject_of(answer)

    answer, subject = run(known, act, submitted.id)
    outbox.answered(submitted.id, *content)
    return told(answer, subject or "enrolment", as_json=as_json, extra={"subject": subject} if subject else {})


def _counted(known: Settings, body: dict[str, Any]) -> dict[str, Any]:
    """Write out dates that an example counts from today, on the trial's clock."""
    if not counts_from_today(body):
        return body
    clock = access.register(access.journal(known), known.trial).clock
    today = clock.trial_time(datetime.now(UTC)).date()
    click.echo(f"dates written as today are counted from {today}", err=True)
    written: dict[str, Any] = dated(body, today)
    return written


def _enrolment(found: dict[str, str]) -> dict[str, Any]:
    """Sort the fields into participant, consent and evidence."""
    consent = {name: found.pop(f"consent_{name}", None) for name in ("signed_on", "version", "obtained_by")}
    names = ("assessed_on", "weight_kg", "height_cm", "no_support", "last_support_on")
    evidence: dict[str, Any] = {name: found.pop(name) for name in names if name in found}
    if evidence.get("no_support") in ("true", "false"):
        evidence["no_support"] = evidence["no_support"] == "true"
    body: dict[str, Any] = dict(found)
    if any(consent.values()):
        body["consent"] = {name: value for name, value in consent.items() if value is not None}
    return body | ({"evidence": evidence} if evidence else {})


@click.command(
    "send", add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.argument("subject", required=False)
@click.argument("kind", required=False)
@click.option("--staff", envvar="TRIALPATH_STAFF", help="your staff code, for example INV1")
@click.option("--role", help="the role you act in, when you hold several")
@click.option("--reason", help="why, where a reason is asked for")
@click.option("--confirmed", is_flag=True, help="confirms an unusual report (with --reason)")
@click.option("--occurred-at", help="when it happened, if not now (with time zone)")
@click.option("--id", "submission_id", help="submission id, to repeat a call")
@fields_from_file
@answer_as_json
@click.pass_context
def send_command(ctx: click.Context, /, subject: str | None, kind: str | None, **about: Any) -> int:  # noqa: ANN401 - click's options
    """Send a command for a subject: send S001 surgery_done --performed-on 2025-09-01 --resection R0 --staff SUR1.

    To the trial as a whole: send TRIAL pause_enrolment --why "..." --staff SPO1. `send S001 KIND --help` and
    `send TRIAL KIND --help` show the fields of a kind.
    """
    words = [word for word in (subject, kind, *ctx.args) if word is not None]
    asked = not words or "--help" in words or "-h" in words
    if asked or kind is None:
        return _help(ctx, subject, kind, asked=asked)
    known = access.settings()
    subject, kind = fields.as_text(str(subject)), fields.as_text(kind)
    about = {name: fields.as_text(said) if isinstance(said, str) else said for name, said in about.items()}
    body, raw = _read(about["file"], ctx.args)
    if about["file"] is None:
        body = fields.typed(_kinds(subject).get(kind), body)
    outbox = Outbox(known.data / "outbox")
    sender = {name: about[name] for name in ("staff", "role", "reason", "confirmed", "occurred_at")}
    content = (known.trial, subject, kind, body, sender, str(raw))
    submission_id = about["submission_id"] or outbox.id_for(*content)
    submitted = Submitted(kind, body, raw=raw, id=submission_id, **sender)

    async def act(client: TrialClient) -> Answer:
        if subject.upper() == TO_THE_TRIAL:
            return await client.to_trial(submitted)
        return await client.to_subject(subject, submitted)

    answer = run(known, act, submitted.id)
    outbox.answered(submitted.id, *content)
    code = told(answer, subject, as_json=about["as_json"])
    for change in answer.changes if not about["as_json"] else ():
        click.echo(f"  {change['what']}: {change['before'] or 'none'} -> {change['after'] or 'none'}")
    return code


def _kinds(subject: str | None) -> dict[str, type[BaseModel]]:
    """Give the kinds one may send: to the trial's register, or to a subject."""
    known = TRIAL if (subject or "").upper() == TO_THE_TRIAL else PATIENT
    return {kind: model for kind, model in known.people.items() if kind not in OWN_COMMANDS}


def _help(ctx: click.Context, subject: str | None, kind: str | None, *, asked: bool) -> int:
    kinds = _kinds(subject)
    if kind is not None and kind in kinds:
        fields.help_for(kind, kinds[kind])
        return DONE
    click.echo(ctx.get_help())
    click.echo("\nKinds:")
    for name, known in kinds.items():
        click.echo(f"  {name:24}{(known.__doc__ or '').strip().splitlines()[0]}")
    return DONE if asked else MALFORMED


def _read(file: Path | None, words: Sequence[str]) -> tuple[dict[str, Any], bytes | None]:
    """Give the fields, or else the bytes that are none: those are sent too, to be refused on record."""
    try:
        return fields.given(file, words), None
    except fields.Unreadable as problem:
        click.echo(str(problem), err=True)
        return {}, problem.raw


def run(known: Settings, act: Any, submission_id: str) -> Any:  # noqa: ANN401 - what the action gives
    """Connect, act, and give what came of it. Raises Failed when Temporal or the journal cannot be reached."""

    async def whole() -> Any:  # noqa: ANN401 - what the action gives
        client = await connect()
        return await act(TrialClient(client, known.trial, known.task_queue, access.unread_journal(known)))

    try:
        return asyncio.run(whole())
    except (Unreachable, RuntimeError, OSError) as problem:
        what = "the journal" if isinstance(problem, JournalAway | JournalUnusableError) else "Temporal"
        hint = (
            f"the same call again is safe: it applies at most once; `submission {submission_id}` tells what came of it"
        )
        raise Failed(UNREACHABLE, f"cannot reach {what}: {str(problem)[:300]}; {hint}") from None


def told(answer: Answer, about: str, *, as_json: bool, extra: dict[str, Any] | None = None) -> int:
    """Print an answer and give its exit code."""
    if as_json:
        click.echo(json.dumps((extra or {}) | answer.told()))
    elif answer.outcome == "applied":
        numbers = range(answer.first_seq or 0, (answer.last_seq or -1) + 1)
        shown = ", ".join(f"#{number} {kind}" for number, kind in zip(numbers, answer.facts, strict=True))
        click.echo(f"{about}: recorded {shown or 'nothing new'}")
    else:
        click.echo(f"{about}: refused: {answer.sentence()}", err=True)
    if answer.outcome == "applied":
        return DONE
    return MALFORMED if Reason(answer.reason).is_malformed else REFUSED
