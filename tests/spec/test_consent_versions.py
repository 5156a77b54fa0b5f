"""I1.1 holds each consent against the version that was approved on the date of its signature."""

from datetime import date

import pytest

from domain.criteria.case import Consented
from domain.findings import Verdict
from domain.patient import commands as c
from domain.patient.eligibility import findings_on
from tests.criteria import found, whole
from tests.evidence import clean
from tests.given import Story, day, given, noon, when
from tests.stories import answered, begin, told

APPROVED = {"V1.0": None, "V2.0": day(20)}
FIRST = (c.IcfVersion(version="V1.0"), c.IcfVersion(version="V2.0", approved_on=day(20)))


def consented(*signed: tuple[str, date]) -> tuple[Verdict, str]:
    """Give verdict and sentence of I1.1 on day 40 for consents to versions on dates."""
    known = whole(
        on=day(40), consent_on=min(on for _, on in signed), consents={version: Consented(on) for version, on in signed},
        icf_approved=APPROVED,
        consent_version=max(signed, key=lambda row: row[1])[0], icf_versions=tuple(APPROVED), labs={}, sections={},
    )  # fmt: skip
    finding = found("I1.1", known)
    return finding.verdict, finding.sentence


@pytest.mark.parametrize(
    ("version", "on", "expected"),
    [
        ("V2.0", day(0), Verdict.NOT_MET),
        ("V2.0", day(19), Verdict.NOT_MET),
        ("V2.0", day(20), Verdict.MET),
        ("V1.0", day(19), Verdict.MET),
        ("V1.0", day(20), Verdict.MET),
        ("V1.0", day(21), Verdict.NOT_MET),
        ("V3.0", day(21), Verdict.NOT_MET),
    ],
)
def test_a_version_counts_from_its_approval_to_the_next(version: str, on: date, expected: Verdict) -> None:
    """The day of the approval included; on that day the older one may still be signed (I1.1)."""
    verdict, sentence = consented((version, on))
    assert verdict == expected
    if expected == Verdict.NOT_MET:
        assert version in sentence


def test_a_later_consent_to_the_approved_version_mends_it() -> None:
    """The newest consent counts; one to an unapproved version after it does not (I1.1)."""
    assert consented(("V2.0", day(0)), ("V1.0", day(3)))[0] == Verdict.MET
    assert consented(("V1.0", day(0)), ("V2.0", day(3)))[0] == Verdict.NOT_MET


def enrolled(version: str, on: date) -> Story:
    """Give a subject with consent and evidence of a date, and clean results of the day after."""
    command = begin(
        icf_versions=FIRST, consent=c.Consent(signed_on=on, version=version, obtained_by="INV1"), evidence=clean(on)
    )
    story = when(given(), command, on=on).story
    return answered(story, on, on=on)


def of_i1_1(story: Story) -> Verdict:
    """Give the verdict on the consent as the record stands."""
    return next(row.verdict for row in findings_on(story.state, story.now) if row.rule == "I1.1")


def test_the_verdict_says_what_the_deviation_says() -> None:
    """A consent to V2.0 of day 0, approved on day 20, is a deviation and does not let the subject in (I1.1)."""
    story = enrolled("V2.0", day(0))
    assert "CONSENT/V2.0" in story.state.deviations
    assert of_i1_1(story) == Verdict.NOT_MET
    assert of_i1_1(enrolled("V1.0", day(0))) == Verdict.MET


def test_procedures_must_follow_a_consent_that_counts() -> None:
    """The ECOG and the sample of day 0 came before the consent of day 1 to the approved version (I1.1)."""
    story = told(
        enrolled("V2.0", day(0)), c.RecordConsent(signed_on=day(1), version="V1.0", obtained_by="INV1"), day(1)
    )
    finding = next(row for row in findings_on(story.state, noon(day(1))) if row.rule == "I1.1")
    assert finding.verdict == Verdict.NOT_MET
    assert f"before the consent of {day(1)}" in finding.sentence
