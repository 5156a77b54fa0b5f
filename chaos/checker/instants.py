"""I12: when it happened and when it was recorded are two things; recorded instants are UTC and never go back."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chaos.checker.evidence import Evidence, Fact, Violation

CLINICAL = (
    "given_on",
    "performed_on",
    "reported_on",
    "evaluated_on",
    "died_on",
    "withdrawn_on",
    "found_on",
    "onset_on",
    "judged_on",
    "assessed_on",
    "signed_on",
    "contacted_on",
    "last_on",
)
"""Dates on which something happened: none lies in the future of its record."""
SENT_WITH = "occurred_at"
MANY = 150
"""Of so many calls a fifth of the reports among them tells when it happened: the driver sends it so."""


def check(evidence: Evidence) -> Iterator[Violation]:
    """Hold the instants of each stream against each other and against what the driver sent."""
    for stream, facts in evidence.facts.items():
        zone = _zone(evidence, facts)
        before = ""
        for fact in facts:
            for what in _wrong(fact, before, zone):
                step = evidence.step_of(stream, str(fact.row["submission_id"]))
                yield Violation("I12", f"{fact.name}: {what}", step)
            before = max(before, str(fact.row["recorded_at"]))
    applied = [call for call in evidence.calls if call["outcome"] == "applied" and call["stream"] != evidence.register]
    if len(applied) > MANY and not any(call.get(SENT_WITH) for call in applied):
        yield Violation("I12", f"none of {len(applied)} calls was sent with the instant at which it happened")
    for call in evidence.calls:
        row = evidence.submissions.get((call["stream"], call["submission"]))
        sent = call.get(SENT_WITH)
        if row is not None and sent and _instant(row["occurred_at"]) != _instant(sent):
            what = f"sent with occurred_at {sent}, on record with {row['occurred_at']}"
            yield Violation("I12", f"{call['stream']}: {call['submission']} {what}", call["step"])


def _wrong(fact: Fact, before: str, zone: ZoneInfo) -> Iterator[str]:
    recorded, stored = _instant(fact.row["recorded_at"]), _instant(fact.row["stored_at"])
    if recorded is None or stored is None or recorded.utcoffset() or stored.utcoffset():
        yield f"recorded at {fact.row['recorded_at']}, stored at {fact.row['stored_at']}: not UTC"
        return
    if str(fact.row["recorded_at"]) < before:
        yield f"recorded at {fact.row['recorded_at']}, before {before} of an earlier fact"
    occurred = _instant(fact.row["occurred_at"])
    if occurred is not None and occurred > recorded:
        yield f"occurred at {occurred}, recorded before that at {recorded}"
    today = recorded.astimezone(zone).date()
    for name in CLINICAL:
        told = fact.body.get(name)
        if isinstance(told, str) and date.fromisoformat(told) > today:
            yield f"{name} {told} lies after the day of the record, {today}"


def _zone(evidence: Evidence, facts: list[Fact]) -> ZoneInfo:
    for fact in facts:
        if fact.kind == "SubjectRegistered":
            return ZoneInfo(fact.body["site"]["time_zone"])
    return ZoneInfo(evidence.run.get("site", {}).get("zone", "Asia/Shanghai"))


def _instant(text: object) -> datetime | None:
    """Give an instant; None for none, and for what is no instant with its offset."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def trial_to_real(clock: dict[str, Any], trial: datetime) -> datetime:
    """Give the real instant at which an instant of trial time comes, by the clock of a register's first fact."""
    legs = [(_at(clock["real_epoch"]), _at(clock["trial_epoch"]), float(clock["factor"]))]
    for pace in clock.get("paces", []):
        real, begun, factor = legs[-1]
        legs.append((real + (_at(pace["since"]) - begun) / factor, _at(pace["since"]), float(pace["factor"])))
    real, begun, factor = next((leg for leg in reversed(legs) if leg[1] <= trial), legs[0])
    return real + max((trial - begun) / factor, timedelta(days=-3650))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
