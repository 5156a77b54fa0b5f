"""I1.1 holds each consent against the version that was approved on the date of its signature."""

from datetime import date
from typing import Any

import pytest

from domain.criteria.case import Consented
from domain.criteria.consent import version_problem
from domain.findings import Verdict
from domain.patient import commands as c
from domain.patient.eligibility import findings_on
from tests.criteria import found, lines, whole
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


SINCE: dict[str, date | None] = {"V1.0": None, "V9.0": day(5), "V10.0": day(20), "V10.1": day(20)}
"""Names do not sort by date; the last two were approved on one day."""


@pytest.mark.parametrize(
    ("version", "on", "problem"),
    [
        ("V1.0", day(5), ""),
        ("V1.0", day(6), ", replaced by V9.0 on 2025-06-07"),
        ("V1.0", day(20), ", replaced by V9.0 on 2025-06-07"),
        ("V1.0", day(21), ", replaced by V10.0 on 2025-06-22"),
        ("V9.0", day(21), ", replaced by V10.0 on 2025-06-22"),
        ("V9.0", day(20), ""),
        ("V10.0", day(30), ""),
        ("V10.1", day(30), ""),
        ("V10.1", day(19), ", approved on 2025-06-22"),
        ("V2.0", day(30), ", which is not approved"),
    ],
)
def test_the_version_approved_last_before_the_signature_counts(version: str, on: date, problem: str) -> None:
    """By its date and not by its name; of two approved on one day either may be signed (I1.1)."""
    expected = f"consent of {on} to {version}{problem}" if problem else ""
    assert version_problem(version, on, SINCE) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, Verdict.MET),
        ({"consent_on": day(50)}, Verdict.NOT_MET),
        ({"consents": {"V1.0": Consented(day(0), "INV1", "CRC1"), "V2.0": Consented(day(21), None)}}, Verdict.UNKNOWN),
    ],
)
def test_each_consent_is_shown_with_both_names_and_its_date(changed: dict[str, Any], expected: Verdict) -> None:
    """Whatever is said of it; one of which nobody is named is not shown twice (I1.1)."""
    consents = {"V1.0": Consented(day(0), "INV1", "CRC1"), "V2.0": Consented(day(21), "INV2")}
    known = whole(**({"on": day(40), "consents": consents, "icf_approved": APPROVED, "consent_on": day(0),
                      "consent_version": "V2.0", "labs": {}, "sections": {}} | changed))  # fmt: skip
    verdict, shown = lines(found("I1.1", known))
    signed = (known.consent_on or day(0)) - day(0)
    rows = [f"consent: signed, V2.0, day {signed.days}", "consent V1.0: obtained by INV1, entered by CRC1, day 0"]
    assert verdict == expected
    assert shown == (rows if expected == Verdict.UNKNOWN else [*rows, "consent V2.0: obtained by INV2, day 21"])


def test_two_consents_of_one_day_to_versions_that_do_not_count_are_both_named() -> None:
    """One of them approved would do (I1.1)."""
    verdict, sentence = consented(("V2.0", day(3)), ("V3.0", day(3)))
    assert (verdict, sentence) == (
        Verdict.NOT_MET,
        f"consent of {day(3)} to V2.0, approved on {day(20)}; consent of {day(3)} to V3.0, which is not approved",
    )
    assert consented(("V2.0", day(3)), ("V1.0", day(3)))[0] == Verdict.MET
