"""Criteria that look at the evidence of another topic say UNKNOWN without it: E2, I8, I11.1."""

from dataclasses import replace

from domain.findings import Verdict
from tests.criteria import found, verdict, whole, without


def test_without_a_statement_on_effusions_m0_is_not_certain() -> None:
    """A malignant effusion is M1a: E2 is UNKNOWN until somebody looked (E2, E6)."""
    assert verdict("E2", whole()) == Verdict.NOT_TRIGGERED
    assert verdict("E2", without("effusion")) == Verdict.UNKNOWN


def test_without_a_history_of_treatment_a_scan_may_be_older_than_a_prior_cycle() -> None:
    """The scan is made after the prior cycle, if there was one (I8)."""
    assert verdict("I8", whole()) == Verdict.MET
    assert verdict("I8", without("prior_treatment")) == Verdict.UNKNOWN


def test_without_one_of_the_blood_counts_its_sample_may_be_the_earliest() -> None:
    """The days without blood support count back from the earliest of three samples (I11.1)."""
    assert verdict("I11.1", whole()) == Verdict.MET
    for code in ("HB", "ANC", "PLT"):
        known = replace(whole(), labs={key: rows for key, rows in whole().labs.items() if key != code})
        assert "not every blood count is in" in found("I11.1", known).sentence
        assert verdict("I11.1", known) == Verdict.UNKNOWN
