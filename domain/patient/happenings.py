"""What happenings on treatment ask of the investigator, what they stop, and the decision on it."""

from datetime import date

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.windows import days
from domain.protocol import SafetyRule
from domain.submission import Reason, Refused


def live_vaccine(draft: Draft, command: c.ReportLiveVaccine) -> None:
    """Record a live vaccine; close before the first dose and during treatment it is a deviation. Source: E23."""
    draft.add(f.LiveVaccineGiven(given_on=command.given_on, product=command.product))
    vaccine_departure(draft, command.given_on)


def vaccine_departure(draft: Draft, given_on: date) -> None:
    """Record a live vaccine close before the first dose, or during treatment. Source: E23."""
    journey, rule = draft.journey, draft.protocol.safety.vaccine
    first = min(
        (on for cycle in journey.cycles.values() for _, drug, on in cycle.given if drug == rule.drug),
        default=min((cycle.planned_on for cycle in journey.cycles.values()), default=None),
    )
    if first is None or given_on < first - days(rule.days_before):
        return
    if journey.treatment_ended_on is None or given_on <= journey.treatment_ended_on:
        text = f"live vaccine {given_on}: none from {first - days(rule.days_before)} to the end of treatment"
        draft.deviate(vaccine_item(given_on), rule.source.rule, text, important=True, on=given_on)


def vaccine_item(given_on: date) -> str:
    """Name the deviation of a live vaccine."""
    return f"VACCINE/{given_on}"


def vaccines_before(draft: Draft, command: c.ReportDose) -> None:
    """Hold the live vaccines on record against the first dose, when this report has it. Source: E23."""
    rule = draft.protocol.safety.vaccine
    given = [on for cycle in draft.journey.cycles.values() for _, drug, on in cycle.given if drug == rule.drug]
    if not given or min(given) < command.given_on:
        return
    for on in sorted(set(draft.journey.safety.vaccinations.values())):
        known, item = draft.journey.deviations, vaccine_item(on)
        if item in known and on < min(given) - days(rule.days_before):
            why = f"the first {rule.drug} was given on {min(given)}"
            draft.add(f.DeviationWithdrawn(item=item, why=why))
        elif item not in known:
            vaccine_departure(draft, on)


def safety_decision(draft: Draft, command: c.DecideSafety) -> None:
    """Record the investigator's decision on what an event asked for; CONTINUE lets stopped doses go on."""
    open_ones = sorted({row.event for row in draft.journey.safety.open})
    if command.event not in open_ones:
        raise Refused(Reason.CONTRADICTS, f"fact {command.event} asks for no decision", field="event",
                      accepts=f"one of {', '.join(map(str, open_ones))}" if open_ones else "none is open")  # fmt: skip
    draft.add(
        f.SafetyDecided(event=command.event, decided_on=command.decided_on, dosing=command.dosing, why=command.why)
    )


def not_stopped(draft: Draft) -> None:
    """Refuse a plan to dose while an event stops the doses. Source: E25, T6."""
    if draft.journey.safety.stopped:
        number = min(draft.journey.safety.stopped)
        raise Refused(Reason.RULE, f"dosing is stopped by fact {number}", rule=_stopping_rule(draft, number),
                      accepts="safety_decision or discontinue_treatment first")  # fmt: skip


def _stopping_rule(draft: Draft, number: int) -> str:
    """Give the rule by which a fact stops the doses."""
    asked = draft.journey.safety.open
    return next((row.rule for row in asked if row.event == number and row.stops_dosing), "E25")


def given_while_stopped(draft: Draft, at: str, given_on: date) -> None:
    """Record a dose given on or after the day a safety event stopped the doses as a departure. Source: E25, T6."""
    for number in sorted(draft.journey.safety.stopped):
        event = draft.journey.safety.events.get(number)
        if event is None or given_on >= event.onset_on:
            text = f"{at} given while dosing is stopped by fact {number}"
            rule = _stopping_rule(draft, number)
            draft.deviate(f"STOPPED/{at}", rule, text, important=True, on=given_on)


def ask(draft: Draft, number: int, code: str | None, grade: int | None) -> None:
    """Ask the investigator for what the rules of a coded event want, once each, while treatment goes on."""
    journey = draft.journey
    for rule in draft.protocol.safety.rules:
        fits = rule.event == code and (grade is None or rule.grade_from <= grade <= rule.grade_to)
        known = (number, rule.command, rule.source.rule) in journey.safety.asked
        if not fits or known or not journey.is_on_treatment or not _gets(draft, rule):
            continue
        text = f"{rule.text} (fact {number})"
        draft.add(
            f.SafetyActionAsked(
                event=number,
                command=rule.command,
                rule=rule.source.rule,
                text=text,
                drugs=rule.drugs,
                stops_dosing=rule.stops_dosing,
            )
        )
        answers = dict.fromkeys((rule.command, "safety_decision"))
        told = f"{text}: answer with {' or '.join(answers)}"
        draft.tell(rule.notice, rule.to, told, urgent=True, about=f"{number}")


def _gets(draft: Draft, rule: SafetyRule) -> bool:
    """Say whether the subject's arm gets a drug the rule is about."""
    regimens = [epoch.regimens.get(draft.journey.arm, ()) for epoch in draft.protocol.treatments]
    drugs = {drug for regimen in regimens for line in regimen for drug in line.drugs}
    return not rule.drugs or not drugs.isdisjoint(rule.drugs)
