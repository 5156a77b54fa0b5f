"""Recorded histories replay clean, also under a changed protocol; and a changed interpreter is found out."""

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory

from activities.contract import DueStep, Step
from domain import catalogue
from domain.criteria import RULES
from tests.given import TRIAL_ID
from tests.journeys.scripts import RANDOMIZED, SCRIPTS, play
from tests.journeys.stage import body, stage
from tests.replay.amendment import ATTRIBUTE, CRITERION, NOTICE, REMINDER, TOLD, amendment
from tests.replay.export import OTHER_ARM
from tests.replay.recorded import BARE, CLOSED, OLDER, OPEN, facts_in, failures
from workflows.attributes import KEYS
from workflows.identity import IdentityRunner
from workflows.interpreter import Interpreter

FIRST_RUNS = [name for name in CLOSED if name.endswith(".closed-1.json.gz")]


def test_every_journey_is_recorded_closed_and_open() -> None:
    """Each script of the journeys has closed and open histories, the whole way in each arm; others have open ones."""
    names = {OTHER_ARM, *(script.name for script in SCRIPTS)}
    assert {name.split(".")[0] for name in CLOSED} == names
    assert {name.split(".")[0] for name in OPEN} == names | {"denied", "register"}


async def test_every_history_replays_clean() -> None:
    """This release replays what was recorded, inside the sandbox."""
    assert await failures([*OLDER, *CLOSED, *OPEN]) == {}


async def test_every_open_history_replays_clean_as_a_worker_runs_it() -> None:
    """The worker's own runner stamps identities and runs outside the sandbox. Closed ones: test_golden."""
    assert await failures(OPEN, IdentityRunner()) == {}


def test_the_amendment_adds_what_this_release_has_not() -> None:
    """Its rows, its criterion and its attribute are new ones, not changes of old ones."""
    protocol = catalogue.latest(TRIAL_ID).model_dump_json()
    assert [row.notice for row in (REMINDER, NOTICE, TOLD) if f'"{row.notice}"' in protocol] == []
    assert CRITERION.rule not in RULES
    assert ATTRIBUTE not in KEYS


@pytest.fixture
def amended() -> Iterator[None]:
    """A reminder, a notice, a criterion and a search attribute were added."""
    with amendment():
        yield


@pytest.mark.usefixtures("amended")
async def test_the_amendment_shows_in_what_is_decided_now(tmp_path: Path) -> None:
    """Who is enrolled under it is told by the new rows, judged by the new criterion and shown by the new attribute."""
    async with stage(tmp_path) as played:
        await play(played, *RANDOMIZED)
        told = [body(fact)["notice"] for fact in played.facts("NoticeRequested")]
        (eligible,) = played.facts("EligibilityConfirmed")
        shown = _shown(await played.history(played.stream))

    verdicts = {finding["rule"]: finding["verdict"] for finding in body(eligible)["findings"]}
    assert {REMINDER.notice, NOTICE.notice, TOLD.notice} <= set(told)
    assert verdicts[CRITERION.rule] == "MET"
    assert ATTRIBUTE in shown


def _shown(history: WorkflowHistory) -> set[str]:
    """Give the names of the search attributes that a run changed."""
    changes = [event.upsert_workflow_search_attributes_event_attributes for event in history.events]
    return {name for change in changes for name in change.search_attributes.indexed_fields}


@pytest.mark.usefixtures("amended")
async def test_every_history_replays_clean_under_an_amendment() -> None:
    """What was decided is recorded: an amendment changes no step of the past."""
    assert await failures([*OLDER, *CLOSED, *OPEN]) == {}


@pytest.fixture
def deciding(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that asks the core for due and attributes itself, as ours must never do."""
    take = Interpreter._take  # noqa: SLF001 - the change under test

    def changed(self: Interpreter, step: Step, **about: bool) -> None:
        ours = self._decider
        bodies = [ours.fact.validate_json(json.loads(fact)["body"]) for fact in facts_in(step)]
        state = reduce(ours.evolve, bodies, self._state)
        due = ours.due(state)
        asked: dict[str, Any] = {"attributes": dict(ours.attributes(state))}
        asked["due"] = DueStep(at=due.at, text=due.text, key=due.key) if due else None
        take(self, step.model_copy(update=asked), **about)

    monkeypatch.setattr(Interpreter, "_take", changed)


@pytest.mark.usefixtures("deciding")
async def test_deciding_in_the_workflow_goes_unseen_without_an_amendment() -> None:
    """Such an interpreter replays clean as long as nothing changes: this is why it is dangerous."""
    assert await failures(FIRST_RUNS, BARE) == {}


@pytest.mark.usefixtures("deciding", "amended")
async def test_deciding_in_the_workflow_breaks_under_an_amendment() -> None:
    """The amendment is one that matters: with such an interpreter no closed first run replays any more."""
    assert sorted(await failures(FIRST_RUNS, BARE)) == FIRST_RUNS


def _second_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Interpreter._begin  # noqa: SLF001 - the change under test

    def changed(self: Interpreter, **about: bool) -> None:
        begin(self, **about)
        self._second = asyncio.create_task(workflow.sleep(1))  # type: ignore[attr-defined] # kept from collection

    monkeypatch.setattr(Interpreter, "_begin", changed)


def _no_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "upsert_search_attributes", lambda _: None)


def _no_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    async def changed(_self: Interpreter, _effect: object) -> None:
        """Carry out nothing."""

    monkeypatch.setattr(Interpreter, "_carry_out", changed)


@pytest.mark.parametrize("change", [_second_timer, _no_attributes, _no_effects])
async def test_changed_interpreter_fails_every_closed_history(
    change: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One command more or less, and no closed first run replays any more."""
    change(monkeypatch)
    assert sorted(await failures(FIRST_RUNS, BARE)) == FIRST_RUNS
