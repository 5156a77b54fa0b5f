"""What a regimen asks of a cycle: which drugs on which days, without those held, discontinued or left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.dosing import DoseCalculation
from domain.patient.cycle import Cycle
from domain.patient.journey import Journey
from domain.patient.windows import anchor_date, days
from domain.protocol import DrugCheck, RegimenLine, TreatmentEpoch


@dataclass(frozen=True, slots=True)
class Awaited:
    """A planned administration at the site that nobody reported yet. `item` names the deviation it may become."""

    item: str
    label: str
    line: RegimenLine
    on: date
    day_1_on: date


def regimen_of(journey: Journey, number: int) -> tuple[RegimenLine, ...]:
    """Give the regimen of a cycle in the subject's arm; none before randomization."""
    return journey.protocol.treatment_of(number).regimens.get(journey.arm, ())


def site_days(line: RegimenLine) -> tuple[int, ...]:
    """Give the days on which a drug is given or handed out at the site: of a course at home, its first."""
    return line.days[:1] if line.self_administered else line.days


def excluded(journey: Journey, cycle: Cycle | None, on: date) -> frozenset[str]:
    """Give the drugs that are not to be given on a date: held, discontinued, or (of the cycle) left out or unchecked.

    Source: T9, T7.
    """
    stopped = frozenset(stop.drug for stop in journey.stops if stop.covers(stop.drug, on))
    return stopped if cycle is None else stopped | cycle.omitted_drugs | unchecked(journey, cycle.number, on).keys()


def barred(journey: Journey, cycle: Cycle) -> frozenset[str]:
    """Give the drugs a plan made now leaves out: on hold, discontinued, left out of the cycle, or unchecked.

    Source: T9, T7.
    """
    stopped = frozenset((*journey.held, *journey.discontinued)) | cycle.omitted_drugs
    return stopped | unchecked(journey, cycle.number).keys()


def unchecked(journey: Journey, number: int, on: date = date.max) -> dict[str, DrugCheck]:
    """Give the drugs of a cycle that wait for the investigator's answer on a date, with what is asked. Source: T7."""
    ours = {drug for line in regimen_of(journey, number) for drug in line.drugs}
    checks = journey.protocol.treatment_of(number).gate.drug_checks
    return {check.drug: check for check in checks if check.drug in ours and not _is_met(journey, check, on)}


def _is_met(journey: Journey, check: DrugCheck, on: date) -> bool:
    """Say whether the latest answer since the anchor is good, and no later evidence says otherwise."""
    since = anchor_date(journey, check.since) or date.min
    about = [row for row in journey.drug_checks if (row.drug, row.rule) == (check.drug, check.rule)]
    answers = [row for row in about if since <= row.checked_on <= on]
    if not answers:
        return False
    last = max(answers, key=lambda row: row.checked_on)
    latest = [row for row in answers if row.checked_on == last.checked_on][-1]
    sections = [row for row in journey.sections.get(check.section, ()) if latest.checked_on < row.on <= on]
    return latest.met and not any(getattr(row, check.field) for row in sections)


def administration(cycle: Cycle | None, drug: str, day: int) -> DoseCalculation | None:
    """Give what is planned of a drug on a day of a cycle, where its doses are planned."""
    planned = cycle.doses.administrations if cycle is not None and cycle.doses is not None else ()
    return next((row for row in planned if row.drug == drug and day in row.days), None)


def picked(journey: Journey, cycle: Cycle | None, line: RegimenLine, without: frozenset[str]) -> str | None:
    """Give the drug that fills a place: the only one, the one planned, or the only one given before. Never a guess."""
    if len(line.drugs) == 1:
        return line.drugs[0]
    planned = [drug for drug in line.drugs if administration(cycle, drug, line.days[0])]
    found = planned or [drug for drug in line.drugs if drug in journey.last_dose]
    return found[0] if len(found) == 1 and found[0] not in without else None


def missed_item(label: str, day: int, line: RegimenLine) -> str:
    """Name the deviation of a planned administration that was not given."""
    return f"MISSED/{label}D{day}/{line.drugs[0]}"


def is_excused(journey: Journey, cycle: Cycle, line: RegimenLine, on: date) -> bool:
    """Say whether nothing is awaited of a line on a date: each of its drugs is held, or treatment has ended."""
    ended = journey.treatment_ended_on is not None and on >= journey.treatment_ended_on
    return ended or excluded(journey, cycle, on).issuperset(line.drugs)


def unreported(journey: Journey, cycle: Cycle) -> Iterator[Awaited]:
    """Give the planned administrations of a begun cycle that are neither reported nor on record as missed."""
    if cycle.day_1_on is None:
        return
    given = {(day, drug) for day, drug, _ in cycle.given}
    for line in regimen_of(journey, cycle.number):
        for day in site_days(line):
            on, item = cycle.day_1_on + days(day - 1), missed_item(cycle.label, day, line)
            known = item in journey.deviations or any((day, drug) in given for drug in line.drugs)
            if not known and not is_excused(journey, cycle, line, on):
                drug = picked(journey, cycle, line, excluded(journey, cycle, on))
                yield Awaited(item, f"{cycle.label}D{day} {drug or ' or '.join(line.drugs)}", line, on, cycle.day_1_on)


def missed_on(journey: Journey, cycle: Cycle) -> date | None:
    """Give the day after the last planned day at the site of a cycle in which something is unreported."""
    first = next(unreported(journey, cycle), None)
    if first is None:
        return None
    return first.day_1_on + days(max(day for line in regimen_of(journey, cycle.number) for day in site_days(line)))


def is_all_discontinued(journey: Journey) -> bool:
    """Say whether no drug is left of the regimen of the current treatment epoch. Source: T9."""
    epoch = journey.protocol.epoch(journey.epoch)
    if not isinstance(epoch, TreatmentEpoch):
        return False
    return {drug for line in epoch.regimens.get(journey.arm, ()) for drug in line.drugs} <= set(journey.discontinued)
