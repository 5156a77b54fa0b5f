"""What a correction changed, as people read it: the fields, and the differences that matter."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from domain.patient import facts as f
from domain.patient.agenda import agenda, due
from domain.patient.asks import asks
from domain.patient.contraception import contraception_until
from domain.patient.cycle import Cycle
from domain.patient.items import Act, Item
from domain.patient.journey import Journey
from domain.patient.view import phase
from domain.patient.windows import epoch_dates
from domain.values import Site

LONGEST = 400
"""Characters shown of one value."""
WORDS: Mapping[Act, str] = {
    "REMIND": "reminder",
    "ORDER_LABS": "laboratory order and reminder",
    "OVERDUE": "overdue after",
    "MAXIMUM_DELAY": "maximum delay",
    "MISSED": "unreported doses",
    "COMPLETE": "completion",
    "CLOSE": "closure",
    "TELL": "reminder",
    "REPORT_DUE": "reminder of report",
    "REPORT_OVERDUE": "deadline of report",
    "RECONSENT_REMINDER": "reminder",
    "RECONSENT_OVERDUE": "deadline",
    "SIGNATURES_OVERDUE": "escalation",
    "GATE_EXPIRED": "end of the gate's samples",
    "AGAIN": "told again",
    "UNREAD": "escalation of notice",
}
"""What each kind of timer is called."""


def of_content(site: Site, number: int, before: BaseModel | None, after: BaseModel | None) -> Iterator[f.Change]:
    """Give each field of a fact that reads otherwise, or that it counts as never said.

    Of laboratory results each result is a row, of a gate each criterion; instants are the site's.
    """
    kind = _named(number, before or after)
    if before is None or after is None:
        words = {True: "on record", False: "entered in error"}
        yield f.Change(what=kind, before=words[before is not None], after=words[after is not None])
        return
    if isinstance(before, f.LabResultsRecorded) and isinstance(after, f.LabResultsRecorded):
        yield from _of_rows(_results(site, before), _results(site, after))
        return
    if isinstance(before, f.GateChecked) and isinstance(after, f.GateChecked):
        yield from _of_rows(_findings(before), _findings(after))
        return
    for name in type(after).model_fields:
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield f.Change(what=f"{kind}: {name}", before=_shown(was, site), after=_shown(now, site))


def _findings(fact: f.GateChecked) -> dict[str, str]:
    return {f"C{fact.cycle} gate {row.rule}": f"{row.verdict}: {row.sentence}" for row in fact.findings}


def _named(number: int, fact: BaseModel | None) -> str:
    """Name a fact in words, for example dose given C3D1 #31."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", type(fact).__name__).lower()
    where = f" C{fact.cycle}D{fact.day}" if isinstance(fact, f.DoseGiven) else ""
    return f"{words}{where} #{number}"


def _results(site: Site, fact: f.LabResultsRecorded) -> dict[str, str]:
    used = {f"{row.analyte} of {site.shown(row.collected_at)}": row.reported for row in fact.accepted}
    return used | {
        f"{row.code} of {site.shown(row.collected_at)}": f"{row.reported}, not used: {row.why}" for row in fact.unused
    }


def of_journeys(before: Journey, after: Journey) -> Iterator[f.Change]:
    """Give what differs between two journeys, by kind: see `_outline`. What was newly told comes last."""
    yield from _of_rows(_outline(before), _outline(after))
    for number, notice in after.notices.items():
        if number not in before.notices:
            yield f.Change(what=f"notice {notice.notice}", after=f"to {', '.join(notice.to)}: {notice.text}")


def _of_rows(was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[f.Change]:
    for what in dict.fromkeys((*was, *now)):
        if was.get(what, "") != now.get(what, ""):
            yield f.Change(what=what, before=was.get(what, ""), after=now.get(what, ""))


def _outline(journey: Journey) -> dict[str, str]:
    """Give phase, window, timers, branch, ends, events, cycles with gates and doses, deviations, and who must act."""
    item, window = due(journey), epoch_dates(journey)
    shown = {
        "phase": phase(journey),
        "epoch": journey.epoch,
        "resection": journey.pathology or journey.resection or "",
        "window": f"{window.earliest_on} to {window.latest_on} ({window.rule})" if window else "",
        "next due": _due(journey, item) if item else "",
        "end of treatment": f"{journey.treatment_ended_on} {journey.treatment_ended}"
        if journey.treatment_ended
        else "",
        "end of study": journey.study_ended,
        "eligibility confirmed": str(journey.eligible_on or ""),
        "dosing stopped by": ", ".join(f"fact {number}" for number in sorted(journey.safety.stopped)),
        "contraception until": str(contraception_until(journey) or ""),
    }
    for event in journey.safety.events.values():
        words = "pregnancy" if event.is_pregnancy else f"grade {event.grade}{', serious' if event.serious else ''}"
        shown[f"event of fact {event.number}"] = ", ".join((words, *event.classes))
    for cycle in journey.cycles.values():
        shown |= dict(_of_cycle(cycle))
    for item_name, row in journey.deviations.items():
        shown[f"deviation {item_name}"] = row.text
    for item in agenda(journey):
        shown[_timer(item)] = _due(journey, item)
    for intent in journey.intents.values():
        if isinstance(intent.fact, f.LabsOrdered):
            shown[f"laboratory order {intent.seq}"] = f"{intent.fact.purpose}: {', '.join(intent.fact.analytes)}"
    for ask in asks(journey):
        known = shown.get(f"asked: {ask.kind}")
        shown[f"asked: {ask.kind}"] = f"{known}; {ask.text}" if known else f"{' or '.join(ask.to)}: {ask.text}"
    return shown


def _of_cycle(cycle: Cycle) -> Iterator[tuple[str, str]]:
    text = f"planned {cycle.planned_on}, {cycle.earliest_on} to {cycle.latest_on}"
    yield cycle.label, text + (f", given {cycle.day_1_on}" if cycle.day_1_on else "")
    if cycle.gate:
        yield f"{cycle.label} gate", cycle.gate + (f" on {cycle.gate_sampled_on}" if cycle.gate_sampled_on else "")
    if cycle.doses is not None:
        rows = [f"{row.drug} {row.amount:f} {row.unit}" for row in cycle.doses.administrations]
        yield f"{cycle.label} doses", ", ".join(rows)


def _timer(item: Item) -> str:
    """Name a timer apart from the date it was counted to, so that one that moved is the same one."""
    about = item.key.split("/", 1)[1].rsplit("/", 1)[0].removeprefix("REPORT/")
    return f"{WORDS[item.act]} {about.replace('/', ' ')}"


def _due(journey: Journey, item: Item) -> str:
    on = str(journey.site.date_of(item.at))
    return item.text if on in item.text else f"{on} {item.text}"


def _shown(value: Any, site: Site) -> str:  # noqa: ANN401 - a field's value, by type
    """Give a value as people read it."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case BaseModel():
            fields = [(name, inner) for name, inner in value if inner not in (None, (), "")]
            return ", ".join(f"{name} {_shown(inner, site)}" for name, inner in fields)[:LONGEST]
        case tuple():
            return "; ".join(_shown(row, site) for row in value)[:LONGEST]
        case datetime():
            return site.shown(value)
        case _:
            return str(value)
