"""The investigator's plan of doses, and drugs held, resumed and stopped one by one. A plan may be refused."""

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.cycle import Cycle
from domain.patient.departures import given_while_stopped
from domain.patient.doses import Wish, add_plan, work_out
from domain.patient.dosing import open_cycle
from domain.patient.draft import Draft
from domain.patient.regimens import barred, is_all_discontinued, regimen_of, unchecked
from domain.patient.waiting import dosing_holds
from domain.patient.windows import anchor_date
from domain.protocol import RegimenLine
from domain.submission import Reason, Refused

HOLDS = "T9"


def plan_doses(draft: Draft, command: c.PlanDoses) -> None:
    """Plan the doses of the awaited cycle. Refused: what the protocol does not allow, and what cannot be worked out."""
    cycle = open_cycle(draft, command.cycle)
    _refuse_on_hold(draft, cycle)
    regimen = regimen_of(draft.journey, cycle.number)
    levels = {row.drug: row.amount for row in command.levels}
    if len(levels) < len(command.levels):
        raise Refused(Reason.RULE, "a drug stands twice in levels", field="levels", accepts="each drug once")
    for row in command.levels:
        _refuse_level(draft, cycle, row, regimen)
    choice = _choice(draft, cycle, command, regimen)
    if (choice or levels) and not command.why:
        raise Refused(Reason.RULE, "a choice or another dose level needs its reason", rule="T2", field="why",
                      accepts="a reason")  # fmt: skip
    order = work_out(draft.journey, cycle, draft.today, Wish(choice, levels))
    if order.missing:
        missing = ", ".join(order.missing)
        raise Refused(Reason.RULE, f"the doses of {cycle.label} cannot be worked out, missing: {missing}", rule="3.4",
                      field="cycle", accepts="the same, once that is on record or named")  # fmt: skip
    why = command.why or (cycle.doses.why if cycle.doses else None)
    add_plan(draft, cycle, order, why=why)


def _refuse_on_hold(draft: Draft, cycle: Cycle) -> None:
    """Raise Refused while the cycle waits: amounts worked out meanwhile could be given, or be out of date after it."""
    holds = dosing_holds(draft.journey)
    if holds:
        why = "; ".join(hold.why for hold in holds)
        raise Refused(Reason.RULE, f"{cycle.label} is on hold: {why}", rule=holds[0].rule, field="cycle",
                      accepts=f"the same after {', and '.join(hold.lifted for hold in holds)}")  # fmt: skip


def _refuse_level(draft: Draft, cycle: Cycle, row: c.DoseLevel, regimen: tuple[RegimenLine, ...]) -> None:
    """Raise Refused for a drug of no line of the arm, one on hold, and a level that is not listed. Source: T2, T9."""
    option = next((option for line in regimen for option in line.options if option.drug == row.drug), None)
    if option is None:
        raise _no_drug_of(draft, cycle, row.drug, regimen)
    _refuse_stopped(draft, cycle, row.drug, "levels")
    amounts, source = draft.protocol.dosing.levels_of(option)
    if row.unit != option.unit or row.amount not in amounts:
        listed = " or ".join(f"{amount:f} {option.unit}" for amount in amounts)
        raise Refused(Reason.RULE, f"{row.drug} {row.amount} {row.unit} is not a listed dose level", rule=str(source),
                      field="levels", accepts=f"{row.drug} {listed}")  # fmt: skip


def _no_drug_of(draft: Draft, cycle: Cycle, drug: str, regimen: tuple[RegimenLine, ...]) -> Refused:
    """Give the refusal of a drug that no line of the arm has, with the rule that gives it to another arm."""
    others = draft.protocol.treatment_of(cycle.number).regimens.values()
    rules = [str(line.source) for lines in others for line in lines if drug in line.drugs]
    accepts = ", ".join(drug for line in regimen for drug in line.drugs)
    detail = f"{drug} is not planned in {draft.journey.arm} in {cycle.label}"
    return Refused(Reason.RULE, detail, rule=rules[0] if rules else "T2", field="levels", accepts=accepts)


def _refuse_stopped(draft: Draft, cycle: Cycle, drug: str, field: str) -> None:
    check = unchecked(draft.journey, cycle.number).get(drug)
    if check is not None:
        raise Refused(Reason.RULE, f"{drug} waits in {cycle.label}: {check.asks}?", rule=check.source.rule, field=field,
                      accepts=f"drug_check by {' or '.join(check.to)} first, or the plan without it")  # fmt: skip
    if drug in barred(draft.journey, cycle):
        accepts = "another drug" if drug in draft.journey.discontinued else "resume_drug first, or another drug"
        detail = f"{drug} is held, discontinued or left out of {cycle.label}"
        raise Refused(Reason.RULE, detail, rule=HOLDS, field=field, accepts=accepts)


def _choice(draft: Draft, cycle: Cycle, command: c.PlanDoses, regimen: tuple[RegimenLine, ...]) -> str | None:
    """Give the drug picked, by name or by the level named. Raises Refused for two of one place, and for no option."""
    named = {command.choice, *(row.drug for row in command.levels)} - {None}
    for line in regimen:
        both = [drug for drug in line.drugs if drug in named]
        if len(both) > 1:
            raise Refused(Reason.RULE, f"{' and '.join(both)} in one cycle", rule=str(line.source), field="choice",
                          accepts=f"one of {' or '.join(line.drugs)}")  # fmt: skip
        if both and len(line.drugs) > 1:
            _refuse_stopped(draft, cycle, both[0], "choice")
            return both[0]
    if command.choice is None:
        return None
    options = " or ".join(drug for line in regimen if len(line.drugs) > 1 for drug in line.drugs)
    detail = f"{command.choice} is no choice of {cycle.label}"
    raise Refused(Reason.RULE, detail, rule="T2", field="choice",
                  accepts=options or "no choice: the regimen has none")  # fmt: skip


def drug_check(draft: Draft, command: c.CheckDrug) -> None:
    """Record the answer that a drug waits for; another one later counts in its place. Source: T7, E16.11."""
    checks = [row for epoch in draft.protocol.treatments for row in epoch.gate.drug_checks]
    check = next((row for row in checks if row.drug == command.drug), None)
    if check is None:
        raise Refused(Reason.RULE, f"{command.drug} waits for no answer", rule="T7", field="drug",
                      accepts=" or ".join(row.drug for row in checks) or "no drug")  # fmt: skip
    since = anchor_date(draft.journey, check.since)
    if since is None or draft.journey.treatment_ended:
        raise Refused(Reason.PHASE, f"{command.drug} is not to be started again now", rule=check.source.rule,
                      accepts="after surgery, while treatment goes on")  # fmt: skip
    if command.checked_on < since:
        raise Refused(Reason.RULE, f"{command.checked_on} is before {since}", rule=check.source.rule,
                      field="checked_on", accepts=f"a date from {since}")  # fmt: skip
    draft.add(
        f.DrugChecked(
            drug=command.drug, rule=check.rule, checked_on=command.checked_on, met=command.met, why=command.why
        )
    )


def hold_drug(draft: Draft, command: c.HoldDrug) -> None:
    """Hold one drug; the others go on. What was given of it after that day is a deviation. Source: T9."""
    _on_treatment(draft, command.drug)
    if command.drug in draft.journey.held:
        raise Refused(Reason.CONTRADICTS, f"{command.drug} is on hold already", rule=HOLDS, field="drug",
                      accepts="resume_drug, discontinue_drug, or another drug")  # fmt: skip
    draft.add(f.DrugHeld(drug=command.drug, decided_on=command.decided_on, why=command.why))
    _given_since(draft, command)


def resume_drug(draft: Draft, command: c.ResumeDrug) -> None:
    """Let a held drug go on. Source: T9."""
    _on_treatment(draft, command.drug)
    stop = next((stop for stop in draft.journey.stops if stop.drug == command.drug and stop.until is None), None)
    if stop is None:
        held = ", ".join(draft.journey.held)
        raise Refused(Reason.CONTRADICTS, f"{command.drug} is not on hold", rule=HOLDS, field="drug",
                      accepts=held or "no drug: none is on hold")  # fmt: skip
    if command.decided_on < stop.since:
        raise Refused(Reason.CONTRADICTS, f"{command.drug} is held since {stop.since}", rule=HOLDS, field="decided_on",
                      accepts=f"a date from {stop.since}")  # fmt: skip
    draft.add(f.DrugResumed(drug=command.drug, decided_on=command.decided_on, why=command.why))


def discontinue_drug(draft: Draft, command: c.DiscontinueDrug) -> None:
    """Stop one drug for good. When none of the regimen is left the investigator is asked: nothing ends by itself."""
    _on_treatment(draft, command.drug)
    draft.add(f.DrugDiscontinued(drug=command.drug, decided_on=command.decided_on, why=command.why))
    _given_since(draft, command)
    if is_all_discontinued(draft.journey):
        draft.event("DRUGS_DISCONTINUED", f"every drug of {draft.journey.epoch} is discontinued: decide on treatment")


def _on_treatment(draft: Draft, drug: str) -> None:
    """Raise Refused unless the drug is one of the arm's, is not stopped for good, and treatment runs."""
    journey = draft.journey
    if journey.randomized_on is None or journey.treatment_ended:
        state = f"it ended ({journey.treatment_ended})" if journey.treatment_ended else "it has not begun"
        raise Refused(Reason.PHASE, f"there is no treatment: {state}", rule=HOLDS,
                      accepts="from randomization to the end of treatment")  # fmt: skip
    ours = {
        name: None
        for epoch in draft.protocol.treatments
        for line in epoch.regimens.get(journey.arm, ())
        for name in line.drugs
    }
    if drug not in ours:
        raise Refused(Reason.RULE, f"{drug} is not planned in {journey.arm}", rule=HOLDS, field="drug",
                      accepts=", ".join(ours))  # fmt: skip
    if drug in journey.discontinued:
        raise Refused(Reason.CONTRADICTS, f"{drug} is discontinued", rule=HOLDS, field="drug",
                      accepts="another drug: a discontinued one is not given again")  # fmt: skip


def _given_since(draft: Draft, command: c.HoldDrug | c.DiscontinueDrug) -> None:
    """Record what was given after the day of the decision; on the day itself it may have come before it."""
    for cycle in draft.journey.cycles.values():
        for day, drug, on in cycle.given:
            if drug == command.drug and on > command.decided_on:
                given_while_stopped(draft, f"{cycle.label}D{day}", drug, on)
