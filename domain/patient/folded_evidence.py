"""Evidence, judgements and results as they stand: a part of the journey's fold. It has no rule and never raises."""

from datetime import date, datetime
from decimal import Decimal

from domain.criteria.case import Judgement
from domain.labs import LabValue, supersedes
from domain.patient import facts as f
from domain.patient import folded_effects as effects
from domain.patient.copying import amend
from domain.patient.state import Journey
from domain.values import Site


def recorded(now: Journey, fact: f.EvidenceRecorded) -> Journey:
    """Take the newest of each: what is entered late does not replace what is known of a later date."""
    if fact.weight_kg is not None:
        now = _weight(now, fact.weight_kg, fact.assessed_on)
    if fact.height_cm is not None:
        now = _height(now, fact.height_cm, fact.assessed_on)
    if fact.last_support_on is not None:
        last = max(fact.last_support_on, now.last_support_on or fact.last_support_on)
        now = amend(now, last_support_on=last)
    asked = fact.no_support is not None or fact.last_support_on is not None
    if asked and fact.assessed_on >= (now.support_assessed_on or fact.assessed_on):
        said = now.no_support if fact.no_support is None else fact.no_support
        now = amend(now, no_support=said, support_assessed_on=fact.assessed_on)
    if fact.sections is None:
        return now
    sections = dict(now.sections)
    for name, section in fact.sections:
        known = sections.get(name, ())
        if section is None or (known and section.on < known[0].on):
            continue
        sections[name] = (*known, section) if known and section.on == known[0].on else (section,)
    return amend(now, sections=sections)


def judged(now: Journey, fact: f.JudgementsGiven) -> Journey:
    """Keep the answers of the latest date to each criterion, of one person the newest of them."""
    judgements, same_day = dict(now.judgements), dict(now.day_judgements)
    for answer in fact.answers:
        given, known = Judgement(answer, fact.by, fact.role, fact.entered_with), same_day.get(answer.rule, ())
        if known and answer.on < known[0].answer.on:
            continue
        kept = [row for row in known if row.answer.on == answer.on and (row.by, row.role) != (given.by, given.role)]
        same_day[answer.rule] = (*kept, given)
        judgements[answer.rule] = given
    return amend(now, judgements=judgements, day_judgements=same_day)


def lab_results(now: Journey, fact: f.LabResultsRecorded) -> Journey:
    """Take the results of a report: the newest of each analyte, those of its latest day, and the baseline."""
    labs, day_labs, baseline = dict(now.labs), dict(now.day_labs), dict(now.baseline)
    first, days = _first_dose_on(now), _Days(now.site)
    for result in fact.accepted:
        known, on = labs.get(result.analyte), days[result.collected_at]
        day_labs[result.analyte] = _of_latest_day(days, day_labs.get(result.analyte, ()), result)
        if known is None or supersedes(result, known):
            labs[result.analyte] = result
        before = baseline.get(result.analyte)
        if (first is None or on <= first) and (before is None or supersedes(result, before)):
            baseline[result.analyte] = result
        if result.analyte == "WEIGHT":
            now = _weight(now, result.value, on)
        if result.analyte == "HEIGHT":
            now = _height(now, result.value, on)
    now = amend(now, labs=labs, day_labs=day_labs, baseline=baseline)
    return now if fact.order is None else effects.closed(now, fact.order)


def _weight(now: Journey, weight_kg: Decimal, on: date) -> Journey:
    return amend(now, weight_kg=weight_kg, weighed_on=on) if on >= now.weighed_on else now


def _height(now: Journey, height_cm: Decimal, on: date) -> Journey:
    return amend(now, height_cm=height_cm, height_on=on) if on >= now.height_on else now


def _first_dose_on(now: Journey) -> date | None:
    """Give the date of the first dose: a baseline is the last result of a sample up to then."""
    return min((on for cycle in now.cycles.values() for _, _, on in cycle.given), default=None)


class _Days(dict[datetime, date]):
    """The site's date of an instant. The results of a sample share one: it is worked out once."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site

    def __missing__(self, instant: datetime) -> date:
        self[instant] = on = self._site.date_of(instant)
        return on


def _of_latest_day(days: _Days, known: tuple[LabValue, ...], result: LabValue) -> tuple[LabValue, ...]:
    """Give the results of the latest date, the newest last. A corrected report replaces the one it corrects."""
    on = days[result.collected_at]
    known_on = days[known[0].collected_at] if known else on
    if on != known_on:
        return (result,) if on > known_on else known
    if any(row.collected_at == result.collected_at and not supersedes(result, row) for row in known):
        return known
    kept = [row for row in known if row.collected_at != result.collected_at or result.status == "final"]
    return tuple(sorted((*kept, result), key=lambda row: row.collected_at))
