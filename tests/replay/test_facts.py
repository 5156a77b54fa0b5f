"""Every kind of fact that was ever stored parses and folds, in this release and in every later one."""

import json
from collections import defaultdict
from typing import Any, get_args

import pytest

from domain.decider import decider_of
from domain.patient import facts as patient_facts
from domain.trial import facts as trial_facts
from tests.replay.recorded import CLOSED, OPEN, began, carried, facts_in, steps, stored

UNIONS = {"patient": patient_facts.Fact, "trial": trial_facts.Fact}


@pytest.mark.parametrize("union", UNIONS)
def test_every_kind_of_fact_is_stored(union: str) -> None:
    """A kind that is added to the union needs a stored fact; one that is removed leaves facts nobody can read."""
    kinds = {model.model_fields["kind"].default for model in get_args(get_args(UNIONS[union])[0])}
    assert {line["kind"] for line in stored() if line["stream"].startswith(union)} == kinds


def test_every_stored_fact_parses_to_what_was_stored_and_folds() -> None:
    """Nothing stored is lost by reading it, and each stream folds to the number of its facts."""
    streams: dict[str, list[Any]] = defaultdict(list)
    for line in stored():
        fact = decider_of(line["stream"]).fact.validate_json(line["body"])
        assert _holds(fact.model_dump(mode="json"), json.loads(line["body"]))
        streams[line["stream"]].append(fact)
    for stream, facts in streams.items():
        assert decider_of(stream).fold(facts).seq == len(facts)


def _holds(read: object, stored_value: object) -> bool:
    """Say whether a value as read holds all that was stored: a model may have got new fields, at any depth.

    Evidence of a finding leaves out the fields that hold nothing, which older facts still have.
    """
    if isinstance(stored_value, dict) and isinstance(read, dict):
        of_evidence = {"what", "value"} <= stored_value.keys()
        return all(
            _holds(read[name], value) if name in read else of_evidence and value in ("", None)
            for name, value in stored_value.items()
        )
    if isinstance(stored_value, list) and isinstance(read, list) and len(read) == len(stored_value):
        return all(_holds(one, other) for one, other in zip(read, stored_value, strict=True))
    return read == stored_value


def test_what_was_stored_is_missed_when_it_is_lost() -> None:
    """The comparison above sees a lost field, a changed value and a shorter list, at any depth."""
    stored_value = {"a": [{"b": 1}]}
    assert _holds({"a": [{"b": 1, "new": 2}], "new": 3}, stored_value)
    lost: tuple[object, ...] = ({"a": [{}]}, {"a": [{"b": 2}]}, {"a": []}, {}, {"a": None})
    for read in lost:
        assert not _holds(read, stored_value)
    used = {"what": "age", "value": "65 a", "document": "", "on": "2025-06-02"}
    assert _holds({"what": "age", "value": "65 a", "on": "2025-06-02"}, used)
    assert not _holds({"what": "age", "value": "65 a"}, used)
    assert not _holds({"a": 1}, {"a": 1, "document": ""})


@pytest.mark.parametrize("name", [*CLOSED, *OPEN])
def test_every_fact_of_a_history_parses_and_folds(name: str) -> None:
    """What `record` gave a workflow can be read again, fact by fact."""
    start = began(name)
    decider = decider_of(start.stream)
    read = [json.loads(fact) for fact in [*carried(start), *(fact for step in steps(name) for fact in facts_in(step))]]
    facts = [decider.fact.validate_json(fact["body"]) for fact in read]
    assert read
    assert [fact.kind for fact in facts] == [fact["kind"] for fact in read]
    assert decider.fold(facts).seq == read[-1]["seq"]
