"""A record shows by itself the deviations that its commands recorded: what a correction is held against."""

from collections.abc import Callable

import pytest

from domain.patient import commands as c
from domain.patient.expected import expected
from tests.given import Story, day, given
from tests.stories import (
    at_visit,
    begin,
    dosing_paused,
    in_evaluation,
    in_neoadjuvant,
    in_surgery_wait,
    operable,
    passing,
    reconsent_asked,
    screened,
    told,
)


def dose(story: Story, on: int, cycle: str = "C2", **changed: object) -> Story:
    """Report a day 1 on a day."""
    fields = {"cycle": cycle, "given_on": day(on), "choice": "CISPLATIN"} | changed
    return told(passing(story, day(on)), c.ReportDose.model_validate(fields))


def odd_drugs() -> Story:
    """A drug of no plan, a reduced amount, both platinums; etoposide and anlotinib missing."""
    amount = {"drug": "BENMELSTOBART", "amount": "600", "unit": "mg"}
    drugs = [amount, *({"drug": name} for name in ("ASPIRIN", "CISPLATIN", "CARBOPLATIN"))]
    return dose(at_visit(in_neoadjuvant()), 7, "C1", choice=None, drugs=drugs)


def held_drug() -> Story:
    """A drug is given while it is held."""
    hold = c.HoldDrug(drug="ANLOTINIB", decided_on=day(20), why="bleeding")
    story = at_visit(told(in_neoadjuvant("COHORT_1", 1), hold, day(20)))
    drugs = tuple(c.GivenDrug(drug=name) for name in ("BENMELSTOBART", "ETOPOSIDE", "CISPLATIN", "ANLOTINIB"))
    return dose(story, 28, choice=None, drugs=drugs)


def short_course() -> Story:
    """A course is told twice, and was too short."""
    story = passing(in_neoadjuvant("COHORT_1", 1), day(22))
    story = told(story, c.ReportCourse(cycle="C1", drug="ANLOTINIB", last_day=9))
    return told(story, c.ReportCourse(cycle="C1", drug="ANLOTINIB", last_day=12))


def whole_course() -> Story:
    """A course told as too short, and then as a whole: nothing is left of the deviation."""
    return told(short_course(), c.ReportCourse(cycle="C1", drug="ANLOTINIB", last_day=14))


def early_surgery() -> Story:
    """Surgery on day 60: too early, not cleared, within the wash-out."""
    return told(passing(in_surgery_wait(), day(60)), c.ReportSurgery(performed_on=day(60), resection="R0"))


def in_screening() -> Story:
    """A dose is given before randomization, in no planned cycle."""
    report = c.ReportDose(cycle="C1", given_on=day(2), drugs=(c.GivenDrug(drug="BENMELSTOBART"),))
    return told(screened(), report, confirmed=True, reason="given in error")


def evaluated(on: int, reported_on: int | None) -> Story:
    """Surgery on day 80, the evaluation on a day, pathology on another one or none yet."""
    story = told(passing(operable(), day(80)), c.ReportSurgery(performed_on=day(80), resection="R0"))
    if reported_on is not None:
        report = c.ReportPathology(reported_on=day(reported_on), resection="R0")
        story = told(passing(story, day(max(on, reported_on))), report)
    return told(passing(story, day(on)), c.EvaluateAdjuvant(evaluated_on=day(on), fit=True))


def consented(version: str) -> Story:
    """Consent was given to a version."""
    versions = (c.IcfVersion(version="V1.0"),)
    return told(given(), begin(icf_versions=versions, consent=c.Consent(signed_on=day(0), version=version)))


STORIES: dict[str, tuple[Callable[[], Story], set[str]]] = {
    "as planned": (in_evaluation, set()),
    "odd drugs": (
        odd_drugs,
        {
            "DRUG/C1D1/ASPIRIN",
            "AMOUNT/C1D1/BENMELSTOBART",
            "BOTH/C1",
            "MISSED/C1D1/ETOPOSIDE",
            "MISSED/C1D1/ANLOTINIB",
        },
    ),
    "held drug": (held_drug, {"HELD/C2D1/ANLOTINIB"}),
    "before randomization": (lambda: dose(at_visit(in_neoadjuvant()), 2, "C1"), {"RAND/C1", "C1", "GATE/C1"}),
    "in screening": (in_screening, {"TURN/C1D1", "RAND/C1", "DRUG/C1D1/BENMELSTOBART"}),
    "early": (lambda: dose(in_neoadjuvant("COHORT_1", 1), 24), {"C2", "GATE/C2"}),
    "late": (lambda: dose(in_neoadjuvant("COHORT_1", 1), 32), {"C2", "GATE/C2"}),
    "short course": (short_course, {"COURSE/C1/ANLOTINIB"}),
    "whole course": (whole_course, set()),
    "paused": (lambda: dose(dosing_paused(), 28), {"HOLD/PAUSE/C2D1", "GATE/C2"}),
    "no re-consent": (lambda: dose(reconsent_asked(), 28), {"HOLD/RECONSENT/C2D1", "RECONSENT/V2.0", "GATE/C2"}),
    "early surgery": (early_surgery, {"SURGERY", "OPERABILITY", "WASHOUT/ANLOTINIB"}),
    "early evaluation": (lambda: evaluated(107, 90), {"EVALUATION"}),
    "no pathology": (lambda: evaluated(110, None), {"PATHOLOGY"}),
    "pathology of that day": (lambda: evaluated(110, 110), set()),
    "consent to another version": (lambda: consented("V9.0"), {"CONSENT/V9.0"}),
    "consent": (lambda: consented("V1.0"), set()),
}


@pytest.mark.parametrize("name", STORIES)
def test_the_record_shows_the_deviations_that_were_recorded(name: str) -> None:
    """The same items with the same rule, text, importance, window and date."""
    build, items = STORIES[name]
    story = build()
    assert set(story.state.deviations) == items
    assert expected(story.entries, story.facts, story.state, story.now) == story.state.deviations
