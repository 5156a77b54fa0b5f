"""The facts and refusals of a subject in the order of their recording, and each correction: old, new, reason, who."""

import json
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from cli import access
from cli.main import DONE
from cli.output import console
from domain.decider import patient_stream

REFUSAL_SHOWN = 120


@click.command("history")
@click.argument("subject")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def history_command(subject: str, *, as_json: bool) -> int:
    """Show a subject's facts and refusals in the order they were recorded, and what was corrected."""
    known = access.settings()
    store = access.journal(known)
    rows = access.subject_facts(store, known.trial, subject)
    facts = [fact._asdict() | {"body": json.loads(fact.body)} for fact in rows]
    refused = [row for row in store.submissions(patient_stream(known.trial, subject)) if row["outcome"] == "refused"]
    refusals, corrected = [dict(row) for row in refused], corrections(facts)
    if as_json:
        click.echo(json.dumps({"facts": facts, "refusals": refusals, "corrections": corrected}, default=str))
        return DONE
    _everything(subject, facts, refusals, corrected)
    if corrected:
        _corrected(corrected)
    return DONE


def corrections(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each correction: of which fact, each change as old and new, the reason, who made it and when."""
    return [
        {
            "seq": fact["seq"],
            "fact": fact["body"]["fact"],
            "of": fact["body"]["of"],
            "entered_in_error": fact["body"].get("content") is None,
            "changes": [
                {"what": row["what"], "old": row.get("before", ""), "new": row.get("after", "")}
                for row in fact["body"].get("changes", ())
            ],
            "reason": fact["body"]["why"],
            "follows": fact["body"].get("follows"),
            "staff": fact["staff"],
            "role": fact["role"],
            "recorded_at": fact["recorded_at"],
        }
        for fact in facts
        if fact["kind"] == "FactCorrected"
    ]


def _everything(
    subject: str, facts: list[dict[str, Any]], refusals: list[dict[str, Any]], corrected: list[dict[str, Any]]
) -> None:
    table = Table(title=f"{subject}: {len(facts)} facts, {len(refusals)} refusals", title_justify="left")
    for heading in ("recorded (UTC)", "#", "what", "by", "content"):
        table.add_column(heading, overflow="fold")
    by = {row["fact"]: row["seq"] for row in corrected}
    entries = [
        (fact["recorded_at"], str(fact["seq"]), fact["kind"], _who(fact), _content(fact, by.get(fact["seq"])))
        for fact in facts
    ]
    entries += [
        (
            row["recorded_at"],
            "-",
            f"[red]REFUSED {row['kind']}[/red]",
            _who(row),
            f"{row['reason']}: {row['detail'][:REFUSAL_SHOWN]}",
        )
        for row in refusals
    ]
    for at, *cells in sorted(entries, key=lambda entry: entry[0]):
        table.add_row(at[:16], *cells)
    console().print(table)


def _corrected(corrected: list[dict[str, Any]]) -> None:
    table = Table(title="Corrections", title_justify="left")
    for heading in ("recorded (UTC)", "#", "corrects", "what", "old", "new", "reason", "who"):
        table.add_column(heading, overflow="fold")
    for row in corrected:
        head = (row["recorded_at"][:16], str(row["seq"]), f"{row['fact']} {row['of']}")
        follows = f" (follows from {row['follows']})" if row["follows"] else ""
        tail = (row["reason"] + follows, _who(row))
        word = "entered in error" if row["entered_in_error"] else "reads otherwise"
        for change in row["changes"] or [{"what": word, "old": "", "new": ""}]:
            table.add_row(*head, change["what"], change["old"] or "none", change["new"] or "none", *tail)
    console().print(table)


def _who(row: dict[str, Any]) -> str:
    return row["staff"] if row["staff"] in ("SYSTEM", "UNATTRIBUTED") else f"{row['staff']} ({row['role']})"


def _content(fact: dict[str, Any], corrected_by: int | None) -> str:
    body = fact["body"]
    if fact["kind"] == "FactCorrected":
        return f"fact {body['fact']} ({body['of']}): {body['why']}"
    kept = {name: value for name, value in body.items() if name != "kind" and value not in (None, [], "")}
    text = ", ".join(f"{name} {value if not isinstance(value, list | dict) else '…'}" for name, value in kept.items())
    return escape(f"corrected by {corrected_by}: {text}" if corrected_by else text)
