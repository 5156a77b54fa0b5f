"""The planned doses of the awaited cycle: worked out from what is on record, kept up to date, never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from domain.criteria import completed_years
from domain.dosing import DoseCalculation, Measured, Measures, Missing, calculate
from domain.patient import facts as f
from domain.patient.cycle import Cycle
from domain.patient.draft import Draft
from domain.patient.journey import Journey
from domain.patient.regimens import barred, picked, regimen_of
from domain.patient.waiting import dosing_holds
from domain.protocol import Dose, RegimenLine

RELEASED = ("PASSED", "OVERRIDDEN")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the investigator decided of a plan: the drug picked where there is a choice, and other dose levels."""

    choice: str | None = None
    levels: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """The doses of a cycle as far as they can be worked out, what they rest on, and what is missing."""

    day_1_on: date
    administrations: tuple[DoseCalculation, ...]
    basis: f.DoseBasis
    choice: str | None
    missing: tuple[str, ...]


def work_out(journey: Journey, cycle: Cycle, today: date, wish: Wish | None = None) -> Order:
    """Work out the doses of a cycle on its planned date, or on a later day that has come. Source: 3.4, T2, T9."""
    wish = wish or Wish()
    day_1_on = cycle.day_1_on or max(cycle.planned_on, today)
    measures, without = _measures(journey, day_1_on), barred(journey, cycle)
    found: list[DoseCalculation] = []
    missing: list[str] = []
    choice = None
    for line in regimen_of(journey, cycle.number):
        left = [drug for drug in line.drugs if drug not in without]
        if not left:
            continue
        drug = wish.choice if wish.choice in left and len(line.drugs) > 1 else picked(journey, cycle, line, without)
        if drug is None:
            missing.append(f"the choice between {' or '.join(line.drugs)}")
            continue
        choice = drug if len(line.drugs) > 1 else choice
        try:
            dose = _level(journey, line, drug, wish)
            found.append(calculate(line, dose, measures, journey.protocol.dosing))
        except Missing as missed:
            missing += [_named(journey, what, day_1_on) for what in missed.what]
    basis = _basis(journey, tuple(found))
    return Order(day_1_on, tuple(found), basis, choice, tuple(dict.fromkeys(missing)))


def _measures(journey: Journey, day_1_on: date) -> Measures:
    """Give the newest measurements; a creatinine only when it is young enough on day 1."""
    weight = None if journey.weight_kg is None else Measured(journey.weight_kg, journey.weighed_on)
    height = None if journey.height_cm is None else Measured(journey.height_cm, journey.height_on)
    sample = journey.labs.get("CREAT")
    sampled_on = journey.site.date_of(sample.collected_at) if sample else day_1_on
    age = (day_1_on - sampled_on).days
    is_fresh = 0 <= age <= journey.protocol.dosing.clearance.creatinine_max_age_days
    creatinine = Measured(sample.value, sampled_on) if sample and sample.value > 0 and is_fresh else None
    years = completed_years(journey.born_on, sampled_on)
    return Measures(journey.sex, weight, height, creatinine, age_years=years)


def _level(journey: Journey, line: RegimenLine, drug: str, wish: Wish) -> Dose:
    """Give the dose of a drug at the level wished for, else at the one planned last, else at the regimen's."""
    dose = next(option for option in line.options if option.drug == drug)
    before = journey.planned_last.get(drug)
    level = before.level if before is not None and before.level_unit == dose.unit else dose.amount
    level = wish.levels.get(drug, level)
    return dose.model_copy(update={"amount": level})


def _named(journey: Journey, what: str, day_1_on: date) -> str:
    if what != "creatinine":
        return what
    return f"creatinine at most {journey.protocol.dosing.clearance.creatinine_max_age_days} d old on {day_1_on}"


def _basis(journey: Journey, found: tuple[DoseCalculation, ...]) -> f.DoseBasis:
    """Keep what the amounts depend on, and nothing else: a change of anything else asks for no new plan."""
    used = {row.name for dose in found for row in dose.inputs}
    known: dict[str, object] = {}
    if "body weight" in used:
        known |= {"weight_kg": journey.weight_kg, "weighed_on": journey.weighed_on}
    if "body height" in used:
        known |= {"height_cm": journey.height_cm, "height_on": journey.height_on}
    if "creatinine" in used:
        sample = journey.labs["CREAT"]
        known |= {"creatinine": sample.value, "sampled_at": sample.collected_at}
    return f.DoseBasis.model_validate(known)


def outdated(journey: Journey, cycle: Cycle) -> str:
    """Say, in coded words, why the doses of an awaited cycle must be worked out anew; empty when they hold."""
    if cycle.doses is None:
        return ""
    basis, sample = cycle.doses.basis, journey.labs.get("CREAT")
    share = journey.protocol.dosing.weight_change.share
    because = []
    if (
        basis.weight_kg is not None
        and journey.weight_kg is not None
        and abs(journey.weight_kg - basis.weight_kg) >= share * basis.weight_kg
    ):
        because.append(f"body weight changed by {share * 100:.0f} % or more")
    if basis.sampled_at is not None and sample is not None and sample.collected_at > basis.sampled_at:
        because.append("newer creatinine")
    because += _corrected(journey, basis)
    without = barred(journey, cycle)
    planned = {row.drug for row in cycle.doses.administrations}
    for line in regimen_of(journey, cycle.number):
        is_open, is_planned = not without.issuperset(line.drugs), bool((planned - without).intersection(line.drugs))
        if is_open and not is_planned:
            because.append(f"{' or '.join(line.drugs)} to be given")
        stopped = planned.intersection(line.drugs) & without
        because += [f"{drug} not to be given" for drug in sorted(stopped)]
    return ", ".join(because)


def _corrected(journey: Journey, basis: f.DoseBasis) -> list[str]:
    """Name the measurements that read otherwise on record than when the doses were worked out from them."""
    sample = journey.labs.get("CREAT")
    now = {
        "body weight": (journey.weighed_on, journey.weight_kg),
        "body height": (journey.height_on, journey.height_cm),
        "creatinine": (sample.collected_at, sample.value) if sample else None,
    }
    then = {
        "body weight": (basis.weighed_on, basis.weight_kg),
        "body height": (basis.height_on, basis.height_cm),
        "creatinine": (basis.sampled_at, basis.creatinine),
    }
    return [
        f"{name} corrected"
        for name, (on, value) in then.items()
        if value is not None and now[name] != (on, value) and not _is_newer(now[name], on)
    ]


def _is_newer(now: tuple[date | datetime, Decimal | None] | None, on: date | datetime | None) -> bool:
    """Say whether a later measurement has taken the place of an older one: that is no correction."""
    return now is not None and on is not None and now[0] > on


def keep_planned(draft: Draft) -> None:
    """Plan the doses of the awaited cycle once its gate lets it start, and again when what they rest on changed.

    While the cycle is on hold nothing is planned: what changed meanwhile counts when the hold is lifted.
    """
    journey, cycle = draft.journey, draft.journey.current_cycle if draft.journey.epoch else None
    if cycle is None or journey.is_over or dosing_holds(journey):
        return
    because = outdated(journey, cycle)
    if cycle.gate not in RELEASED if cycle.doses is None else not because:
        return
    order = work_out(journey, cycle, draft.today)
    if order.missing or not (order.administrations or cycle.doses):
        return
    add_plan(draft, cycle, order, why=cycle.doses.why if cycle.doses else None, because=because)
    if because:
        draft.event("DOSES_RECALCULATED", f"{cycle.label} doses worked out again: {because}")


def add_plan(draft: Draft, cycle: Cycle, order: Order, *, why: str | None, because: str = "") -> None:
    """Record the planned doses of a cycle."""
    draft.add(
        f.DosesPlanned(
            cycle=cycle.number,
            planned_on=order.day_1_on,
            administrations=order.administrations,
            basis=order.basis,
            choice=order.choice,
            why=why,
            because=because,
        )
    )


def to_plan(journey: Journey) -> str:
    """Say what keeps the doses of a cycle that may start from being planned; empty when nothing does."""
    cycle = journey.current_cycle
    if cycle is None or dosing_holds(journey) or (cycle.doses is None and cycle.gate not in RELEASED):
        return ""
    if cycle.doses is not None and not outdated(journey, cycle):
        return ""
    order = work_out(journey, cycle, cycle.planned_on)
    missing = ", ".join(order.missing)
    return f"{cycle.label} doses to plan, missing: {missing}" if missing else ""
