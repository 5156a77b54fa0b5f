"""The command submission: what became of a call that failed half-way. It reads the journal and changes nothing."""

import json
from typing import Any

import click
from sqlalchemy import RowMapping

from activities.contract import Answer
from cli import access
from cli.main import DONE, MALFORMED, REFUSED, UNKNOWN
from domain.submission import Reason
from journal.store import Journal


@click.command("submission")
@click.argument("submission_id")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def submission_command(submission_id: str, *, as_json: bool) -> int:
    """Show what became of a submission: applied (its facts), refused (why), or unknown.

    Exit codes: 0 applied, 2 or 3 refused, 5 unknown: it never arrived, or still waits in Temporal. Then the same call
    again is safe: it applies at most once.
    """
    store = access.journal(access.settings())
    rows = store.submission(submission_id)
    answers = [(str(row["stream"]), str(row["recorded_at"]), _answer(store, row)) for row in rows]
    if as_json:
        shown = [{"stream": stream, "recorded_at": at} | answer.told() for stream, at, answer in answers]
        click.echo(json.dumps({"submission_id": submission_id, "outcome": _outcome(answers), "answers": shown}))
    else:
        _tell(submission_id, answers)
    return _code([answer for _, _, answer in answers])


def _answer(store: Journal, row: RowMapping) -> Answer:
    named: dict[str, Any] = {name: row[name] for name in Answer.model_fields if name in row}
    if row["first_seq"] is None:
        return Answer(**named)
    facts = store.facts(row["stream"], row["first_seq"] - 1)
    return Answer(**named, facts=[fact.kind for fact in facts if fact.seq <= row["last_seq"]])


def _outcome(answers: list[tuple[str, str, Answer]]) -> str:
    outcomes = {answer.outcome for _, _, answer in answers}
    return "applied" if "applied" in outcomes else "refused" if outcomes else "unknown"


def _tell(submission_id: str, answers: list[tuple[str, str, Answer]]) -> None:
    for stream, at, answer in answers:
        if answer.outcome == "applied":
            numbers = range(answer.first_seq or 0, (answer.last_seq or -1) + 1)
            shown = ", ".join(f"#{number} {kind}" for number, kind in zip(numbers, answer.facts, strict=True))
            click.echo(f"{stream}: applied at {at}: {shown or 'nothing new'}")
        else:
            click.echo(f"{stream}: refused at {at}: {answer.sentence()}")
    if not answers:
        click.echo(
            f"{submission_id}: unknown: not in the journal. The same call again is safe: it applies at most once"
        )


def _code(answers: list[Answer]) -> int:
    if not answers:
        return UNKNOWN
    if any(answer.outcome == "applied" for answer in answers):
        return DONE
    return MALFORMED if Reason(answers[0].reason).is_malformed else REFUSED
