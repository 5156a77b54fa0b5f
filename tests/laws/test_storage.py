"""Laws of the record: JSON there and back, folding in parts, and an `evolve` that never raises."""

from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from domain.decider import PATIENT, TRIAL, Decider
from domain.intake import Message, argument_of, read
from domain.patient import commands as c
from domain.submission import Submission
from domain.trial import commands as t
from tests.laws.plays import Play, busy, plays
from tests.laws.strategies import FACTS, OWN, PEOPLE, REGISTER_FACTS, REGISTER_KINDS, about, an_example, model
from tests.stories import PHASES

KINDS = (*FACTS, *REGISTER_FACTS, *PEOPLE, *OWN, *REGISTER_KINDS)
PATIENT_FACTS = st.one_of([model(kind) for kind in FACTS])
TRIAL_FACTS = st.one_of([model(kind) for kind in REGISTER_FACTS])
PATIENT_COMMANDS = st.one_of([model(kind) for kind in PEOPLE])
TRIAL_COMMANDS = st.one_of([model(kind) for kind in get_args(t.FromPeople)])


def _there_and_back(value: BaseModel) -> BaseModel:
    return type(value).model_validate_json(value.model_dump_json())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__.split('.')[1]}-{kind.__name__}")
def test_every_kind_survives_json(kind: type[BaseModel]) -> None:
    """Each fact and each command comes back from its JSON as it was."""
    value = an_example(kind)
    assert _there_and_back(value) == value
    assert value.model_dump()["kind"] == kind.model_fields["kind"].default


@given(st.data(), st.sampled_from([PATIENT, TRIAL]))
@about(150)
def test_every_fact_survives_json_whatever_it_holds(data: st.DataObject, decider: Decider) -> None:
    """Read by the kind that stands in it, as the journal does."""
    fact = data.draw(PATIENT_FACTS if decider is PATIENT else TRIAL_FACTS)
    assert decider.fact.validate_json(fact.model_dump_json()) == fact


def _read(command: Any, people: Mapping[str, type], system: Mapping[str, type]) -> Submission[Any]:
    raw = command.model_dump_json(exclude={"kind"}).encode()
    message = Message(channel="update", name=command.kind, arguments=(argument_of(raw),))
    return read(message, "00000000-0000-4000-8000-000000000000", people, system)


@given(st.one_of(PATIENT_COMMANDS, TRIAL_COMMANDS))
@about(150)
def test_every_command_passes_the_intake_unchanged(command: Any) -> None:
    """What a client writes is what is decided on."""
    decider = PATIENT if isinstance(command, get_args(c.FromPeople)) else TRIAL
    assert _read(command, decider.people, decider.system).command == command


@given(plays(longest=3), st.lists(PATIENT_FACTS, max_size=8))
@about(100)
def test_evolve_never_raises_for_any_fact_on_any_journey(play: Play, facts: list[Any]) -> None:
    """In whatever order facts come, each counts once."""
    state = play.end.state
    for fact in facts:
        state = PATIENT.evolve(state, fact)
    assert state.seq == play.end.state.seq + len(facts)


@given(st.booleans(), st.lists(TRIAL_FACTS, max_size=12))
@about(100)
def test_evolve_never_raises_for_any_fact_on_any_register(running: bool, facts: list[Any]) -> None:  # noqa: FBT001 - drawn
    """A trial's register is as total."""
    start = BUSY.state if running else TRIAL.initial
    state = start
    for fact in facts:
        state = TRIAL.evolve(state, fact)
    assert state.seq == start.seq + len(facts)


BUSY = busy(65)


@given(plays(), st.integers(0, 200))
@about(60)
def test_folding_in_two_parts_equals_folding_at_once(play: Play, cut: int) -> None:
    """Also when the first part comes back from its JSON, as after a restart."""
    facts = list(play.end.facts)
    stored = [PATIENT.fact.validate_json(fact.model_dump_json()) for fact in facts[:cut]]
    state = PATIENT.fold(stored)
    for number, fact in enumerate(facts[cut:], start=cut + 1):
        state = PATIENT.fold_on(state, [fact], partial(facts.__getitem__, slice(number)))
    assert state == play.end.state == PATIENT.fold(facts)


def test_a_registration_s_date_is_no_part_of_a_stored_name() -> None:
    """A fact written on one day is read on any other: every phase's facts come back."""
    for story in (build() for build in PHASES.values()):
        lines = [fact.model_dump_json() for fact in story.facts]
        assert tuple(PATIENT.fact.validate_json(line) for line in lines) == story.facts
        assert all(isinstance(fact.kind, str) for fact in story.facts)
