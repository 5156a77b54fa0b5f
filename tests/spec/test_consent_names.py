"""Who obtained the consent is on record beside who entered it (I1.1)."""

from typing import Any

import pytest

from domain.criteria import RULES, Reading
from domain.criteria.case import Consented
from domain.findings import Finding, Verdict
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.eligibility import findings_on
from domain.submission import Reason
from tests.criteria import PROTOCOL, whole
from tests.given import START, Story, day, given, refused, the, when
from tests.stories import begin, eligible, registered, screened, told

UNNAMED = c.Consent(signed_on=START, version="V1.0")


def consent_of(story: Story) -> Finding:
    """Give the finding on I1.1 as of the story's latest instant."""
    return next(row for row in findings_on(story.state, story.now) if row.rule == "I1.1")


def test_a_consent_is_recorded_with_who_obtained_it_and_who_entered_it() -> None:
    """By enrolment and by its own command, and both are shown (I1.1)."""
    named = c.Consent(signed_on=START, version="V1.0", obtained_by="SUB1")
    enrolled = when(given(), begin(consent=named, by="CRC1", role="COORDINATOR"))
    known = the(enrolled, f.ConsentGiven)
    assert (known.obtained_by, known.entered_by) == ("SUB1", "CRC1")
    shown = [(row.what, row.value) for row in consent_of(enrolled.story).evidence]
    assert shown == [("consent", "signed, V1.0"), ("consent V1.0", "obtained by SUB1, entered by CRC1")]

    later = told(given(), begin(consent=None, evidence=None))
    outcome = when(later, c.RecordConsent(signed_on=START, version="V1.0", obtained_by="SUB1"), staff="CRC2")
    known = the(outcome, f.ConsentGiven)
    assert (known.obtained_by, known.entered_by) == ("SUB1", "CRC2")


def test_a_consent_without_who_obtained_it_is_recorded_and_unknown_until_corrected() -> None:
    """What happened is never refused; the verdict names what is missing, and the correction clears it (I1.1)."""
    story = screened(consent=UNNAMED)
    found = consent_of(story)
    assert found.verdict == Verdict.UNKNOWN
    assert "obtained the consent to V1.0: obtained_by is missing" in found.sentence
    refused(when(story, c.ConfirmEligibility(judged_on=day(3)), on=day(3)), Reason.NOT_ELIGIBLE, rule="I1.1")

    fix = c.Correct(fact=story.seq_of(f.ConsentGiven), fields={"obtained_by": "INV1"}, why="left out")
    corrected = told(story, fix, day(3))
    assert consent_of(corrected).verdict == Verdict.MET
    told(corrected, c.ConfirmEligibility(judged_on=day(3)), day(3))


def test_a_second_consent_in_screening_needs_its_name_too() -> None:
    """Each consent on record is held against it (I1.1)."""
    story = told(screened(), c.LearnIcf(version="V2.0", approved_on=day(2), deadline=day(30)), day(2))
    story = told(story, c.RecordConsent(signed_on=day(3), version="V2.0"), day(3))
    assert "the consent to V2.0:" in consent_of(story).sentence
    assert consent_of(story).verdict == Verdict.UNKNOWN


@pytest.mark.parametrize("told_by", ["Anna Li", "inv1", "", 7])
def test_only_a_staff_code_names_who_obtained_it(told_by: Any) -> None:
    """No personal name, nothing empty (I1.1)."""
    fix = c.Correct(fact=eligible().seq_of(f.ConsentGiven), fields={"obtained_by": told_by}, why="misread")
    refused(when(eligible(), fix), Reason.MALFORMED, field="fields.obtained_by")


def test_a_correction_that_takes_the_name_away_withdraws_the_verdict() -> None:
    """The evidence no longer bears it (I1.1, T1.1)."""
    story = eligible()
    fix = c.Correct(fact=story.seq_of(f.ConsentGiven), fields={"obtained_by": None}, why="nobody knows")
    assert told(story, fix).state.eligible_on is None


def test_a_consent_from_before_the_name_was_asked_for_is_judged_as_it_was_then() -> None:
    """A stored fact without the field folds and passes; one that says null does not (I1.1)."""
    old = f.FACT.validate_json('{"kind": "ConsentGiven", "signed_on": "2025-06-02", "version": "V1.0"}')
    facts = registered().facts
    place = registered().seq_of(f.ConsentGiven) - 1
    story = given(*facts[:place], old, *facts[place + 1 :])
    assert consent_of(story).verdict == Verdict.MET
    assert [row.what for row in consent_of(story).evidence] == ["consent"]
    asked = f.ConsentGiven(signed_on=START, version="V1.0", obtained_by=None)
    assert consent_of(given(*facts[:place], asked, *facts[place + 1 :])).verdict == Verdict.UNKNOWN


def test_a_protocol_that_does_not_ask_for_the_name_passes_without() -> None:
    """The question stands in the criterion's row, as an assumption (I1.1, Q12)."""
    row = next(row for row in PROTOCOL.screening.criteria if row.rule == "I1.1")
    assert row.source.is_assumption
    consents = {"V1.0": Consented(day(0), None, "CRC1")}
    case = whole(consents=consents)
    for names, expected in (((), Verdict.MET), (("obtained_by",), Verdict.UNKNOWN)):
        assert RULES["I1.1"](Reading(case), row.model_copy(update={"names": names})).verdict == expected
