"""What an act leaves on record, fact by fact and field by field: nothing else, and in this order."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.patient import commands as c
from domain.patient import facts as f
from tests.given import Story, day, noon, then, when
from tests.stories import (
    allocating,
    in_evaluation,
    in_follow_up,
    in_neoadjuvant,
    in_surgery_wait,
    operable,
    passing,
    screened,
    told,
)

Act = tuple[Callable[[], Story], Any, dict[str, Any]]


def c2() -> Story:
    """C1 is given on day 7; it is day 20."""
    return passing(in_neoadjuvant("COHORT_1", 1), day(20))


def operated() -> Story:
    """Surgery on day 80 with R0 as seen; pathology is awaited."""
    return told(passing(operable(), day(80)), c.ReportSurgery(performed_on=day(80), resection="R0"))


ACTS: dict[str, Act] = {
    "withdrawn from treatment": (c2, c.ReportWithdrawal(withdrawn_on=day(19), level="TREATMENT", why="wish"), {}),
    "withdrawn from the study": (c2, c.ReportWithdrawal(withdrawn_on=day(19), level="STUDY", why="wish"), {}),
    "consent withdrawn": (c2, c.ReportWithdrawal(withdrawn_on=day(19), level="CONSENT", why="wish"), {}),
    "progression": (c2, c.ReportProgression(found_on=day(19)), {}),
    "death": (c2, c.ReportDeath(died_on=day(19), cause="sepsis"), {}),
    "lost to follow-up": (c2, c.LoseToFollowUp(decided_on=day(19), why="moved"), {}),
    "trial stopped": (c2, c.LearnTrialStop(stopped_at=noon(day(19)), why="futility"), {}),
    "trial stopped in screening": (screened, c.LearnTrialStop(stopped_at=noon(day(2)), why="futility"), {}),
    "death in screening": (screened, c.ReportDeath(died_on=day(2), cause="sepsis"), {}),
    "end of study": (in_follow_up, lambda s: c.EndStudy(ended_on=s.today, why="as planned"), {}),
    "not operable": (
        lambda: passing(in_surgery_wait(), day(72)),
        c.JudgeOperability(judged_on=day(71), operable=False, why="FEV1"),
        {},
    ),
    "operable": (
        lambda: passing(in_surgery_wait(), day(72)),
        c.JudgeOperability(judged_on=day(71), operable=True, why="fine"),
        {},
    ),
    "surgery cancelled": (
        lambda: passing(in_surgery_wait(), day(72)),
        c.CancelSurgery(decided_on=day(71), why="refusal"),
        {},
    ),
    "surgery after fewer cycles": (c2, c.ProceedToSurgery(decided_on=day(19), why="toxicity"), {}),
    "R1": (
        lambda: passing(operable(), day(80)),
        c.ReportSurgery(performed_on=day(79), resection="R1", why="margin"),
        {},
    ),
    "R(un)": (
        lambda: passing(operable(), day(80)),
        c.ReportSurgery(performed_on=day(79), resection="R0", residual_uncertain=True),
        {},
    ),
    "not resected": (
        lambda: passing(operable(), day(80)),
        c.ReportSurgery(performed_on=day(79), resection="NOT_RESECTED"),
        {},
    ),
    "the reason it was not resected": (
        lambda: told(passing(operable(), day(80)), c.ReportSurgery(performed_on=day(80), resection="NOT_RESECTED")),
        c.ReportSurgery(performed_on=day(80), resection="NOT_RESECTED", why="pleura"),
        {},
    ),
    "preliminary pathology": (
        operated,
        c.ReportPathology(reported_on=day(85), resection="R1", final=False),
        {"on": day(85)},
    ),
    "pathology R1": (
        operated,
        c.ReportPathology(reported_on=day(85), resection="R1", residual_uncertain=False),
        {"on": day(85)},
    ),
    "pathology R(un)": (
        operated,
        c.ReportPathology(reported_on=day(85), resection="R0", residual_uncertain=True),
        {"on": day(85)},
    ),
    "not fit": (
        lambda: passing(in_evaluation(), day(110)),
        c.EvaluateAdjuvant(evaluated_on=day(109), fit=False, why="wound"),
        {},
    ),
    "fit": (
        lambda: passing(in_evaluation(), day(110)),
        c.EvaluateAdjuvant(evaluated_on=day(109), fit=True, why="well"),
        {},
    ),
    "late evaluation": (
        lambda: passing(in_evaluation(), day(125)),
        c.EvaluateAdjuvant(evaluated_on=day(124), fit=True),
        {},
    ),
    "early surgery": (
        lambda: passing(in_surgery_wait(), day(60)),
        c.ReportSurgery(performed_on=day(60), resection="R0"),
        {},
    ),
    "surgery in a cycle": (c2, c.ReportSurgery(performed_on=day(20), resection="R1"), {}),
    "live vaccine": (c2, c.ReportLiveVaccine(given_on=day(15), product="MMR"), {}),
    "ILD": (c2, c.ReportAdverseEvent(term="ILD", grade=2, serious=False, onset_on=day(19), aesi="ILD"), {}),
    "bleeding": (c2, c.ReportAdverseEvent(term="nose", grade=2, serious=False, onset_on=day(19), aesi="BLEEDING"), {}),
    "cycle omitted": (c2, c.OmitDose(cycle="C2", decided_on=day(20), why="tox"), {}),
    "long delay": (c2, c.DelayDose(cycle="C2", until=day(50), why="tox"), {}),
    "slot": (allocating, c.SlotAllocated(slot=7, arm="COHORT_2", randomized_on=day(3)), {}),
    "no slot": (allocating, c.AllocationDenied(why="FULL"), {}),
    "dosing paused": (c2, c.LearnDosingPause(paused_at=noon(day(19)), why="signal"), {}),
    "new version": (c2, c.LearnIcf(version="V2.0", approved_on=day(10), deadline=day(40)), {}),
    "ruling": (screened, c.RuleOnConflict(rule="I13.4", allowed=True, ruled_on=day(1), why="x"), {}),
}

FACTS: dict[str, list[Any]] = {
    "withdrawn from treatment": [
        f.SubjectWithdrew(withdrawn_on=day(19), level="TREATMENT", why="wish"),
        f.TreatmentEnded(ended_on=day(19), reason="WITHDRAWAL", why="wish"),
        f.NoticeRequested(
            notice="END_OF_TREATMENT", to=("COORDINATOR", "INVESTIGATOR"), text="end of treatment: WITHDRAWAL"
        ),
        f.EpochEntered(epoch="FOLLOW_UP", entered_on=day(19)),
    ],
    "withdrawn from the study": [
        f.SubjectWithdrew(withdrawn_on=day(19), level="STUDY", why="wish"),
        f.TreatmentEnded(ended_on=day(19), reason="WITHDRAWAL", why="wish"),
        f.StudyEnded(ended_on=day(19), reason="WITHDRAWAL", why="wish"),
    ],
    "consent withdrawn": [
        f.SubjectWithdrew(withdrawn_on=day(19), level="CONSENT", why="wish"),
        f.TreatmentEnded(ended_on=day(19), reason="WITHDRAWAL_OF_CONSENT", why="wish"),
        f.StudyEnded(ended_on=day(19), reason="WITHDRAWAL_OF_CONSENT", why="wish"),
    ],
    "progression": [
        f.ProgressionFound(found_on=day(19)),
        f.NoticeRequested(notice="PROGRESSION", to=("INVESTIGATOR",), text=f"progression found {day(19)}"),
        f.TreatmentEnded(ended_on=day(19), reason="PROGRESSION"),
        f.NoticeRequested(
            notice="END_OF_TREATMENT", to=("COORDINATOR", "INVESTIGATOR"), text="end of treatment: PROGRESSION"
        ),
        f.EpochEntered(epoch="FOLLOW_UP", entered_on=day(19)),
    ],
    "death": [
        f.SubjectDied(died_on=day(19), cause="sepsis"),
        f.NoticeRequested(notice="DEATH", to=("INVESTIGATOR", "SPONSOR"), text=f"death on {day(19)}", urgent=True),
        f.TreatmentEnded(ended_on=day(19), reason="DEATH", why="sepsis"),
        f.StudyEnded(ended_on=day(19), reason="DEATH", why="sepsis"),
    ],
    "lost to follow-up": [
        f.TreatmentEnded(ended_on=day(19), reason="LOST_TO_FOLLOW_UP", why="moved"),
        f.StudyEnded(ended_on=day(19), reason="LOST_TO_FOLLOW_UP", why="moved"),
    ],
    "trial stopped": [
        f.NoticeRequested(
            notice="TRIAL_STOPPED", to=("COORDINATOR", "INVESTIGATOR"), text="trial stopped by sponsor", urgent=True
        ),
        f.TreatmentEnded(ended_on=day(19), reason="TRIAL_STOPPED", why="futility"),
        f.NoticeRequested(
            notice="END_OF_TREATMENT", to=("COORDINATOR", "INVESTIGATOR"), text="end of treatment: TRIAL_STOPPED"
        ),
        f.EpochEntered(epoch="FOLLOW_UP", entered_on=day(19)),
    ],
    "trial stopped in screening": [
        f.NoticeRequested(
            notice="TRIAL_STOPPED", to=("COORDINATOR", "INVESTIGATOR"), text="trial stopped by sponsor", urgent=True
        ),
        f.ScreenFailed(decided_on=day(2), why="TRIAL_STOPPED"),
        f.StudyEnded(ended_on=day(2), reason="TRIAL_STOPPED", why="futility"),
    ],
    "death in screening": [
        f.SubjectDied(died_on=day(2), cause="sepsis"),
        f.NoticeRequested(notice="DEATH", to=("INVESTIGATOR", "SPONSOR"), text=f"death on {day(2)}", urgent=True),
        f.ScreenFailed(decided_on=day(2), why="DEATH"),
        f.StudyEnded(ended_on=day(2), reason="DEATH", why="sepsis"),
    ],
    "end of study": [
        f.StudyEnded(ended_on=day(375), reason="COMPLETED", why="as planned"),
    ],
    "not operable": [
        f.OperabilityJudged(judged_on=day(71), operable=False, why="FEV1"),
        f.TreatmentEnded(ended_on=day(71), reason="NOT_OPERABLE", why="FEV1"),
        f.NoticeRequested(
            notice="END_OF_TREATMENT", to=("COORDINATOR", "INVESTIGATOR"), text="end of treatment: NOT_OPERABLE"
        ),
        f.EpochEntered(epoch="FOLLOW_UP", entered_on=day(71)),
    ],
    "operable": [
        f.OperabilityJudged(judged_on=day(71), operable=True, why="fine"),
    ],
    "surgery cancelled": [
        f.SurgeryCancelled(decided_on=day(71), why="refusal"),
        f.TreatmentEnded(ended_on=day(71), reason="NO_SURGERY", why="refusal"),
        f.NoticeRequested(
            notice="END_OF_TREATMENT", to=("COORDINATOR", "INVESTIGATOR"), text="end of treatment: NO_SURGERY"
        ),
        f.EpochEntered(epoch="FOLLOW_UP", entered_on=day(71)),
    ],
    "surgery after fewer cycles": [
        f.DoseOmitted(cycle=2, decided_on=day(19), why="toxicity"),
        f.DeviationRecorded(item="CYCLES", rule="T4.1", text="surgery planned after 1 of 3 cycles", important=False),
        f.NoticeRequested(notice="DEVIATION", to=("INVESTIGATOR",), text="surgery planned after 1 of 3 cycles"),
        f.EpochEntered(epoch="SURGERY", entered_on=day(20)),
    ],
    "R1": [
        f.SurgeryPerformed(performed_on=day(79), resection="R1", why="margin"),
        f.TreatmentEnded(ended_on=day(79), reason="RESECTION_R1"),
        f.NoticeRequested(
            notice="END_OF_TREATMENT", to=("COORDINATOR", "INVESTIGATOR"), text="end of treatment: RESECTION_R1"
        ),
        f.EpochEntered(epoch="FOLLOW_UP", entered_on=day(79)),
    ],
    "R(un)": [
        f.SurgeryPerformed(performed_on=day(79), resection="R0", residual_uncertain=True),
        f.NoticeRequested(
            notice="RESECTION_UNCERTAIN", to=("INVESTIGATOR",), text="R(un) by surgery; the branch follows UICC R0"
        ),
        f.EpochEntered(epoch="EVALUATION", entered_on=day(80)),
    ],
    "not resected": [
        f.SurgeryPerformed(performed_on=day(79), resection="NOT_RESECTED"),
        f.DeviationRecorded(
            item="NOT_RESECTED",
            rule="T6.1",
            text="not resected, and the reason is not given: send the same surgery again with it",
            important=False,
            actual_on=day(79),
        ),
        f.NoticeRequested(
            notice="DEVIATION",
            to=("INVESTIGATOR",),
            text="not resected, and the reason is not given: send the same surgery again with it",
        ),
        f.TreatmentEnded(ended_on=day(79), reason="RESECTION_NOT_RESECTED"),
        f.NoticeRequested(
            notice="END_OF_TREATMENT",
            to=("COORDINATOR", "INVESTIGATOR"),
            text="end of treatment: RESECTION_NOT_RESECTED",
        ),
        f.EpochEntered(epoch="FOLLOW_UP", entered_on=day(79)),
    ],
    "the reason it was not resected": [
        f.SurgeryExplained(why="pleura"),
        f.DeviationWithdrawn(item="NOT_RESECTED", why="the reason was given"),
    ],
    "preliminary pathology": [
        f.PathologyReported(reported_on=day(85), resection="R1", final=False),
        f.NoticeRequested(
            notice="PATHOLOGY_PRELIMINARY",
            to=("INVESTIGATOR",),
            text="preliminary pathology R1; final pathology is awaited",
        ),
    ],
    "pathology R1": [
        f.PathologyReported(reported_on=day(85), resection="R1"),
        f.TreatmentEnded(ended_on=day(85), reason="RESECTION_R1"),
        f.NoticeRequested(
            notice="END_OF_TREATMENT", to=("COORDINATOR", "INVESTIGATOR"), text="end of treatment: RESECTION_R1"
        ),
        f.EpochEntered(epoch="FOLLOW_UP", entered_on=day(85)),
        f.NoticeRequested(
            notice="RESECTION_REVIEW",
            to=("INVESTIGATOR", "SPONSOR"),
            text="pathology R1, margin as seen R0",
            urgent=True,
        ),
    ],
    "pathology R(un)": [
        f.PathologyReported(reported_on=day(85), resection="R0", residual_uncertain=True),
        f.NoticeRequested(
            notice="RESECTION_UNCERTAIN", to=("INVESTIGATOR",), text="R(un) by pathology; the branch follows UICC R0"
        ),
    ],
    "not fit": [
        f.EvaluationJudged(evaluated_on=day(109), fit=False, why="wound"),
        f.TreatmentEnded(ended_on=day(109), reason="NOT_FIT", why="wound"),
        f.NoticeRequested(
            notice="END_OF_TREATMENT", to=("COORDINATOR", "INVESTIGATOR"), text="end of treatment: NOT_FIT"
        ),
        f.EpochEntered(epoch="FOLLOW_UP", entered_on=day(109)),
    ],
    "fit": [
        f.EvaluationJudged(evaluated_on=day(109), fit=True, why="well"),
        f.EpochEntered(epoch="ADJUVANT", entered_on=day(110)),
        f.CyclePlanned(
            cycle=4, planned_on=day(116), earliest_on=day(109), latest_on=day(123), anchor_on=day(109), rule="T7"
        ),
    ],
    "late evaluation": [
        f.DeviationRecorded(
            item="EVALUATION",
            rule="T5",
            text=f"adjuvant evaluation 2 d late, expected {day(108)} to {day(122)}",
            important=True,
            expected_from=day(108),
            expected_to=day(122),
            actual_on=day(124),
            days_off=2,
        ),
        f.EvaluationJudged(evaluated_on=day(124), fit=True),
        f.EpochEntered(epoch="ADJUVANT", entered_on=day(125)),
        f.CyclePlanned(
            cycle=4, planned_on=day(131), earliest_on=day(124), latest_on=day(138), anchor_on=day(124), rule="T7"
        ),
    ],
    "early surgery": [
        f.DeviationRecorded(
            item="SURGERY",
            rule="T4",
            text=f"surgery 17 d early, expected {day(77)} to {day(91)}",
            important=True,
            expected_from=day(77),
            expected_to=day(91),
            actual_on=day(60),
            days_off=-17,
        ),
        f.NoticeRequested(
            notice="IMPORTANT_DEVIATION",
            to=("INVESTIGATOR", "SPONSOR"),
            text=f"surgery 17 d early, expected {day(77)} to {day(91)}",
            urgent=True,
            about="SURGERY",
            unread_since=noon(day(60)),
        ),
        f.DeviationRecorded(
            item="OPERABILITY",
            rule="T12",
            text="surgery without a positive operability verdict",
            important=True,
            actual_on=day(60),
        ),
        f.NoticeRequested(
            notice="IMPORTANT_DEVIATION",
            to=("INVESTIGATOR", "SPONSOR"),
            text="surgery without a positive operability verdict",
            urgent=True,
            about="OPERABILITY",
            unread_since=noon(day(60)),
        ),
        f.DeviationRecorded(
            item="WASHOUT/ANLOTINIB",
            rule="T3",
            text=f"ANLOTINIB last taken {day(60)}, 0 d before surgery, 7 d required",
            important=True,
            actual_on=day(60),
        ),
        f.NoticeRequested(
            notice="IMPORTANT_DEVIATION",
            to=("INVESTIGATOR", "SPONSOR"),
            text=f"ANLOTINIB last taken {day(60)}, 0 d before surgery, 7 d required",
            urgent=True,
            about="WASHOUT/ANLOTINIB",
            unread_since=noon(day(60)),
        ),
        f.SurgeryPerformed(performed_on=day(60), resection="R0"),
        f.EpochEntered(epoch="EVALUATION", entered_on=day(60)),
    ],
    "surgery in a cycle": [
        f.DeviationRecorded(
            item="SURGERY",
            rule="T4",
            text=f"surgery 15 d early, expected {day(35)} to {day(49)}",
            important=True,
            expected_from=day(35),
            expected_to=day(49),
            actual_on=day(20),
            days_off=-15,
        ),
        f.NoticeRequested(
            notice="IMPORTANT_DEVIATION",
            to=("INVESTIGATOR", "SPONSOR"),
            text=f"surgery 15 d early, expected {day(35)} to {day(49)}",
            urgent=True,
            about="SURGERY",
            unread_since=noon(day(20)),
        ),
        f.DeviationRecorded(
            item="SURGERY_PHASE",
            rule="T4",
            text="surgery while in NEOADJUVANT, not in SURGERY",
            important=True,
            actual_on=day(20),
        ),
        f.NoticeRequested(
            notice="IMPORTANT_DEVIATION",
            to=("INVESTIGATOR", "SPONSOR"),
            text="surgery while in NEOADJUVANT, not in SURGERY",
            urgent=True,
            about="SURGERY_PHASE",
            unread_since=noon(day(20)),
        ),
        f.DeviationRecorded(
            item="OPERABILITY",
            rule="T12",
            text="surgery without a positive operability verdict",
            important=True,
            actual_on=day(20),
        ),
        f.NoticeRequested(
            notice="IMPORTANT_DEVIATION",
            to=("INVESTIGATOR", "SPONSOR"),
            text="surgery without a positive operability verdict",
            urgent=True,
            about="OPERABILITY",
            unread_since=noon(day(20)),
        ),
        f.DeviationRecorded(
            item="WASHOUT/ANLOTINIB",
            rule="T3",
            text=f"ANLOTINIB last taken {day(20)}, 0 d before surgery, 7 d required",
            important=True,
            actual_on=day(20),
        ),
        f.NoticeRequested(
            notice="IMPORTANT_DEVIATION",
            to=("INVESTIGATOR", "SPONSOR"),
            text=f"ANLOTINIB last taken {day(20)}, 0 d before surgery, 7 d required",
            urgent=True,
            about="WASHOUT/ANLOTINIB",
            unread_since=noon(day(20)),
        ),
        f.SurgeryPerformed(performed_on=day(20), resection="R1"),
        f.TreatmentEnded(ended_on=day(20), reason="RESECTION_R1"),
        f.NoticeRequested(
            notice="END_OF_TREATMENT", to=("COORDINATOR", "INVESTIGATOR"), text="end of treatment: RESECTION_R1"
        ),
        f.EpochEntered(epoch="FOLLOW_UP", entered_on=day(20)),
    ],
    "live vaccine": [
        f.LiveVaccineGiven(given_on=day(15), product="MMR"),
        f.DeviationRecorded(
            item=f"VACCINE/{day(15)}",
            rule="E23",
            text=f"live vaccine {day(15)}: none from {day(-23)} to the end of treatment",
            important=True,
            actual_on=day(15),
        ),
        f.NoticeRequested(
            notice="IMPORTANT_DEVIATION",
            to=("INVESTIGATOR", "SPONSOR"),
            text=f"live vaccine {day(15)}: none from {day(-23)} to the end of treatment",
            urgent=True,
            about=f"VACCINE/{day(15)}",
            unread_since=noon(day(20)),
        ),
    ],
    "ILD": [
        f.AdverseEventReported(
            term="ILD", grade=2, serious=False, onset_on=day(19), aware_at=noon(day(20)), aesi="ILD"
        ),
        f.SafetyActionAsked(
            event=24, command="hold_drug", rule="E18", text="interstitial lung disease: hold the study drugs (fact 24)"
        ),
        f.NoticeRequested(
            notice="ILD",
            to=("INVESTIGATOR",),
            text="interstitial lung disease: hold the study drugs (fact 24): answer with hold_drug or safety_decision",
            urgent=True,
        ),
    ],
    "bleeding": [
        f.AdverseEventReported(
            term="nose", grade=2, serious=False, onset_on=day(19), aware_at=noon(day(20)), aesi="BLEEDING"
        ),
        f.SafetyActionAsked(
            event=24,
            command="hold_drug",
            rule="T9",
            text="bleeding: hold anlotinib; resume one level lower if below grade 2 within 2 weeks (fact 24)",
            drugs=("ANLOTINIB",),
        ),
        f.NoticeRequested(
            notice="BLEEDING",
            to=("INVESTIGATOR",),
            text="bleeding: hold anlotinib; resume one level lower if below grade 2 within 2 weeks (fact 24): "
            "answer with hold_drug or safety_decision",
            urgent=True,
        ),
    ],
    "cycle omitted": [
        f.DoseOmitted(cycle=2, decided_on=day(20), why="tox"),
        f.DeviationRecorded(item="OMITTED/C2", rule="T2.2", text="C2 omitted", important=False),
        f.NoticeRequested(notice="DEVIATION", to=("INVESTIGATOR",), text="C2 omitted"),
        f.CyclePlanned(
            cycle=3, planned_on=day(49), earliest_on=day(46), latest_on=day(52), anchor_on=day(28), rule="T2.2"
        ),
    ],
    "long delay": [
        f.DoseDelayed(cycle=2, until=day(50), why="tox"),
        f.NoticeRequested(
            notice="MAXIMUM_DELAY",
            to=("INVESTIGATOR",),
            text=f"C2D1 put off to {day(50)}, beyond {day(49)}",
            urgent=True,
        ),
    ],
    "slot": [
        f.Randomized(arm="COHORT_2", slot=7, randomized_on=day(3)),
        f.NoticeRequested(notice="RANDOMIZED", to=("COORDINATOR", "PHARMACIST"), text="randomized to COHORT_2"),
        f.EpochEntered(epoch="NEOADJUVANT", entered_on=day(3)),
        f.CyclePlanned(cycle=1, planned_on=day(7), earliest_on=day(3), latest_on=day(10), anchor_on=day(3), rule="T11"),
    ],
    "no slot": [
        f.AllocationRefused(why="FULL"),
        f.NoticeRequested(notice="ALLOCATION_DENIED", to=("COORDINATOR", "INVESTIGATOR"), text="no allocation: FULL"),
    ],
    "dosing paused": [
        f.DosingPaused(paused_at=noon(day(19)), why="signal"),
        f.NoticeRequested(
            notice="DOSING_PAUSED", to=("COORDINATOR", "INVESTIGATOR"), text="dosing paused by sponsor", urgent=True
        ),
    ],
    "new version": [
        f.IcfApproved(version="V2.0", approved_on=day(10)),
        f.ReconsentAsked(version="V2.0", deadline=day(40)),
        f.NoticeRequested(
            notice="RECONSENT_ASKED", to=("COORDINATOR", "INVESTIGATOR"), text=f"re-consent to V2.0 by {day(40)}"
        ),
    ],
    "ruling": [
        f.ConflictRuled(rule="I13.4", allowed=True, ruled_on=day(1), why="x", by="ANYONE1"),
    ],
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_leaves_these_facts(act: str) -> None:
    """Who is told of it, what follows, and every date and reason as given (T1.1 to T12, E18, E23, I1.1)."""
    build, command, how = ACTS[act]
    story = build()
    then(when(story, command(story) if callable(command) else command, **how), *FACTS[act])
