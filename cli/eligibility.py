"""Eligibility as a table, the reasoning behind one criterion, and the schema of the evidence document."""

import json
from datetime import UTC, datetime
from typing import Any

import click
from pydantic_core import to_jsonable_python
from rich.panel import Panel
from rich.table import Table

from cli import access
from cli.main import DONE, MALFORMED, Failed
from cli.output import console
from domain.criteria import RULES
from domain.ctcae import VERSION
from domain.decider import PATIENT, TRIAL, patient_stream
from domain.findings import CLEAR, Finding, Verdict
from domain.patient.eligibility import decided as on_record
from domain.patient.eligibility import findings_on
from domain.patient.journey import Journey
from domain.protocol import Criterion
from journal.store import Journal

COLOURS = {
    Verdict.NOT_MET: "red",
    Verdict.TRIGGERED: "red",
    Verdict.CONFLICT: "magenta",
    Verdict.UNKNOWN: "yellow",
    Verdict.JUDGEMENT_PENDING: "yellow",
}
DOCUMENTS = {"evidence": TRIAL.people["enroll"]}
"""What `schema` knows beside the commands: the document of one participant is what `enroll --json` takes."""


@click.command("eligibility")
@click.argument("subject")
@click.option("--explain", "rule", metavar="RULE", help="show the reasoning on one criterion, for example I12.3")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def eligibility_command(subject: str, rule: str | None, *, as_json: bool) -> int:
    """Show every criterion's verdict with its evidence: as of today, or as it was decided."""
    known = access.settings()
    store = access.journal(known)
    journey = access.journey(store, known.trial, subject)
    decided, findings = _decided(store, journey)
    now = journey.clock.trial_time(datetime.now(UTC))
    if not findings:
        decided, findings = f"as of {journey.site.date_of(now)}", findings_on(journey, now)
    rows = {row.rule: row for row in journey.protocol.screening.criteria}
    if rule is not None:
        findings = tuple(finding for finding in findings if finding.rule == rule)
        if not findings:
            raise Failed(MALFORMED, f"there is no criterion {rule}; accepted: {', '.join(rows)}")
    if as_json:
        click.echo(json.dumps(_as_json(subject, decided, findings)))
    elif rule is not None:
        _explain(findings[0], rows[rule])
    else:
        _table(subject, decided, findings, rows)
    return DONE


def _decided(store: Journal, journey: Journey) -> tuple[str, tuple[Finding, ...]]:
    """Give the findings on record when screening is over, and when they were decided."""
    if journey.allocation is None and not journey.screen_failed:
        return "", ()
    rows = access.facts(store, patient_stream(journey.trial, journey.subject))
    facts = [PATIENT.read(row.body) for row in rows]
    for row in reversed(rows):
        on = journey.site.date_of(datetime.fromisoformat(row.recorded_at))
        findings = on_record(facts, row.seq, on)
        if findings:
            return f"as decided on {on} (fact {row.seq}, {row.staff})", findings
    return "", ()


def _as_json(subject: str, decided: str, findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {
        "subject": subject,
        "decided": decided,
        "all_clear": all(finding.is_clear for finding in findings),
        "findings": to_jsonable_python(findings),
    }


def summary(findings: tuple[Finding, ...]) -> str:
    """Say in one line whether the subject may be randomized, and what stands against it."""
    open_ones = [finding for finding in findings if not finding.is_clear]
    if not open_ones:
        return "all clear: every criterion is met or not applicable, no exclusion is triggered"
    words = ", ".join(f"{finding.rule} {finding.verdict}" for finding in open_ones)
    return f"not clear, {len(open_ones)} of {len(findings)}: {words}"


def _table(subject: str, decided: str, findings: tuple[Finding, ...], rows: dict[str, Criterion]) -> None:
    table = Table(title=f"{subject}: eligibility {decided}", title_justify="left")
    for heading in ("rule", "criterion", "verdict", "because", "evidence of", "days to RAND / C1D1"):
        table.add_column(heading, no_wrap=heading in ("rule", "verdict"))
    for finding in findings:
        dated = [used for used in finding.evidence if used.on is not None]
        oldest = min(dated, key=lambda used: str(used.on), default=None)
        ages = f"{_age(oldest.days_before_rand)} / {_age(oldest.days_before_c1d1)}" if oldest else ""
        verdict = f"[{COLOURS.get(finding.verdict, 'green')}]{finding.verdict}[/]"
        title = rows[finding.rule].title if finding.rule in rows else ""
        graded = [f"{used.what}: CTCAE {used.ctcae}" for used in finding.evidence if used.ctcae]
        because = "\n".join((finding.sentence, *graded, *(f"warning: {text}" for text in finding.warnings)))
        table.add_row(finding.rule, title, verdict, because, str(oldest.on) if oldest else "", ages)
    console().print(table)
    click.echo(summary(findings))


def _age(days: int | None) -> str:
    return "-" if days is None else str(days)


def _explain(finding: Finding, row: Criterion) -> None:
    doc = (RULES[finding.rule].__doc__ or "").strip()
    source = f"{row.source}: {row.source.text}" if row.source.text else f"registry record, {row.source}"
    passed = "lets the subject pass" if finding.verdict in CLEAR else "keeps the subject from randomization"
    text = f"{row.title}\n\n{doc}\nSource: {source}\n\n{finding.verdict}: {finding.sentence}\nThis {passed}."
    text += "".join(f"\nAssumed ({also.question}): {also.text}." for also in row.assumptions if also.is_assumption)
    text += "".join(f"\nWarning: {warning}." for warning in finding.warnings)
    console().print(Panel(text, title=f"{finding.rule} ({row.kind.lower()})", title_align="left"))
    table = Table(title="evidence used", title_justify="left")
    for heading in ("what", "value", "of", "upper limit", VERSION, "document", "days to RAND", "days to C1D1"):
        table.add_column(heading)
    for used in finding.evidence:
        ages = (_age(used.days_before_rand), _age(used.days_before_c1d1))
        table.add_row(used.what, used.value, str(used.on or ""), used.upper_limit, used.ctcae, used.document, *ages)
    console().print(table if finding.evidence else "no evidence")


@click.command("schema")
@click.argument("name")
def schema_command(name: str) -> int:
    """Print the JSON schema of the evidence document (`schema evidence`) or of a command."""
    models = DOCUMENTS | dict(PATIENT.people)
    if name not in models:
        raise Failed(MALFORMED, f"there is no schema {name!r}; accepted: {', '.join(models)}")
    schema = models[name].model_json_schema()
    schema["properties"].pop("kind", None)
    click.echo(json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2))
    return DONE
