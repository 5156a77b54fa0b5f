"""Which deviations the record as it stands shows, worked out anew from what happened. It records nothing.

What the commands check when a report comes in is asked here again of a whole record, so that two records, one before
and one after a correction, can be compared.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import reduce

from domain.patient import commands as c
from domain.patient import consents, courses, dosing, holds
from domain.patient import facts as f
from domain.patient.departures import GivenDay, content, missed
from domain.patient.draft import Draft
from domain.patient.journey import Journey, evolve
from domain.patient.regimens import regimen_of
from domain.patient.surgery import washouts
from domain.patient.windows import around, procedure_dates_until
from domain.protocol import EvaluationEpoch
from domain.submission import SYSTEM, Sender

NOBODY = Sender(staff=SYSTEM, role=SYSTEM)


def expected(facts: Sequence[f.Fact], journey: Journey, at: datetime) -> dict[str, f.DeviationRecorded]:
    """Give the deviations that facts, as they count, show by themselves; `journey` is what they fold to."""
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
            case f.EvaluationJudged():
                _evaluation(draft, fact)
            case _:
                pass
    if journey.surgery_on is not None:
        _surgery(draft, journey.surgery_on)
    _eligibility(draft, facts)
    return {fact.item: fact for fact in draft.facts if isinstance(fact, f.DeviationRecorded)}


def _dose(draft: Draft, fact: f.DoseGiven) -> None:
    given = GivenDay(fact.cycle, fact.day, fact.given_on, fact.drugs, fact.as_planned)
    regimen = regimen_of(draft.journey, fact.cycle)
    holds.dose_on_hold(draft, given.label, fact.given_on, None)
    content(draft, given, regimen)
    missed(draft, given, regimen)


def _course(draft: Draft, fact: f.CourseTaken) -> None:
    """Only the latest course of a drug in a cycle counts."""
    cycle = draft.journey.cycles.get(fact.cycle)
    if cycle is not None and cycle.day_1_on is not None and fact in cycle.courses:
        courses.departures(draft, cycle, fact, cycle.day_1_on)


def _evaluation(draft: Draft, fact: f.EvaluationJudged) -> None:
    """Hold the evaluation against its window and the final pathology. Source: T5."""
    epoch = next((row for row in draft.protocol.epochs if isinstance(row, EvaluationEpoch)), None)
    if epoch is None or draft.journey.surgery_on is None:
        return
    dates = around(epoch.window, draft.journey.surgery_on)
    draft.outside(dates, epoch.code, "adjuvant evaluation", fact.evaluated_on, important=True)
    report = draft.journey.pathology_report
    if report is None or report.reported_on > fact.evaluated_on:
        text = "adjuvant evaluation before the final pathology"
        draft.deviate("PATHOLOGY", epoch.source.rule, text, important=True, on=fact.evaluated_on)


def _surgery(draft: Draft, on: date) -> None:
    """Hold the surgery against its window, the operability verdict and the wash-outs. Source: T3, T4, T12."""
    procedure = draft.protocol.procedure
    if procedure is None:
        return
    dates = procedure_dates_until(draft.journey, procedure, on)
    if dates is not None:
        draft.outside(dates, procedure.code, "surgery", on, important=True)
    if not draft.journey.operable:
        text = "surgery without a positive operability verdict"
        draft.deviate("OPERABILITY", procedure.clearance.rule, text, important=True, on=on)
    washouts(draft, procedure, on)


def _eligibility(draft: Draft, facts: Sequence[f.Fact]) -> None:
    """Assess again what the allocation rested on, once it was asked for. Source: T1.1."""
    asked = draft.journey.allocation
    if asked is None:
        return
    judged = [fact.judged_on for fact in facts[: asked - 1] if isinstance(fact, f.EligibilityConfirmed)]
    if not judged:
        return
    for rule, verdict in unclear(facts[: asked - 1], draft.journey.randomized_on or judged[-1]).items():
        text = f"randomized on evidence that was corrected: {rule} {verdict}"
        draft.deviate(f"ELIGIBILITY/{rule}", rule, text, important=True)


def unclear(facts: Sequence[f.Fact], on: date) -> dict[str, str]:
    """Give the criteria that were not clear on a date, with their verdicts, as facts up to then count now."""
    journey = reduce(evolve, facts, Journey())
    findings = Draft(journey, journey.site.due_at(on), NOBODY).eligibility()
    return {finding.rule: str(finding.verdict) for finding in findings if not finding.is_clear}
