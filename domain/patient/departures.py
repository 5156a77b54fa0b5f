"""What was given against what was planned: drugs, amounts and days. A departure is recorded, never refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.dosing import DoseCalculation
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.checks import confirm
from domain.patient.cycle import Cycle
from domain.patient.doses import Wish, work_out
from domain.patient.draft import Draft
from domain.patient.journey import Journey
from domain.patient.regimens import administration, excluded, missed_item, site_days, unchecked
from domain.protocol import RegimenLine
from domain.submission import Reason, Refused, Submission
from domain.units import as_mass, is_mass


@dataclass(frozen=True, slots=True)
class GivenDay:
    """What was given on one day of a cycle; `as_planned` names the drugs whose amount is the planned one."""

    number: int
    day: int
    on: date
    drugs: tuple[c.GivenDrug, ...]
    as_planned: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The day's name, for example C2D1."""
        return f"C{self.number}D{self.day}"


def with_amounts(cycle: Cycle | None, given: GivenDay) -> GivenDay:
    """Fill in the planned amount of each drug that was reported without one."""
    filled, names = [], []
    for drug in given.drugs:
        planned = administration(cycle, drug.drug, given.day) if drug.amount is None else None
        if planned is None:
            filled.append(drug)
        else:
            filled.append(c.GivenDrug(drug=drug.drug, amount=planned.amount, unit=planned.unit))
            names.append(drug.drug)
    return GivenDay(given.number, given.day, given.on, tuple(filled), tuple(names))


def content(draft: Draft, given: GivenDay, regimen: tuple[RegimenLine, ...]) -> None:
    """Record a drug or an amount that was not planned, a drug on hold, and two drugs where one was to be picked."""
    cycle = draft.journey.cycles[given.number]
    stopped = excluded(draft.journey, None, given.on)
    for drug in given.drugs:
        if drug.drug in stopped:
            given_while_stopped(draft, given.label, drug.drug, given.on)
        given_unchecked(draft, given.number, given.label, drug.drug, given.on)
        line = next((line for line in regimen if drug.drug in line.drugs and given.day in line.days), None)
        if line is None:
            text = f"{drug.drug} on {given.label} is not planned in {draft.journey.arm or 'any arm yet'}"
            draft.deviate(f"DRUG/{given.label}/{drug.drug}", "T2", text, important=True, on=given.on)
            continue
        _amount(draft, given, line, drug)
        _creatinine(draft, given, drug.drug)
    names = {drug for _, drug, _ in cycle.given}
    for line in regimen:
        both = [drug for drug in line.drugs if drug in names]
        if len(both) > 1:
            text = f"{' and '.join(both)} both given in {cycle.label}"
            draft.deviate(f"BOTH/{cycle.label}", line.source.rule, text, important=True, on=given.on)
        _choice(draft, given, line, both)


def refuse_implausible(
    draft: Draft, submission: Submission[c.Command], given: GivenDay, regimen: tuple[RegimenLine, ...], at: str = ""
) -> None:
    """Ask for confirmation of an amount far from the planned one, as a wrong unit makes it. Source: T2, Q9."""
    limit, cycle = draft.protocol.plausibility, draft.journey.cycles.get(given.number)
    for drug in given.drugs:
        line = next((line for line in regimen if drug.drug in line.drugs and given.day in line.days), None)
        if drug.amount is None or line is None:
            continue
        option = next(option for option in line.options if option.drug == drug.drug)
        planned = administration(cycle, drug.drug, given.day)
        if planned is None and cycle is not None:
            planned = _worked_out(draft.journey, cycle, given, drug.drug)
        expected, unit = (planned.amount, planned.unit) if planned else (option.amount, option.unit)
        amount = as_mass(drug.amount, drug.unit, unit) if is_mass(unit) else None
        if amount is not None and not expected / limit.dose_times < amount < expected * limit.dose_times:
            text = f"{drug.drug} {drug.amount} {drug.unit} on {given.label} is far from the planned {expected} {unit}"
            confirm(submission, text, str(limit.dose_source), f"{at}drugs")


def given_while_stopped(draft: Draft, at: str, drug: str, on: date) -> None:
    """Record that a held or discontinued drug was given. Source: T9."""
    text = f"{drug} given on {at} while held or discontinued"
    draft.deviate(f"HELD/{at}/{drug}", "T9", text, important=True, on=on)


def given_unchecked(draft: Draft, number: int, at: str, drug: str, on: date) -> None:
    """Record that a drug was given before the answer it waited for. Source: T7."""
    check = unchecked(draft.journey, number, on).get(drug)
    if check is not None:
        text = f"{drug} given on {at} without the answer on record: {check.asks}"
        draft.deviate(f"CHECK/{at}/{drug}", check.source.rule, text, important=True, on=on)


def _amount(draft: Draft, given: GivenDay, line: RegimenLine, drug: c.GivenDrug) -> None:
    """Hold an amount against the planned one, or the one to be planned: mass against mass, a level against the level.

    A fixed dose has no tolerance; one worked out from measurements has a step of the rounding.
    """
    if drug.amount is None:
        return
    option = next(option for option in line.options if option.drug == drug.drug)
    rules, cycle = draft.protocol.dosing, draft.journey.cycles[given.number]
    planned = administration(cycle, drug.drug, given.day) or _worked_out(draft.journey, cycle, given, drug.drug)
    level = planned.level if planned else option.amount
    fixed = planned.unit == planned.level_unit if planned else is_mass(option.unit)
    amount = as_mass(drug.amount, drug.unit, planned.unit if planned else option.unit)
    if amount is not None and (planned is not None or fixed):
        expected, unit = (planned.amount, planned.unit) if planned else (option.amount, option.unit)
        tolerance = rules.rounding.step_mg if planned and not fixed else Decimal(0)
        off = abs(amount - (planned.unrounded if planned else option.amount))
        differs = off > 0 and off >= tolerance
    elif drug.unit == option.unit:
        amount, expected, unit = drug.amount, level, option.unit
        differs = amount != expected
    else:
        text = f"{drug.drug} {drug.amount} {drug.unit or '(no unit)'} on {given.label} cannot be held against its plan"
        draft.deviate(_item(given, drug), line.source.rule, text, important=False, on=given.on)
        return
    if differs:
        important = fixed or planned is None or abs(amount - expected) >= rules.important_difference.share * expected
        text = f"{drug.drug} {drug.amount} {drug.unit} on {given.label}, planned {expected} {unit}"
        draft.deviate(_item(given, drug), line.source.rule, text, important=important, on=given.on)


def _item(given: GivenDay, drug: c.GivenDrug) -> str:
    return f"AMOUNT/{given.label}/{drug.drug}"


def _worked_out(journey: Journey, cycle: Cycle, given: GivenDay, drug: str) -> DoseCalculation | None:
    """Give what the plan would have been of a drug that was given without one, where it can be worked out."""
    order = work_out(journey, cycle, given.on, Wish(choice=drug))
    return next((row for row in order.administrations if row.drug == drug and given.day in row.days), None)


def refuse_unclear_amounts(
    regimen: Sequence[RegimenLine], drugs: Sequence[c.GivenDrug], at: str = "", known: Sequence[c.GivenDrug] = ()
) -> None:
    """Raise Refused for an amount without a unit, or in one that is neither a mass nor the unit of the regimen.

    `known`: what stands on record already, and is not asked about.
    """
    levels = {option.drug: option.unit for line in regimen for option in line.options}
    for number, drug in enumerate(drugs):
        level = None if drug in known else levels.get(drug.drug)
        if drug.amount is None or level is None or is_mass(drug.unit) or drug.unit == level:
            continue
        accepts = "mg, g or ug" + (f", or {level}" if not is_mass(level) else "")
        said = f"in {drug.unit!r}" if drug.unit else "without its unit"
        detail = f"the amount of {drug.drug} is given {said}"
        raise Refused(Reason.MALFORMED, detail, field=f"{at}drugs.{number}.unit", accepts=accepts)


def _creatinine(draft: Draft, given: GivenDay, drug: str) -> None:
    """Record an amount that rests on a creatinine too old on the day it was given. Source: 3.4."""
    cycle, rules = draft.journey.cycles[given.number], draft.protocol.dosing.clearance
    planned = administration(cycle, drug, given.day)
    if planned is None or given.day != planned.days[0]:
        return
    for row in planned.inputs:
        if row.name == "creatinine" and row.on is not None and (given.on - row.on).days > rules.creatinine_max_age_days:
            text = f"{drug} of {given.label} rests on a creatinine of {row.on}"
            text += f", at most {rules.creatinine_max_age_days} d old"
            item = f"CREATININE/{given.label}/{drug}"
            draft.deviate(item, rules.source.rule, text, important=False, on=given.on)


def _choice(draft: Draft, given: GivenDay, line: RegimenLine, names: list[str]) -> None:
    """Record that another drug of a choice was given than the one planned."""
    cycle = draft.journey.cycles[given.number]
    planned = [drug for drug in line.drugs if administration(cycle, drug, line.days[0])]
    reported = {drug.drug for drug in given.drugs}
    if len(line.drugs) > 1 and planned and len(names) == 1 and names != planned and names[0] in reported:
        text = f"{names[0]} given in {cycle.label}, planned {planned[0]}"
        draft.deviate(f"CHOICE/{cycle.label}", line.source.rule, text, important=False, on=given.on)


def missed(draft: Draft, given: GivenDay, regimen: tuple[RegimenLine, ...]) -> None:
    """Record what was planned for that day and not given; what a later report of the day adds was not missed."""
    cycle = draft.journey.cycles[given.number]
    names = {drug for day, drug, _ in cycle.given if day == given.day}
    for line in regimen:
        item = missed_item(cycle.label, given.day, line)
        if given.day in site_days(line) and names.isdisjoint(line.drugs):
            if not _is_held(draft, line, given):
                not_given(draft, item, line, given.label, given.on)
        elif item in draft.journey.deviations:
            draft.add(f.DeviationWithdrawn(item=item, why=f"a later report of {given.label} names it"))


def _is_held(draft: Draft, line: RegimenLine, given: GivenDay) -> bool:
    waits = unchecked(draft.journey, given.number, given.on).keys()
    return (excluded(draft.journey, None, given.on) | waits).issuperset(line.drugs)


def not_given(draft: Draft, item: str, line: RegimenLine, at: str, on: date) -> None:
    """Record that a planned administration was not given, or that nobody said it was."""
    text = f"{' or '.join(line.drugs)} planned on {at} was not given"
    draft.deviate(item, line.source.rule, text, important=False, on=on)
