"""What a correction changed, as people read it: the fields, and the differences that matter."""

from collections.abc import Iterator

from pydantic import BaseModel

from domain.patient import facts as f
from domain.patient.agenda import due
from domain.patient.contraception import contraception_until
from domain.patient.journey import Journey
from domain.patient.view import phase
from domain.patient.windows import epoch_dates


def of_content(before: BaseModel | None, after: BaseModel | None) -> Iterator[f.Change]:
    """Give each field that reads otherwise, or that the fact counts as never said."""
    if before is None or after is None:
        known = before or after
        kind = type(known).__name__
        yield f.Change(
            what=kind,
            before="on record" if before else "entered in error",
            after="on record" if after else "entered in error",
        )
        return
    for name in type(after).model_fields:
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield f.Change(what=f"{type(after).__name__} {name}", before=_shown(was), after=_shown(now))


def of_journeys(before: Journey, after: Journey) -> Iterator[f.Change]:
    """Give what differs between two journeys: phase, windows, what is due, cycles, doses, deviations."""
    was, now = _outline(before), _outline(after)
    for what in dict.fromkeys((*was, *now)):
        if was.get(what, "") != now.get(what, ""):
            yield f.Change(what=what, before=was.get(what, ""), after=now.get(what, ""))


def _outline(journey: Journey) -> dict[str, str]:
    item, window = due(journey), epoch_dates(journey)
    shown = {
        "phase": phase(journey),
        "epoch": journey.epoch,
        "window": f"{window.earliest_on} to {window.latest_on} ({window.rule})" if window else "",
        "next due": f"{journey.site.date_of(item.at)} {item.text}" if item else "",
        "end of treatment": f"{journey.treatment_ended_on} {journey.treatment_ended}"
        if journey.treatment_ended
        else "",
        "eligibility confirmed": str(journey.eligible_on or ""),
        "dosing stopped by": ", ".join(f"fact {number}" for number in sorted(journey.safety.stopped)),
        "contraception until": str(contraception_until(journey) or ""),
    }
    for cycle in journey.cycles.values():
        text = f"planned {cycle.planned_on}, {cycle.earliest_on} to {cycle.latest_on}"
        shown[cycle.label] = text + (f", given {cycle.day_1_on}" if cycle.day_1_on else "")
        if cycle.doses is not None:
            rows = [f"{row.drug} {row.amount:f} {row.unit}" for row in cycle.doses.administrations]
            shown[f"{cycle.label} doses"] = ", ".join(rows)
    for item_name, row in journey.deviations.items():
        shown[f"deviation {item_name}"] = row.text
    return shown


def _shown(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        return value.model_dump_json(exclude_none=True, exclude_defaults=True)[:400]
    if isinstance(value, tuple):
        return ", ".join(_shown(row) for row in value)[:400]
    return str(value)
