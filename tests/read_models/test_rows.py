"""The rows of the read models, on stored journeys: what they say is what the journal holds."""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.decider import patient_stream
from domain.patient import commands as c
from domain.patient import facts as f
from read_models.record import Head, SubjectRecord, record_of
from read_models.rows import rows_of
from read_models.tables import OF_SUBJECTS
from tests.given import TRIAL_ID, day
from tests.stories import as_woman, in_neoadjuvant, told
from tests.streams import NAMES, stored_stream


def record(name: str) -> SubjectRecord:
    """Give a stored journey as readers need it."""
    return record_of(patient_stream(TRIAL_ID, "S001"), stored_stream(name))


def rows(name: str, table: str) -> list[dict[str, Any]]:
    """Give the rows of one table of a stored journey."""
    return rows_of(record(name))[table]


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_the_columns_of_its_table_and_keys_are_single(name: str) -> None:
    """Neither a column without a value nor a value without a column; no key twice, none empty."""
    made = rows_of(record(name))
    assert set(made) == {table.name for table in OF_SUBJECTS}
    for table in OF_SUBJECTS:
        names = set(table.columns.keys())
        assert [set(row) ^ names for row in made[table.name] if set(row) != names] == []
        keys = Counter(tuple(row[column.name] for column in table.primary_key) for row in made[table.name])
        assert [key for key, count in keys.items() if count > 1 or None in key] == []


def test_a_whole_journey_in_each_arm() -> None:
    """Cohort 1 and cohort 2, 15 cycles, surgery R0 on day 80: T2, T4, T7."""
    for name, arm in (("completed", "COHORT_1"), ("completed-COHORT_2", "COHORT_2")):
        (subject,) = rows(name, "subjects")
        assert (subject["arm"], subject["cycles_begun"], subject["surgery_on"]) == (arm, 15, day(80))
        assert (subject["age_years"], subject["phase"]) == (65, "COMPLETED")
        visits = {row["visit"]: row for row in rows(name, "visits")}
        assert (visits["SURGERY"]["earliest_on"], visits["SURGERY"]["latest_on"]) == (day(77), day(91))
        assert (visits["SURGERY"]["days_off"], visits["C15D1"]["status"]) == (0, "DONE")
        drugs = {row["drug"] for row in rows(name, "doses")}
        assert ("ANLOTINIB" in drugs) == (arm == "COHORT_1")


def test_a_given_amount_stands_beside_the_planned_one() -> None:
    """Etoposide 100 mg/m2 by Mosteller: T2. Amounts are exact decimals."""
    first = next(row for row in rows("completed", "doses") if row["dose"].startswith("C1D1 ETOPOSIDE"))
    assert (first["planned_amount"], first["given_amount"], first["given_unit"]) == (Decimal(182), Decimal(182), "mg")
    assert (first["formula"], first["given_on"]) == ("BSA_MOSTELLER", day(7))


def test_a_screen_failure_has_its_verdicts_and_no_dose() -> None:
    """It was never randomized."""
    made = rows_of(record("screen-failure"))
    (subject,) = made["subjects"]
    assert (subject["study_ended"], subject["arm"], subject["randomized_on"]) == ("SCREEN_FAILURE", None, None)
    assert made["doses"] == []


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("screen-failure", "I2"),
        ("pregnant-in-screening", "E25"),
        ("withdrawn-in-screening", None),
        ("completed", None),
    ],
)
def test_a_screen_failure_names_the_rules_it_failed_by(name: str, rules: str | None) -> None:
    """Those found to exclude, else the one given as the reason; nothing of who left screening otherwise."""
    assert rows(name, "subjects")[0]["screen_failed_by"] == rules


def test_a_reason_that_is_no_rule_is_not_taken_for_one() -> None:
    """Free text stays in the record: the journey of a failure by I2 without findings, for another reason."""
    told = tuple(
        row._replace(body=row.body.replace('"why":"I2"', '"why":"moved"')) for row in stored_stream("screen-failure")
    )
    assert told != stored_stream("screen-failure")
    (subject,) = rows_of(record_of("patient", told))["subjects"]
    assert (subject["study_ended"], subject["screen_failed_by"]) == ("SCREEN_FAILURE", None)


def test_stopped_dosing_is_shown_until_treatment_ends() -> None:
    """A pregnancy on treatment stops all dosing: E25. Once the subject has left treatment nothing waits any more."""
    woman = as_woman(in_neoadjuvant("COHORT_1", 1))
    pregnant = told(woman, c.ReportPregnancy(found_on=woman.today))
    left = told(pregnant, c.ReportWithdrawal(withdrawn_on=pregnant.today, level="STUDY"))
    stories = (woman, pregnant, left)
    made = [rows_of(SubjectRecord(story.state, (), Head("patient", 0)), ("subjects",)) for story in stories]
    assert [row["subjects"][0]["dosing_stopped"] for row in made] == [False, True, False]


def test_a_correction_is_shown_as_old_new_reason_who() -> None:
    """Surgery of day 44 was really of day 45; the subject's row and the visit read as it counts today."""
    first = rows("detours", "corrections")[0]
    shown = (first["kind"], first["what"], first["old"], first["new"], first["reason"], first["staff"], first["role"])
    old, new = str(day(44)), str(day(45))
    assert shown == (
        "SurgeryPerformed", f"surgery performed #{first['fact']}: performed_on", old, new, "misread", "INV1",
        "INVESTIGATOR",
    )  # fmt: skip
    assert rows("detours", "subjects")[0]["surgery_on"] == day(45)
    visits = {row["visit"]: row["actual_on"] for row in rows("detours", "visits")}
    assert visits["SURGERY"] == day(45)


def test_what_was_left_out_and_taken_at_home_is_shown() -> None:
    """C2 and C3 omitted as a whole; a course of anlotinib on days 2 to 4."""
    made = {row["dose"].split("/")[0]: row for row in rows("detours", "doses")}
    assert (made["C2 ALL"]["status"], made["C2 ALL"]["why"]) == ("OMITTED", "neutropenia")
    assert (made["C1 ANLOTINIB"]["status"], made["C1 ANLOTINIB"]["days_taken"]) == ("COURSE", "2 3 4")
    assert made["C1D1 CISPLATIN"]["given_amount"] is None


@pytest.mark.parametrize("name", NAMES)
def test_the_deviations_that_hold_are_those_of_the_state(name: str) -> None:
    """Each item once; what was withdrawn stays as a row that says so."""
    found = record(name)
    made = rows_of(found)["deviations"]
    assert {row["item"] for row in made if not row["withdrawn"]} == set(found.journey.deviations)
    assert {row["item"] for row in made} == {fact.item for _, fact in found.counting(f.DeviationRecorded)}


@pytest.mark.parametrize("name", NAMES)
def test_no_row_holds_the_birth_date(name: str) -> None:
    """Identity stays outside: the age at consent is all."""
    values = {value for made in rows_of(record(name)).values() for row in made for value in row.values()}
    assert date(1960, 2, 3) not in values
    assert not [value for value in values if isinstance(value, str) and "1960-02-03" in value]
