"""What the harness runs, what it reports, and that every choice follows from the seed."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.driver import Driver, installations
from chaos.laboratory import deformed
from chaos.mail_server import subject_of
from chaos.modes import Modes
from chaos.plan import PART_SECONDS, Task, full, quick
from chaos.report import Outcome, Violation, at, bound
from chaos.rows import ON_SQLITE, Fault, Row, Stage
from chaos.rows.table import ROWS


async def nothing(_stage: Stage, _trial: int) -> Fault:
    """Break nothing."""
    return Fault("nothing", hit=False)


def row(name: str, trials_full: int = 100, full_seconds: float = 60, *, fresh: bool = False) -> Row:
    """Give a row that breaks nothing."""
    return Row(name, "nothing", 3, trials_full, nothing, full_seconds=full_seconds, fresh=fresh)


def test_every_trial_of_the_full_run_is_in_one_part_of_at_most_an_hour() -> None:
    """All rows of the table, with their own estimates."""
    parts = full(ROWS)

    trials = [(task.row.id, trial) for part in parts for task in part for trial in range(task.first, task.last)]
    assert sorted(trials) == sorted((row.id, trial) for row in ROWS for trial in range(row.trials_full))
    for part in parts:
        assert sum((task.last - task.first) * task.row.full_seconds for task in part) <= PART_SECONDS


def test_the_quick_run_has_an_end_and_a_wanted_number_has_none() -> None:
    """By default a row's seconds limit it; a number that somebody asked for is run to its end."""
    assert quick([row("F1")]) == [Task(row("F1"), 0, 3, 60.0)]
    assert quick([row("F1")], 7) == [Task(row("F1"), 0, 7, None)]


def test_rows_with_an_equal_setting_share_an_installation() -> None:
    """A row that wants it fresh has one a trial; the order of the rest stays."""
    other = Row("F6", "nothing", 3, 3, nothing, ON_SQLITE)
    tasks = [Task(row("F1"), 0, 2), Task(other, 0, 1), Task(row("F2"), 0, 1), Task(row("F24", fresh=True), 0, 2)]

    found = [[(task.row.id, task.first, task.last) for task in group] for _, group in installations(tasks)]

    assert found == [[("F1", 0, 2), ("F2", 0, 1)], [("F24", 0, 1)], [("F24", 1, 2)], [("F6", 0, 1)]]


async def test_installations_run_beside_each_other(tmp_path: Path) -> None:
    """As many as there are lanes: with two, each of two meets the other."""
    begun, together = set[int](), asyncio.Event()

    async def meets(_stage: Stage, trial: int) -> Fault:
        begun.add(trial)
        if len(begun) == 2:
            together.set()
        await asyncio.wait_for(together.wait(), 5)
        return Fault("meets", hit=True)

    task = Task(Row("F1", "meets", 2, 2, meets, None, fresh=True), 0, 2)

    outcome = await Driver(tmp_path, "7", full=False, say=lambda _: None).run([task], lanes=2)

    assert [fault.hit for _, _, fault in outcome.faults] == [True, True]


def test_the_same_seed_row_and_trial_make_the_same_choices(tmp_path: Path) -> None:
    """Another trial, row or seed makes others."""
    first, again = (Stage("7", full=False, folder=tmp_path).chance("F1", 3).random() for _ in range(2))
    others = {Stage(seed, full=False, folder=tmp_path).chance(name, trial).random()
              for seed, name, trial in (("8", "F1", 3), ("7", "F2", 3), ("7", "F1", 4))}  # fmt: skip
    assert first == again
    assert len(others | {first}) == 4


def test_ways_are_taken_in_turn_and_the_seed_says_which_comes_first(tmp_path: Path) -> None:
    """As many trials as ways take each once; over some seeds each comes first."""
    ways = ("one", "two", "three")
    stages = [Stage(str(seed), full=False, folder=tmp_path) for seed in range(30)]
    for stage in stages:
        assert sorted(stage.way("F1", trial, ways) for trial in range(3)) == sorted(ways)
        assert stage.way("F1", 0, ways) == stage.way("F1", 3, ways)
    assert {stage.way("F1", 0, ways) for stage in stages} == {*ways}


@pytest.mark.parametrize("known", [row for row in ROWS if row.ways], ids=lambda row: row.id)
def test_a_rows_ways_have_names_of_their_own(known: Row) -> None:
    """Otherwise one would count as another."""
    assert len(set(known.ways)) == len(known.ways)


def test_a_report_counts_the_ways_that_were_hit() -> None:
    """A way that was tried and not hit is left, and named."""
    ways = replace(row("F1"), ways=("one", "two", "three"))
    outcome = Outcome("7")
    for trial, (way, hit) in enumerate((("one", True), ("one", True), ("two", False), ("none of them", True))):
        outcome.faults.append((ways, trial, Fault("x", hit=hit, way=way)))

    (shown,) = outcome.rows()

    assert (shown["ways_tried"], shown["ways"], shown["ways_left"]) == (1, 3, ["two", "three"])


async def test_what_a_row_finds_at_the_end_is_a_violation_of_it(tmp_path: Path) -> None:
    """Once for each row, however many tasks of it there are."""

    async def after(_stage: Stage) -> list[str]:
        return ["nothing was attempted again"]

    task = Task(replace(row("F1"), after=after), 0, 1)
    driver = Driver(tmp_path, "7", full=False, say=lambda _: None)
    await driver.judged(Stage("7", full=False, folder=tmp_path), [task, task])

    assert [(found.row, found.what) for found in driver.outcome.violations] == [("F1", "nothing was attempted again")]


def test_a_row_never_hit_is_a_failure() -> None:
    """Nothing was violated, and still it is not good."""
    outcome = Outcome("7", faults=[(row("F1"), 0, Fault("x", hit=True)), (row("F2"), 0, Fault("y", hit=False))])
    assert outcome.never_hit == ["F2"]
    assert not outcome.is_good


def test_a_report_counts_trials_hits_violations_and_recovery_by_row() -> None:
    """What was not hit has no recovery time; the bound counts what was hit."""
    faults = [Fault("x", hit=True, in_flight=6, recovered_seconds=float(second)) for second in (3, 1, 2)]
    outcome = Outcome("7", faults=[(row("F1"), trial, fault) for trial, fault in enumerate(faults)])
    outcome.faults.append((row("F1"), 3, Fault("x", hit=False, recovered_seconds=99)))
    outcome.violations.append(Violation("7", "F1", 12, "I1: lost"))

    (shown,) = outcome.rows()

    assert (shown["trials"], shown["hit"], shown["in_flight"], shown["violations"]) == (4, 3, 6, 1)
    assert shown["recovery"] == {"p50": 2.0, "p99": 3.0, "max": 3.0}
    assert shown["bound"] == 1.0
    assert outcome.as_json()["violations"][0]["step"] == 12


@pytest.mark.parametrize(("trials", "share"), [(0, None), (60, 0.05), (300, 0.01)])
def test_the_bound_is_three_over_the_trials(trials: int, share: float | None) -> None:
    """With 95 % confidence, when none failed."""
    assert bound(trials) == share


def test_a_share_of_nothing_is_nothing() -> None:
    """And of one value it is that value."""
    assert at([], 0.5) is None
    assert [at([4.0], share) for share in (0.5, 0.99, 1)] == [4.0] * 3


def test_a_mode_is_a_subjects_own_before_it_is_everybodys(tmp_path: Path) -> None:
    """And is gone when it behaves again."""
    modes = Modes(tmp_path / "modes")
    modes.set("*", "later", 2)
    modes.set("S001", "cut")
    assert [modes.of(subject) for subject in ("S001", "S002")] == [("cut", 0.0), ("later", 2.0)]
    modes.set("*", "well")
    assert modes.of("S002") == ("well", 0.0)
    assert subject_of("patient-NCT06978153-S001/17") == "S001"


@pytest.mark.parametrize("mode", ["wrong_patient", "wrong_unit", "tomorrow", "flips"])
def test_a_deformed_result_differs_from_the_true_one(mode: str) -> None:
    """And a laboratory that is well gives it as it is."""
    true = {
        "subject": {"identifier": {"system": "s", "value": "S001"}},
        "effectiveDateTime": "2026-01-02T08:00:00+00:00",
        "valueQuantity": {"value": 13.2, "unit": "g/dL", "code": "g/dL"},
    }
    assert deformed("well", [true], 1) == [true]
    assert deformed(mode, [true], 1) != [true]
