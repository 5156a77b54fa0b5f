"""For each kind of people's command one that fits the story's own date: what a careful person would send."""

from datetime import timedelta
from typing import Any

from domain.patient import commands as c
from tests.evidence import answers
from tests.given import Story
from tests.stories import results


def sensible(story: Story) -> dict[str, Any]:
    """Give a sensible command of each kind, by kind."""
    today = story.today
    cycle = story.state.current_cycle.label if story.state.current_cycle else "C1"
    half = [
        known.label
        for known in story.state.cycles.values()
        if known.day_1_on == today and f"MISSED/{known.label}D1/ETOPOSIDE" in story.state.deviations
    ]
    dosed = (half[0], "ETOPOSIDE") if half else (cycle, "BENMELSTOBART")
    begun = [known.label for known in story.state.cycles.values() if known.day_1_on]
    told = begun and story.state.cycles[int(begun[-1][1:])].courses
    choice = "CISPLATIN" if story.state.epoch == "NEOADJUVANT" else None
    held = "ANLOTINIB" if "ANLOTINIB" in story.state.held else "BENMELSTOBART"
    notice = max(story.state.notices, default=1)
    event = max(story.state.safety.events, default=1)
    made = (
        c.RecordConsent(signed_on=today, version="V1.0", obtained_by="INV1"),
        c.RecordEvidence(assessed_on=today, no_support=True),
        c.TypeLabResults(results=results(today)),
        c.Judge(answers=answers(today)),
        c.RuleOnConflict(rule="I13.4", allowed=True, ruled_on=today, why="low bleeding risk"),
        c.ConfirmEligibility(judged_on=today),
        c.ReportScreenFailure(decided_on=today, why="I6"),
        c.RequestRandomization(),
        c.ReportDose(cycle=dosed[0], given_on=today, drugs=(c.GivenDrug(drug=dosed[1]),)),
        c.DelayDose(cycle=cycle, until=today + timedelta(days=40), why="bed"),
        c.OmitDose(cycle=cycle, decided_on=today, why="toxicity"),
        c.OverrideGate(cycle=cycle, why="stable"),
        c.PlanDoses(cycle=cycle, choice=choice, why="renal function"),
        c.HoldDrug(drug="BENMELSTOBART", decided_on=today, why="rash"),
        c.ResumeDrug(drug=held, decided_on=today, why="resolved"),
        c.DiscontinueDrug(drug="BENMELSTOBART", decided_on=today, why="rash"),
        c.CheckDrug(drug="ANLOTINIB", checked_on=today, met=True),
        c.ReportCourse(cycle=begun[-1] if begun else "C1", drug="ANLOTINIB", last_day=15 if told else 1),
        c.ProceedToSurgery(decided_on=today, why="toxicity"),
        c.JudgeOperability(judged_on=today, operable=True),
        c.ReportSurgery(performed_on=today, resection="R0"),
        c.CancelSurgery(decided_on=today, why="refused"),
        c.ReportPathology(reported_on=today, resection="R0"),
        c.EvaluateAdjuvant(evaluated_on=today, fit=True),
        c.ReportAdverseEvent(term="rash", grade=2, serious=False, onset_on=today),
        c.UpdateAdverseEvent(event=event, grade=3),
        c.ReportSafety(event=event, reported_at=story.now, to="SPONSOR"),
        c.ReportPregnancy(found_on=today),
        c.ReportLiveVaccine(given_on=today),
        c.DecideSafety(event=event, decided_on=today, dosing="CONTINUE", why="seen"),
        c.ReportProgression(found_on=today),
        c.DiscontinueTreatment(decided_on=today, why="toxicity"),
        c.ReportWithdrawal(withdrawn_on=today, level="TREATMENT"),
        c.LoseToFollowUp(decided_on=today),
        c.RegainContact(regained_on=today, why="reached by telephone"),
        c.ReportDeath(died_on=today),
        c.ReportContact(contacted_on=today),
        c.EndStudy(ended_on=today),
        c.Acknowledge(notice=notice),
        c.Sign(facts=tuple(story.state.unsigned) or (1,), meaning="reviewed"),
        c.Correct(fact=1, fields={"born_on": "1960-02-04"}, why="misread"),
    )
    return {command.kind: command for command in made}
