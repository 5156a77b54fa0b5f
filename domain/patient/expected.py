"""Which deviations the record as it stands shows, worked out anew from what happened. It records nothing.

What the commands check when a report comes in is asked here again of a whole record, so that two records, one before
and one after a correction, can be compared.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import reduce

from domain.patient import commands as c
from domain.patient import consents, courses, dosing, happenings, holds, reporting, surgery
from domain.patient import facts as f
from domain.patient.agenda import every_item
from domain.patient.clocks import clocks
from domain.patient.cycle import Cycle
from domain.patient.departures import GivenDay, content, missed
from domain.patient.doses import Wish, work_out
from domain.patient.draft import Draft
from domain.patient.history import Entry, Then, replay
from domain.patient.journey import Journey, evolve
from domain.patient.regimens import regimen_of
from domain.patient.windows import around, procedure_dates_until
from domain.protocol import EvaluationEpoch, ProcedureEpoch
from domain.submission import SYSTEM, Sender

NOBODY = Sender(staff=SYSTEM, role=SYSTEM)


def expected(  # noqa: C901 - a table of facts
    record: Sequence[Entry], facts: Sequence[f.Fact], journey: Journey, at: datetime
) -> dict[str, f.DeviationRecorded]:
    """Give the deviations that facts, as they count, show by themselves; `journey` is what they fold to.

    The record says when each of them was told, for what depends on what was known then.
    """
    draft = Draft(replace(journey, deviations={}), at, NOBODY)
    for number, cycle in journey.cycles.items():
        if cycle.day_1_on is not None:
            dosing.timing(draft, f"C{number}", cycle.day_1_on, cycle if cycle.rule else None)
    for fact in facts:
        match fact:
            case f.DoseGiven():
                _dose(draft, fact)
            case f.CourseTaken():
                _course(draft, fact)
            case f.ConsentGiven():
                consents.departures(draft, c.Consent(signed_on=fact.signed_on, version=fact.version))
            case f.EvaluationJudged() if journey.surgery_on is not None:
                _evaluation(draft, fact, journey.surgery_on)
            case f.LiveVaccineGiven():
                happenings.vaccine_departure(draft, fact.given_on)
            case f.DeviationRecorded():
                _missed_wait(draft, facts, fact)
            case _:
                pass
    procedure = draft.protocol.procedure
    if procedure is not None and journey.surgery_on is not None:
        _surgery(draft, procedure, journey.surgery_on)
    _eligibility(draft, facts)
    _reports(draft)
    shown = [*draft.facts, *(made for then in replay(record, facts) for made in _as_told(journey, then))]
    return {fact.item: fact for fact in shown if isinstance(fact, f.DeviationRecorded)}


def _as_told(journey: Journey, then: Then) -> Sequence[f.Fact]:
    """Hold a fact against what was known when it was told. Source: T2.2, T4, E25, T1.1, 3.4."""
    there = Draft(replace(then.journey, deviations={}), then.at, NOBODY)
    fact, procedure = then.fact, there.journey.seq and there.protocol.procedure
    match fact:
        case f.DoseGiven() if then.leads:
            at = f"C{fact.cycle}D{fact.day}"
            dosing.out_of_turn(there, there.journey.cycles.get(fact.cycle), at, fact.day, fact.given_on)
            happenings.given_while_stopped(there, at, fact.given_on)
        case f.SurgeryPerformed() if procedure:
            surgery.out_of_phase(there, procedure, fact.performed_on)
        case f.AllocationRequested():
            there.off_window(there.journey.epoch, "randomization", there.today, important=False)
        case f.DosesPlanned() if (cycle := journey.cycles.get(fact.cycle)) and cycle.doses == fact:
            _basis(there, cycle, fact)
        case _:
            pass
    return there.facts


def _basis(there: Draft, cycle: Cycle, plan: f.DosesPlanned) -> None:
    """Work out a plan that was given again, from what counts now as its measurements. Source: 3.4."""
    known = there.journey.cycles.get(plan.cycle)
    if cycle.day_1_on is None or known is None:
        return
    levels = {row.drug: row.level for row in plan.administrations}
    order, rules = work_out(there.journey, known, there.today, Wish(plan.choice, levels)), there.protocol.dosing
    again = {row.drug: row for row in order.administrations}
    given = {drug for _, drug, _ in cycle.given}
    for row in plan.administrations:
        right = again.get(row.drug)
        if row.drug not in given or (right and abs(right.unrounded - row.unrounded) < rules.rounding.step_mg):
            continue
        text = (
            f"{row.drug} of {cycle.label} was planned at {row.amount:f} {row.unit} on a measurement that was corrected"
        )
        text += f": {right.amount:f} {right.unit}" if right else f", missing: {', '.join(order.missing)}"
        off = abs(right.unrounded - row.unrounded) if right else row.unrounded
        important = off >= rules.important_difference.share * (right.unrounded if right else row.unrounded)
        item = f"BASIS/{cycle.label}/{row.drug}"
        there.deviate(item, rules.rounding.source.rule, text, important=important, on=cycle.day_1_on)


def _missed_wait(draft: Draft, facts: Sequence[f.Fact], fact: f.DeviationRecorded) -> None:
    """Keep a missed contact while no contact lies in its window, a missed re-consent while none was signed in time."""
    what, _, version = fact.item.partition("/")
    if what == "RECONSENT":
        signed_on = draft.journey.consents.get(version)
        if signed_on is None or (fact.expected_to is not None and signed_on > fact.expected_to):
            draft.add(fact)
    elif what == "OVERDUE" and fact.expected_from is not None and fact.expected_to is not None:
        dates = [other.contacted_on for other in facts if isinstance(other, f.FollowUpContacted)]
        if not any(fact.expected_from <= on <= fact.expected_to for on in dates):
            draft.add(fact)


def _reports(draft: Draft) -> None:
    """Hold each safety report against its deadline; one nobody made is late once its clock has rung. Source: T10."""
    for clock in clocks(draft.journey):
        if clock.is_late:
            reporting.made_late(draft, clock)
    rung = [item for item in every_item(draft.journey) if item.act == "REPORT_OVERDUE"]
    for item in rung:
        if item.key in draft.journey.reached:
            reporting.overdue(draft, item)


def _dose(draft: Draft, fact: f.DoseGiven) -> None:
    given = GivenDay(fact.cycle, fact.day, fact.given_on, fact.drugs)
    regimen = regimen_of(draft.journey, fact.cycle)
    holds.dose_on_hold(draft, given.label, fact.given_on, None)
    content(draft, given, regimen)
    missed(draft, given, regimen)


def _course(draft: Draft, fact: f.CourseTaken) -> None:
    """Only the latest course of a drug in a cycle counts."""
    cycle = draft.journey.cycles.get(fact.cycle)
    if cycle is not None and cycle.day_1_on is not None and fact in cycle.courses:
        courses.departures(draft, cycle, fact, cycle.day_1_on)


def _evaluation(draft: Draft, fact: f.EvaluationJudged, surgery_on: date) -> None:
    """Hold the evaluation against its window and the final pathology. Source: T5."""
    epoch = next(row for row in draft.protocol.epochs if isinstance(row, EvaluationEpoch))
    dates = around(epoch.window, surgery_on)
    draft.outside(dates, epoch.code, "adjuvant evaluation", fact.evaluated_on, important=True)
    report = draft.journey.pathology_report
    if report is None or report.reported_on > fact.evaluated_on:
        text = "adjuvant evaluation before the final pathology"
        draft.deviate("PATHOLOGY", epoch.source.rule, text, important=True, on=fact.evaluated_on)


def _surgery(draft: Draft, procedure: ProcedureEpoch, on: date) -> None:
    """Hold the surgery against its window, the operability verdict and the wash-outs. Source: T3, T4, T12."""
    dates = procedure_dates_until(draft.journey, procedure, on)
    if dates is not None:
        draft.outside(dates, procedure.code, "surgery", on, important=True)
    surgery.uncleared(draft, procedure, on)
    surgery.washouts(draft, procedure, on)
    surgery.unexplained(draft, on)


def _eligibility(draft: Draft, facts: Sequence[f.Fact]) -> None:
    """Assess again what the allocation rested on, once it was asked for: a verdict came before it. Source: T1.1."""
    asked = draft.journey.allocation
    if asked is None:
        return
    judged = [fact.judged_on for fact in facts[: asked - 1] if isinstance(fact, f.EligibilityConfirmed)]
    for rule, verdict in unclear(facts[: asked - 1], draft.journey.randomized_on or judged[-1]).items():
        text = f"randomized on evidence that was corrected: {rule} {verdict}"
        draft.deviate(f"ELIGIBILITY/{rule}", rule, text, important=True)


def unclear(facts: Sequence[f.Fact], on: date) -> dict[str, str]:
    """Give the criteria that were not clear on a date, with their verdicts, as facts up to then count now."""
    journey = reduce(evolve, facts, Journey())
    findings = Draft(journey, journey.site.due_at(on), NOBODY).eligibility()
    return {finding.rule: str(finding.verdict) for finding in findings if not finding.is_clear}
