"""What the answer to a correction lists, before and after: result, dates, stops, doses, and what was told anew."""

from typing import Any

from domain.patient import commands as c
from domain.patient import facts as f
from tests.correcting import changed, correct, day_1, seq, void
from tests.given import Story, day, facts_of, the
from tests.stories import as_woman, at_visit, diaries, in_adjuvant, in_neoadjuvant, operable, passing, told


def operated(result: str) -> Story:
    """Operated on day 80, with a margin as seen."""
    report: dict[str, Any] = {"performed_on": day(80), "resection": result}
    return told(passing(operable(), day(80)), c.ReportSurgery(**report))


def test_the_result_is_that_of_pathology_and_before_it_the_margin_as_seen() -> None:
    """T6: a surgery entered in error leaves no result; a margin as seen counts no more once pathology is there."""
    story = operated("R0")
    surgery = seq(story, f.SurgeryPerformed)
    assert changed(void(story, surgery))["resection"] == ("R0", "")
    assert changed(correct(story, surgery, resection="R1"))["resection"] == ("R0", "R1")
    story = told(passing(story, day(90)), c.ReportPathology(reported_on=day(90), resection="R1"))
    pathology = seq(story, f.PathologyReported)
    assert changed(correct(story, pathology, resection="R2"))["resection"] == ("R1", "R2")
    assert "resection" not in changed(correct(story, surgery, resection="R2"))


def test_what_is_due_next_is_told_with_its_date_once() -> None:
    """T2.1, T2.2: a date that the words hold already is not told twice, one that they do not comes before them."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(20))
    dead = told(story, c.ReportDeath(died_on=day(20)))
    diary = "C1: days actually taken to report, ANLOTINIB"
    assert changed(void(dead, seq(dead, f.SubjectDied)))["next due"] == ("", f"{day(21)} {diary}")
    given = c.ReportDose(cycle="C2", given_on=day(28), drugs=(c.GivenDrug(drug="BENMELSTOBART"),))
    late = told(passing(diaries(story, day(28)), day(28)), given)
    rows = changed(correct(late, day_1(late, 2), given_on=str(day(27))))
    assert rows["laboratory order and reminder C3"] == (
        f"{day(46)} C3D1 planned {day(49)}: laboratory order and reminder",
        f"{day(45)} C3D1 planned {day(48)}: laboratory order and reminder",
    )
    event: dict[str, Any] = {"term": "rash", "grade": 2, "serious": True, "onset_on": day(20)}
    story = told(story, c.ReportAdverseEvent(**event))
    number = seq(story, f.AdverseEventReported)
    deadline = f"SAE fact {number}: report to SPONSOR by {day(21)} 12:00"
    rows = changed(correct(story, number, serious=False))
    assert rows[f"deadline of report {number} SAE_SPONSOR"] == (f"{deadline}: overdue", "")


def test_the_last_day_of_contraception_follows_the_last_dose() -> None:
    """T8: 8 weeks after the last day of anlotinib, once treatment has ended; of a man none is told."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(12))
    man = told(story, c.DiscontinueTreatment(decided_on=day(12), why="tired"))
    assert changed(correct(man, 1, sex="FEMALE", born_on="1985-02-03"))["contraception until"] == ("", str(day(68)))
    woman = told(as_woman(story), c.DiscontinueTreatment(decided_on=day(12), why="tired"))
    ended = seq(woman, f.TreatmentEnded)
    gone = void(woman, ended)
    assert changed(gone)["contraception until"] == (str(day(68)), "")
    assert changed(correct(gone.story, ended, why="very tired"))["contraception until"] == ("", str(day(68)))


def test_each_stop_of_the_doses_is_told_by_its_number() -> None:
    """E25: two findings of a pregnancy stop the doses, one of them was an error."""
    story = as_woman(passing(in_neoadjuvant("COHORT_1", 1), day(12)))
    story = told(story, c.ReportPregnancy(found_on=day(11)))
    first = seq(story, f.PregnancyFound)
    story = told(story, c.ReportPregnancy(found_on=day(12)))
    second = seq(story, f.PregnancyFound)
    rows = changed(void(story, second))
    assert rows["dosing stopped by"] == (f"fact {first}, fact {second}", f"fact {first}")


def test_the_planned_doses_are_told_with_their_amounts() -> None:
    """3.4: each drug with its amount and unit, before and after the corrected weight."""
    story = told(at_visit(in_neoadjuvant()), c.PlanDoses(cycle="C1", choice="CISPLATIN", why="kidneys"))
    rows = changed(correct(story, seq(story, f.EvidenceRecorded), weight_kg="90"))
    before, after = (text.split(", ") for text in rows["C1 doses"])
    planned = [f"{one.drug} {one.amount:f} {one.unit}" for one in story.state.current_cycle.doses.administrations]
    assert before == planned
    assert len(after) == len(before)
    assert [new.split()[0] for new in after] == [old.split()[0] for old in before]
    assert after != before


def test_a_drug_is_told_by_what_was_said_of_it() -> None:
    """T2: without an amount there is none to read, and no empty unit."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(12))
    number = seq(story, f.DoseGiven, cycle=1, day=3)
    drugs = [{"drug": "ETOPOSIDE", "amount": "170", "unit": "mg"}]
    outcome = correct(story, number, drugs=drugs)
    assert changed(outcome)[f"dose given C1D3 #{number}: drugs"][1] == "drug ETOPOSIDE, amount 170, unit mg"
    rows = changed(correct(outcome.story, number, drugs=[{"drug": "ETOPOSIDE"}]))
    assert rows[f"dose given C1D3 #{number}: drugs"] == ("drug ETOPOSIDE, amount 170, unit mg", "drug ETOPOSIDE")


def test_what_ended_with_a_fact_is_told_to_be_on_record_again() -> None:
    """Q13: the loss to follow-up was said after all; the end of the study comes back with it, as a line of its own."""
    left = told(passing(in_neoadjuvant("COHORT_1", 1), day(40)), c.LoseToFollowUp(decided_on=day(40), why="moved"))
    number, study = seq(left, f.TreatmentEnded), seq(left, f.StudyEnded)
    gone = void(left, number)
    assert changed(gone)["end of treatment"] == (f"{day(40)} LOST_TO_FOLLOW_UP", "")
    assert changed(gone)["end of study"] == ("LOST_TO_FOLLOW_UP", "")
    back = changed(correct(gone.story, number, why="abroad"))
    assert back[f"study ended #{study}"] == ("entered in error", "on record")


def test_a_stop_after_c4_names_the_result_before_and_after() -> None:
    """T6: R0 as seen, without a pathology report; a date of surgery corrected later stops nothing a second time."""
    story = in_adjuvant("COHORT_1", 1)
    surgery = seq(story, f.SurgeryPerformed)
    seen = void(story, seq(story, f.PathologyReported)).story
    outcome = correct(seen, surgery, resection="R1")
    stop = the(outcome, f.SafetyActionAsked)
    assert stop.text == f"resection corrected from R0 to R1 after the start of ADJUVANT (fact {stop.event})"
    again = correct(outcome.story, surgery, performed_on=str(day(79)))
    assert facts_of(again, f.SafetyActionAsked) == []
