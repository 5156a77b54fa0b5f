"""What rows hold against the design's bounds: each judgement is seen to fail, and to pass."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, update

from chaos.rows import disks, enrolments, files, footprint, operators, outside, storms, workers
from chaos.rows.footprint import FEWEST_DAYS, HANDLES, MEMORY_MB, TRIAL_DAYS, WARM_UP_DAYS, Sample
from domain.patient.journey import Journey
from journal.schema import ALLOCATION_LISTS, ALLOCATION_SLOTS, METADATA
from journal.store import StoredFact
from tests.stories import in_neoadjuvant

AT = datetime(2026, 1, 2, 8, tzinfo=UTC)


def written(file: Path, *rows: dict[str, Any]) -> Path:
    """Write rows as JSON lines."""
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


def test_work_counts_as_attempted_again_when_a_killed_worker_had_done_it() -> None:
    """F1: by the killed worker and by another one, and it stands on record."""
    killed_first = [{"keys": ["one", "two"], "pid": 1}, {"keys": ["one"], "pid": 2}, {"keys": ["three"], "pid": 2}]
    assert workers.repeated(killed_first, {1}, {"one", "two", "three"}) == {"one"}
    assert not workers.repeated(killed_first, {1}, {"two", "three"})
    assert not workers.repeated(killed_first, {3}, {"one"})


def test_a_late_completion_must_be_refused_in_the_log(tmp_path: Path) -> None:
    """F20: only what the worker said after it went on counts."""
    log = tmp_path / "worker-1.log"
    log.write_text("Task not found when completing\n")
    assert workers.is_refused(log, 0)
    assert not workers.is_refused(log, log.stat().st_size)


def test_a_reminder_must_not_be_sent_after_its_use() -> None:
    """F7: the attempt that sent it counts, not the second at which the mail server took it."""
    useful = {"patient-T-S001/7": AT}
    attempts = [{"keys": ["patient-T-S001/7"], "began": (AT + timedelta(seconds=second)).isoformat()}
                for second in (-9, 9)]  # fmt: skip
    mail = {"key": "patient-T-S001/7", "kept": 1, "at": (AT + timedelta(seconds=5)).isoformat()}
    assert outside.late(useful, attempts, [mail]) == []
    (wrong,) = outside.late(useful, attempts, [mail | {"at": (AT + timedelta(seconds=10)).isoformat()}])
    assert "was of use until 08:00:00, and was sent at 08:00:10" in wrong


def test_a_laboratory_that_brings_nothing_must_leave_somebody_a_task() -> None:
    """F8: an act is asked of somebody; where it answers and brings nothing, what is missing is told."""
    asked = in_neoadjuvant().state
    missing = {"notice": "SCREENING_LABS_IN", "text": "results are in; missing: ALT"}
    assert outside.untasked("away", asked, []) == []
    assert outside.untasked("away", Journey(), []) == ["the laboratory is away, and nobody is asked to act"]
    assert outside.untasked("tomorrow", asked, [missing]) == []
    assert outside.untasked("tomorrow", asked, [missing | {"text": "results are in"}])


def test_operations_must_be_told_of_each_cause_they_must_mend(tmp_path: Path) -> None:
    """F8: two subjects that meet the same cause are one."""
    trouble = {"event": "lab.trouble", "kind": "LaboratoryUnfit", "subject": "S001", "why": "no FHIR resource of S001"}
    written(tmp_path / "worker-1.log", trouble, trouble | {"subject": "S002", "why": "no FHIR resource of S002"})
    (wrong,) = outside.untold(tmp_path)
    assert wrong == "1 causes to mend, operations were told 0"
    written(tmp_path / "deliveries.jsonl", {"key": "laboratory/2026-01-02/abc mail to OPERATIONS"})
    assert outside.untold(tmp_path) == []


@pytest.mark.parametrize(
    ("way", "waits", "seconds", "wrong"),
    [
        ("the journal", True, 4.9, ""),
        ("the journal", False, 1.0, "although the disk under the journal is full"),
        ("the journal", True, 5.0, "not within 5"),
        (disks.LOGS, False, 1.0, ""),
        (disks.LOGS, True, 1.0, "the record can be kept without them"),
    ],
)
def test_a_full_disk_must_stop_what_cannot_be_kept_and_be_left_within_five_seconds(
    way: str, *, waits: bool, seconds: float, wrong: str
) -> None:
    """F13: commands wait where they cannot be kept, and only there."""
    found = disks.judged(way, waits=waits, seconds=seconds)
    assert wrong in "; ".join(found)
    assert bool(found) == bool(wrong)


def test_others_may_wait_less_than_twice_as_long_in_a_storm() -> None:
    """F11: by the 99th percentile; of nothing nothing is said."""
    assert storms.slower([0.1] * 99 + [0.2], [0.19] * 100) == []
    (wrong,) = storms.slower([0.1] * 100, [0.1] * 98 + [0.2] * 2)
    assert "0.20 s in the storm and 0.10 s without it" in wrong
    assert storms.slower([], []) == []


def test_a_slot_must_stay_whose_it_is_and_be_one_persons() -> None:
    """F18: a later reading may have more slots, and no other."""
    assert enrolments.moved({"S001": 1}, {"S001": 1, "S002": 2}) == []
    assert enrolments.moved({"S001": 1}, {"S001": 2}) == ["S001 had slot 1, now 2"]
    assert enrolments.moved({}, {"S001": 2, "S002": 2}) == ["slot 2 was used 2 times"]


def test_any_change_of_a_sealed_slot_changes_the_lists_hash() -> None:
    """F18: content, number and how many there are."""
    engine = create_engine("sqlite://")
    METADATA.create_all(engine, tables=[ALLOCATION_LISTS, ALLOCATION_SLOTS])
    with engine.begin() as connection:
        connection.execute(insert(ALLOCATION_SLOTS), [{"trial": "T", "slot": n, "sealed": b"x"} for n in (1, 2)])
    before = enrolments.list_hash(engine)
    assert enrolments.list_hash(engine) == before
    with engine.begin() as connection:
        connection.execute(update(ALLOCATION_SLOTS).where(ALLOCATION_SLOTS.c.slot == 2).values(sealed=b"y"))
    assert enrolments.list_hash(engine) != before


def test_a_run_in_place_of_another_must_tell_every_fact_of_before() -> None:
    """F21: facts that came later are its own affair."""
    known = [StoredFact(1, "a", "K", "CRC1", "R", None, "", "", "{}")]
    told = [{"seq": 1, "body": "{}"}, {"seq": 2, "body": "{}"}]
    assert operators.forgotten(known, told) == []
    assert operators.forgotten(known, told[1:]) == ["its new run does not tell its facts [1], 1 in all"]


def test_a_terminated_run_must_be_reported_by_name_and_since_then(tmp_path: Path) -> None:
    """F21: another stream's report, or an earlier one, is none."""
    row = {"event": "watchdog.found", "stream": "patient-T-S001", "what": "ENDED", "timestamp": "2026-01-02T08:00:00Z"}
    written(tmp_path / "worker-1.log", row)
    assert operators.is_reported(tmp_path, "2026-01-02T07:59:00+00:00", "patient-T-S001")
    assert not operators.is_reported(tmp_path, "2026-01-02T08:01:00+00:00", "patient-T-S001")
    assert not operators.is_reported(tmp_path, "2026-01-02T07:59:00+00:00", "patient-T-S002")


def test_an_open_file_of_this_process_is_seen(tmp_path: Path) -> None:
    """F6: whoever closes a database last folds its log away."""
    name = f"{tmp_path.name}.db"  # other tests of this process may hold a journal open
    with (tmp_path / f"{name}-wal").open("w"):
        assert files.is_open(name)
    assert not files.is_open(name)


def life(
    memory_a_day: float = 0.0, handles_a_day: float = 0.0, days: float = WARM_UP_DAYS + FEWEST_DAYS
) -> list[Sample]:
    """Give a worker that fills up quickly at first and then grows by so much a day."""
    return [
        Sample(7, float(day), 200 + 5 * min(day, WARM_UP_DAYS) + memory_a_day * day, 90 + int(handles_a_day * day))
        for day in range(int(days) + 1)
    ]


def test_a_worker_must_not_grow_after_its_warm_up() -> None:
    """F24: memory and handles, by what they would come to in two years; what lived too short is not judged."""
    assert footprint.growing(life()) == []
    (wrong,) = footprint.growing(life(memory_a_day=1.1 * MEMORY_MB / TRIAL_DAYS))
    assert "MB in two years of the trial" in wrong
    (wrong,) = footprint.growing(life(handles_a_day=1.2 * HANDLES / TRIAL_DAYS))
    assert "handles in two years" in wrong
    assert footprint.growing(life(memory_a_day=9, days=WARM_UP_DAYS + FEWEST_DAYS - 1)) == []
    assert "none lived long enough" in footprint.told(life(days=10))


def test_a_process_is_looked_at_and_a_gone_one_is_not() -> None:
    """F24: this one has memory and open files."""
    found = footprint.look(os.getpid(), 3)
    assert found is not None
    assert found.memory_mb > 1
    assert found.handles > 2
    assert footprint.look(2**22 + 1, 3) is None
