"""The checker bites on what a journal says: every row rightly chained, and journal, histories and answers agree."""

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chaos.checker.__main__ import violations
from chaos.checker.histories import read_runs
from tests.chaos.evidence_folder import REGISTER, SUBJECT, Doctor, Folder, Row, assert_named, doctored, found

HISTORIES = Path(__file__).parents[1] / "replay" / "histories"


def body(folder: Folder, kind: str, nth: int = 0) -> dict[str, Any]:
    """Give a fact's body."""
    found: dict[str, Any] = json.loads(folder.fact(kind, nth)["body"])
    return found


def moved(folder: Folder, kind: str, field: str, days: int) -> None:
    """Move a date of a fact by so many days."""
    on = date.fromisoformat(body(folder, kind)[field]) + timedelta(days=days)
    changed: dict[str, Any] = {field: str(on)}
    folder.changed(kind, **changed)


def applied_twice(folder: Folder) -> None:
    folder.more("NoticeReached", notice=body(folder, "NoticeReached")["notice"], sink="another")


def dosed_twice(folder: Folder) -> None:
    folder.more(**{name: value for name, value in body(folder, "DoseGiven").items() if name != "as_planned"})


def ordered_twice(folder: Folder) -> None:
    for _ in range(2):
        folder.more(**body(folder, "LabsOrdered"))


def told_twice(folder: Folder) -> None:
    """By two submissions of one day."""
    for _ in range(2):
        folder.more(**body(folder, "NoticeRequested"))


def departure_told_twice(folder: Folder) -> None:
    """In other words."""
    for text in ("late", "too late"):
        folder.more("NoticeRequested", notice="DEVIATION", to=["INVESTIGATOR"], text=text, about="C2")


def slot_skipped(folder: Folder) -> None:
    folder.changed("SlotReserved", stream=REGISTER, slot=2)
    folder.changed("Randomized", slot=2)


def other_arm(folder: Folder) -> None:
    folder.changed("SubjectAllocated", stream=REGISTER, arm="COHORT_2")


def unknown_arm(folder: Folder) -> None:
    folder.changed("SubjectAllocated", stream=REGISTER, arm="COHORT_3")


def full_too_early(folder: Folder) -> None:
    refused = {"kind": "AllocationDeclined", "subject": "S001", "request": 1, "why": "FULL"}
    folder.fact("JourneyBegan", stream=REGISTER).update(kind="AllocationDeclined", body=json.dumps(refused))


def surgery_too_late(folder: Folder) -> None:
    """The last doses of the third cycle were a fortnight earlier than the record says."""
    for number, (_, row) in enumerate(folder.rows):
        told_of = json.loads(row["body"]) if row.get("kind") == "DoseGiven" else {}
        if told_of.get("cycle") in (2, 3):
            on = date.fromisoformat(told_of["given_on"]) - timedelta(days=14)
            folder.rows[number][1]["body"] = json.dumps(told_of | {"given_on": str(on)})


def anlotinib_until_surgery(folder: Folder) -> None:
    on = date.fromisoformat(body(folder, "SurgeryPerformed")["performed_on"]) - timedelta(days=6)
    folder.more("CourseTaken", cycle=3, drug="ANLOTINIB", days=[1, 14], last_on=str(on))


def anlotinib_in_the_other_arm(folder: Folder) -> None:
    folder.changed("Randomized", arm="COHORT_2")
    folder.changed("SubjectAllocated", stream=REGISTER, arm="COHORT_2")


def dose_after_withdrawal(folder: Folder) -> None:
    on = date.fromisoformat(body(folder, "DoseGiven", -1)["given_on"]) - timedelta(days=1)
    folder.more("SubjectWithdrew", withdrawn_on=str(on), level="STUDY")


def dose_while_held(folder: Folder) -> None:
    first = folder.fact("EpochEntered")
    on = date.fromisoformat(body(folder, "DoseGiven", -1)["given_on"]) - timedelta(days=9)
    held = {"kind": "DrugHeld", "drug": "BENMELSTOBART", "decided_on": str(on), "why": "x"}
    asked = folder.fact("FactSigned") if any(row["kind"] == "FactSigned" for row in folder.facts(SUBJECT)) else first
    asked.update(kind="DrugHeld", body=json.dumps(held))


def planned_after_withdrawal(folder: Folder) -> None:
    on = body(folder, "DoseGiven", -1)["given_on"]
    folder.more("SubjectWithdrew", withdrawn_on=on, level="CONSENT")
    folder.more(**{**body(folder, "CyclePlanned", -1), "cycle": 6})


def not_resected(folder: Folder) -> None:
    folder.changed("SurgeryPerformed", resection="R1")
    folder.changed("PathologyReported", resection="R1")


def sixteenth_cycle(folder: Folder) -> None:
    folder.changed("CyclePlanned", -1, cycle=16)


def before_randomization(folder: Folder) -> None:
    moved(folder, "Randomized", "randomized_on", 10)


def last_sample(folder: Folder) -> int:
    """Give which results are those of the last cycle's sample; later ones only close an order."""
    kinds = [row for row in folder.facts(SUBJECT) if row["kind"] == "LabResultsRecorded"]
    return max(number for number, row in enumerate(kinds) if json.loads(row["body"])["accepted"])


def no_results(folder: Folder) -> None:
    """The neutrophils of the last cycle's sample are not on record."""
    nth = last_sample(folder)
    accepted = body(folder, "LabResultsRecorded", nth)["accepted"]
    folder.changed("LabResultsRecorded", nth, accepted=[row for row in accepted if row["analyte"] != "ANC"])


def low_results(folder: Folder) -> None:
    nth = last_sample(folder)
    accepted = body(folder, "LabResultsRecorded", nth)["accepted"]
    low = [row | ({"value": "79"} if row["analyte"] == "PLT" else {}) for row in accepted]
    folder.changed("LabResultsRecorded", nth, accepted=low)


def open_criterion(folder: Folder) -> None:
    findings = body(folder, "EligibilityConfirmed")["findings"]
    folder.changed("EligibilityConfirmed", findings=[findings[0] | {"verdict": "UNKNOWN"}, *findings[1:]])


def too_young(folder: Folder) -> None:
    on = date.fromisoformat(body(folder, "ConsentGiven")["signed_on"])
    folder.changed("SubjectRegistered", born_on=str(on.replace(year=on.year - 18) + timedelta(days=1)))


def wrong_dose(folder: Folder) -> None:
    rows_of = body(folder, "DosesPlanned", -1)["administrations"]
    changed = [row | ({"amount": "1000"} if row["drug"] == "BENMELSTOBART" else {}) for row in rows_of]
    folder.changed("DosesPlanned", -1, administrations=changed)


def cycle_too_early(folder: Folder) -> None:
    for number, (_, row) in enumerate(folder.rows):
        told_of = json.loads(row["body"]) if row.get("kind") == "DoseGiven" else {}
        if told_of.get("cycle") == 1:
            on = date.fromisoformat(told_of["given_on"]) - timedelta(days=4)
            folder.rows[number][1]["body"] = json.dumps(told_of | {"given_on": str(on)})


def evaluated_too_early(folder: Folder) -> None:
    moved(folder, "EvaluationJudged", "evaluated_on", -8)


def of_a_monitor(folder: Folder) -> None:
    folder.submission("operability").update(staff="MON1", role="MONITOR")
    folder.fact("OperabilityJudged").update(staff="MON1", role="MONITOR")


def of_nobody(folder: Folder) -> None:
    folder.submission("operability").update(staff="UNATTRIBUTED", role="UNATTRIBUTED")
    folder.fact("OperabilityJudged").update(staff="UNATTRIBUTED", role="UNATTRIBUTED")


def not_delegated(folder: Folder) -> None:
    folder.submission("operability")["staff"] = "SUR9"
    folder.fact("OperabilityJudged")["staff"] = "SUR9"


def other_staff_in_fact(folder: Folder) -> None:
    folder.fact("OperabilityJudged")["staff"] = "INV1"


def back_in_time(folder: Folder) -> None:
    row = folder.fact("SurgeryPerformed")
    row["recorded_at"] = "2020" + row["recorded_at"][4:]


def of_the_future(folder: Folder) -> None:
    moved(folder, "PathologyReported", "reported_on", 90)


def not_utc(folder: Folder) -> None:
    row = folder.fact("SurgeryPerformed")
    row["stored_at"] = row["stored_at"].replace("+00:00", "+08:00")


def before_it_happened(folder: Folder) -> None:
    folder.fact("SurgeryPerformed")["occurred_at"] = "2099-01-01T00:00:00+00:00"


TOLD: list[tuple[Doctor, str]] = [
    (applied_twice, "I2 .*NoticeReached says once more"),
    (dosed_twice, "I2 .*DoseGiven says once more"),
    (told_twice, "I3 .*asks for the same notice as"),
    (departure_told_twice, "I3 .*NoticeRequested tells C2 once more"),
    (ordered_twice, "I2 .*LabsOrdered says once more"),
    (slot_skipped, r"I5 slots were used in the order \[2\]"),
    (other_arm, "I5 .*Randomized: .*COHORT_1.* in the register .*COHORT_2"),
    (unknown_arm, "I5 1 subjects in COHORT_3"),
    (full_too_early, "I5 .*told full at 1 of 66"),
    (surgery_too_late, r"I8 .*surgery on .*, 49 d after the last BENMELSTOBART \(T4\)"),
    (anlotinib_until_surgery, r"I8 .*surgery on .*, 6 d after the last ANLOTINIB \(T3\)"),
    (anlotinib_in_the_other_arm, "I8 .*ANLOTINIB .* in COHORT_2"),
    (dose_after_withdrawal, "I8 .*BENMELSTOBART .* when treatment had ended"),
    (dose_while_held, "I8 .*BENMELSTOBART .* while it was held"),
    (planned_after_withdrawal, "I8 .*CyclePlanned: decided after the withdrawal"),
    (not_resected, "I8 .*EpochEntered: entered without R0: R1"),
    (not_resected, r"I8 .*BENMELSTOBART .*C4D1\) without R0: R1"),
    (sixteenth_cycle, "I8 .*cycle 16 of 15"),
    (before_randomization, "I8 .*before randomization"),
    (no_results, r"I8 .*gate passed with ANC (missing|\d+ d old)"),
    (no_results, r"I8 .*C4D1 on .* with ANC (missing|\d+ d old)"),
    (low_results, "I8 .*I11.4: PLT 79"),
    (open_criterion, "I8 .*EligibilityConfirmed: .* was UNKNOWN"),
    (too_young, "I8 .*EligibilityConfirmed: born on"),
    (wrong_dose, "I8 .*BENMELSTOBART 1000 mg planned"),
    (cycle_too_early, "I8 .*C2D1 on .*, 25 d after C1D1"),
    (evaluated_too_early, "I8 .*adjuvant evaluation on .*, 27 d after surgery"),
    (of_a_monitor, "I9 .*operability .* was applied for a MONITOR"),
    (of_nobody, "I9 .*operability .* nobody is named"),
    (not_delegated, "I9 .*SUR9 as SURGEON, which the delegation log does not hold"),
    (other_staff_in_fact, "I9 .*OperabilityJudged names INV1"),
    (back_in_time, "I12 .*SurgeryPerformed: recorded at 2020.*, before"),
    (of_the_future, "I12 .*reported_on .* lies after the day of the record"),
    (not_utc, "I12 .*not UTC"),
    (before_it_happened, "I12 .*SurgeryPerformed: occurred at 2099"),
]


@doctored(TOLD)
def test_what_is_told_wrongly_by_all_is_named(
    rows: list[tuple[str, Row]], tmp_path: Path, doctor: Doctor, named: str
) -> None:
    """I2, I5, I8, I9, I12: the chain holds and all sources agree, and yet it must not be."""
    folder = Folder(tmp_path, rows)
    doctor(folder)
    folder.write()
    said = found(tmp_path)

    assert_named(said, named)
    unasked = "gives no answer to show"  # the product cannot show a cycle that the protocol does not have
    assert not [line for line in said if line.startswith(("I6", "I7")) and unasked not in line]


def given_on(folder: Folder, cycle: int, days: int = 0) -> str:
    """Give the date of a cycle's day 1, moved by so many days."""
    rows = (json.loads(row["body"]) for row in folder.facts(SUBJECT) if row["kind"] == "DoseGiven")
    return str(next(date.fromisoformat(row["given_on"]) for row in rows if row["cycle"] == cycle) + timedelta(days))


def first_sample_too_old(folder: Folder) -> None:
    """Before the first dose the samples were taken ten days earlier than the record says."""
    for _, row in folder.rows:
        if row.get("kind") != "LabResultsRecorded" or row["seq"] > folder.fact("DoseGiven")["seq"]:
            continue
        told_of = json.loads(row["body"])
        for result in told_of["accepted"]:
            result["collected_at"] = str(datetime.fromisoformat(result["collected_at"]) - timedelta(days=10))
        row["body"] = json.dumps(told_of)


HELD, AGED = "I8 .*BENMELSTOBART .* while it was held", r"I8 .*C1D1 on .* with .*HB \d+ d old"
EARLY, UNFIT, NOT_R0 = "I8 .*C2D1 on .*, 25 d after C1D1", "I8 .*C4D1 on .* with ANC", r"I8 .*C4D1\) without R0: R1"
OTHER_ARM, WASHED, LATE = "I8 .*ANLOTINIB .* in COHORT_2", r"I8 .*6 d after the last ANLOTINIB \(T3\)", r"I8 .*\(T4\)"
Excuse = tuple[Doctor, str, str, tuple[int, int] | None, str]
EXCUSES: list[Excuse] = [
    (dose_while_held, "AMOUNT/C4D1/BENMELSTOBART", "T9", (4, 0), HELD),
    (dose_while_held, "HELD/C4D1/CISPLATIN", "T9", (4, 0), HELD),
    (dose_while_held, "HELD/C3D1/BENMELSTOBART", "T9", (4, 0), HELD),
    (dose_while_held, "HELD/C4D1/BENMELSTOBART", "T9", (4, 1), HELD),
    (dose_while_held, "HELD/C4D1/BENMELSTOBART", "T2", (4, 0), HELD),
    (anlotinib_in_the_other_arm, "DRUG/C1D1/PEMETREXED", "T2", (1, 0), OTHER_ARM),
    (no_results, "C4", "T2.2", (4, 0), UNFIT),
    (no_results, "GATE/C3", "T11", (4, 0), UNFIT),
    (no_results, "GATE/C4", "T2.2", (4, 0), UNFIT),
    (no_results, "TURN/C4D1", "T2.2", (4, 0), UNFIT),
    (no_results, "FIRST_DOSE/I11.3", "I11.3", (4, 0), UNFIT),
    (first_sample_too_old, "FIRST_DOSE/I10.2", "I10.2", (1, 0), AGED),
    (first_sample_too_old, "FIRST_DOSE/I11.3", "I11.3", (1, 0), AGED),
    (cycle_too_early, "GATE/C2", "T2.2", (2, 0), EARLY),
    (cycle_too_early, "TURN/C2D1", "T2.2", (2, 0), EARLY),
    (cycle_too_early, "C2", "T2.2", (2, 1), EARLY),
    (cycle_too_early, "C2", "T2.2", None, EARLY),
    (not_resected, "AMOUNT/C4D1/BENMELSTOBART", "T9", (4, 0), NOT_R0),
    (not_resected, "TURN/C4D8", "T2.2", (4, 0), NOT_R0),
    (not_resected, "TURN/C3D1", "T2.2", (4, 0), NOT_R0),
    (surgery_too_late, "SURGERY", "T4", None, LATE),
    (surgery_too_late, "SURGERY_PHASE", "T4", None, LATE),
    (anlotinib_until_surgery, "WASHOUT/BENMELSTOBART", "T3", None, WASHED),
]


@pytest.mark.parametrize("excuse", EXCUSES)
def test_a_departure_of_something_else_excuses_nothing(
    rows: list[tuple[str, Row]], tmp_path: Path, excuse: Excuse
) -> None:
    """I8: another drug, day, cycle, date or rule is not the departure that is missing, nor is a window that passed."""
    assert_named(excused(Folder(tmp_path, rows), excuse), excuse[-1])


@pytest.mark.parametrize(
    "excuse",
    [
        (dose_while_held, "HELD/C4D1/BENMELSTOBART", "T9", (4, 0), HELD),
        (no_results, "GATE/C4", "T11", (4, 0), UNFIT),
        (cycle_too_early, "C2", "T2.2", (2, 0), EARLY),
        (not_resected, "TURN/C4D1", "T2.2", (4, 0), NOT_R0),
    ],
)
def test_its_own_departure_excuses_it(rows: list[tuple[str, Row]], tmp_path: Path, excuse: Excuse) -> None:
    """I8: what people report may break a rule, when that is on record."""
    assert not [line for line in excused(Folder(tmp_path, rows), excuse) if re.match(excuse[-1], line)]


def excused(folder: Folder, excuse: Excuse) -> list[str]:
    """Doctor a folder, put a departure on record, and give the violations."""
    doctor, item, rule, on, _ = excuse
    doctor(folder)
    actual_on = given_on(folder, *on) if on else None
    folder.more("DeviationRecorded", item=item, rule=rule, text="another", important=False, actual_on=actual_on)
    folder.write()
    return found(folder.path)


def test_what_nobody_sent_is_named(rows: list[tuple[str, Row]], tmp_path: Path) -> None:
    """I2: the journal has a command under an id that the driver never used."""
    folder = Folder(tmp_path, rows).write()
    folder.calls = [call for call in folder.calls if call["kind"] != "operability"]
    folder.save()

    assert [row.invariant for row in violations(tmp_path)] == ["I2"]


def test_what_occurred_is_recorded_as_it_was_sent(rows: list[tuple[str, Row]], tmp_path: Path) -> None:
    """I12: a clinical instant that was sent stands on record as sent, beside the instant of recording."""
    folder = Folder(tmp_path, rows).write()
    folder.calls[3]["occurred_at"] = "2026-01-05T08:00:00+08:00"
    folder.save()

    assert [row.invariant for row in violations(tmp_path)] == ["I12"]


@pytest.mark.parametrize("name", ["completed", "detours", "regained", "sponsor-acts"])
def test_real_histories_are_read_whole(tmp_path: Path, name: str) -> None:
    """The runs of a recorded journey tell each of its facts, numbered without a gap, in one way."""
    folder = tmp_path / "patient-NCT06978153-S001"
    folder.mkdir()
    for file in HISTORIES.glob(f"{name}.closed-*.json.gz"):
        (folder / file.name.replace(".closed", "-closed")).write_bytes(file.read_bytes())
    runs = read_runs(tmp_path)[folder.name]
    numbers = sorted({number for run in runs for number in run.facts})

    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 30
    assert [run.contradicted for run in runs] == [[]] * len(runs)
    assert runs[-1].end == "completed"
    assert {run.end for run in runs[:-1]} <= {"handed over", "completed"}
