"""The effect that lets each subject's journey record an act of the sponsor, over a client that records it."""

import asyncio
import json
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities import world as world_module
from activities.contract import EffectRequest, Step
from activities.ports import Laboratory, NoticeSink, SealedList
from activities.recorder import Recorder
from activities.world import World
from domain.decider import trial_stream
from domain.intake import Message, argument_of, derived_id, system_message
from domain.values import Clock
from journal.store import Journal
from tests.server.past import TRIAL, Past, ago, noon, request, sent
from workflows.client import Submitted


class Temporal:
    """A client whose signals are recorded at once, as a running journey would; or lost, while `away`."""

    def __init__(self, recorder: Recorder) -> None:
        """Record with this."""
        self.recorder = recorder
        self.signals: list[tuple[str, dict[str, Any]]] = []
        self.away = self.ended = False
        self._stream = ""

    @property
    def id(self) -> str:
        """The workflow's."""
        return self._stream

    def get_workflow_handle(self, stream: str) -> "Temporal":
        """Give a handle: this very client, for a stream."""
        self._stream = stream
        return self

    async def signal(self, name: str, envelope: dict[str, Any]) -> None:
        """Record a signal."""
        if self.ended:
            raise RPCError("workflow execution already completed", RPCStatusCode.NOT_FOUND, b"")
        self.signals.append((self._stream, envelope))
        if not self.away:
            taken(self.recorder, self._stream, name, envelope)


def taken(recorder: Recorder, stream: str, name: str, envelope: dict[str, Any]) -> Step:
    """Record a signal in a stream, at noon today."""
    argument = argument_of(json.dumps(envelope).encode())
    message = Message(channel="signal", name=name, arguments=(argument,))
    return recorder.record(request(stream, recorder.state(stream).seq, noon(ago(0)), message))


@pytest.fixture
def temporal(trial: Journal) -> Temporal:
    """A client."""
    return Temporal(Recorder(trial))


def world(temporal: Temporal) -> World:
    """Give the activities over the client alone."""
    return World(
        client=cast("Client", temporal),
        recorder=temporal.recorder,
        laboratory=cast("Laboratory", None),
        sink=cast("NoticeSink", None),
        sealed_list=cast("SealedList", None),
    )


def act(temporal: Temporal, kind: str = "pause_dosing", **fields: object) -> list[EffectRequest]:
    """Let the sponsor act, and give what `pass_on` is asked for each subject."""
    stream = trial_stream(TRIAL)
    submitted = Submitted(kind, dict(fields) or {"why": "safety signal"}, staff="SPO1")
    known = temporal.recorder.state(stream).seq
    step = temporal.recorder.record(request(stream, known, noon(ago(0)), sent(submitted)))
    assert step.answers[0].outcome == "applied", step.answers[0].sentence()
    at, clock = noon(ago(0)), Clock.real()
    wanted = [effect for effect in step.effects if effect.activity == "pass_on"]
    return [
        EffectRequest(stream=stream, at=at, clock=clock, key=one.key, seq=one.seq, payload=one.payload)
        for one in wanted
    ]


def test_each_subject_records_the_act_once(trial: Journal, temporal: Temporal) -> None:
    """Told again after a lost outcome, nothing is signalled; the outcome closes the register's intent."""
    subjects = [Past(trial, TRIAL, ago(5)) for _ in range(2)]
    asked = act(temporal)
    outcomes = [asyncio.run(world(temporal).pass_on(one)) for one in asked]
    assert [subject.journey.is_dosing_paused for subject in subjects] == [True, True]
    assert [stream for stream, _ in temporal.signals] == [subject.stream for subject in subjects]

    seqs = [subject.journey.seq for subject in subjects]
    assert [asyncio.run(world(temporal).pass_on(one)) for one in asked] == outcomes
    assert len(temporal.signals) == 2
    assert [subject.journey.seq for subject in subjects] == seqs

    stream = trial_stream(TRIAL)
    for one, outcome in zip(asked, outcomes, strict=True):
        message = system_message(outcome.kind, outcome.fields, derived_id(one.key, "outcome"))
        temporal.recorder.record(request(stream, 0, noon(ago(0)), message))
    open_ones = [row.fact.kind for row in temporal.recorder.state(stream).intents.values()]
    assert "ActPassedOn" not in open_ones


def test_a_journey_that_does_not_answer_is_asked_again(
    trial: Journal, temporal: Temporal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same submission: what comes twice counts once."""
    monkeypatch.setattr(world_module, "ALLOCATION_PAUSES", (0.0,))
    subject, temporal.away = Past(trial, TRIAL, ago(5)), True
    (asked,) = act(temporal)
    with pytest.raises(ApplicationError, match="not recorded it yet"):
        asyncio.run(world(temporal).pass_on(asked))
    assert not subject.journey.is_dosing_paused
    temporal.away = False
    asyncio.run(world(temporal).pass_on(asked))
    taken(temporal.recorder, subject.stream, "submit", temporal.signals[0][1])
    assert [fact.kind for fact in trial.facts(subject.stream)].count("DosingPaused") == 1


def test_a_journey_that_is_over_is_left_alone(trial: Journal, temporal: Temporal) -> None:
    """No new run begins for it."""
    subject = Past(trial, TRIAL, ago(5)).said("withdrawal", ago(2), withdrawn_on=str(ago(2)), level="STUDY")
    (asked,) = act(temporal)
    seq = subject.journey.seq
    assert asyncio.run(world(temporal).pass_on(asked)).fields == {"request": asked.seq}
    assert (temporal.signals, subject.journey.seq) == ([], seq)


@pytest.mark.parametrize(
    "changed",
    [{"kind": "trial_stopped", "stopped_at": "2026-01-01T00:00:00Z"}, {"why": "another reason"}, {"request": 1}],
    ids=["another act", "other words", "another fact"],
)
def test_an_act_nobody_passed_on_is_refused(trial: Journal, temporal: Temporal, changed: dict[str, Any]) -> None:
    """Only the very words of the register's fact, for this very subject, are believed."""
    subject, other = (Past(trial, TRIAL, ago(5)) for _ in range(2))
    asked, _ = act(temporal)
    command = asked.payload["word"] | {"request": asked.seq} | changed
    if command["kind"] == "trial_stopped":
        del command["paused_at"]
    envelope = {"id": "forged-act-1", "staff": "SYSTEM", "role": "SYSTEM", "command": command}
    answer = taken(temporal.recorder, subject.stream, "submit", envelope).answers[0]
    assert (answer.outcome, answer.reason) == ("refused", "ROLE")
    true = envelope | {"id": "forged-act-2", "command": asked.payload["word"] | {"request": asked.seq}}
    answer = taken(temporal.recorder, other.stream, "submit", true).answers[0]
    assert (answer.outcome, answer.reason) == ("refused", "ROLE")


def test_the_role_is_that_of_the_date_of_the_act(trial: Journal, temporal: Temporal) -> None:
    """Staff delegated from yesterday did not take the consent of three days ago; since then they do."""
    subject = Past(trial, TRIAL, ago(5))
    delegation = {"staff": "CRC9", "roles": ["COORDINATOR"], "valid_from": str(ago(1))}
    act(temporal, "delegate", **delegation)
    answers = []
    for on in (ago(3), ago(1)):
        fields = {"assessed_on": str(on), "no_support": True}
        message = sent(Submitted("screening_evidence", fields, staff="CRC9"))
        seen = subject.journey.seq
        answers += temporal.recorder.record(request(subject.stream, seen, noon(ago(0)), message)).answers
    assert [answer.outcome for answer in answers] == ["refused", "applied"]
    assert (answers[0].reason, answers[0].accepts) == ("ROLE", "COORDINATOR or INVESTIGATOR")


def test_a_journey_whose_run_was_ended_is_told_once_it_runs_again(trial: Journal, temporal: Temporal) -> None:
    """An operator terminated it: that is said in one sentence, and the effect is tried again."""
    subject, temporal.ended = Past(trial, TRIAL, ago(5)), True
    (asked,) = act(temporal)
    with pytest.raises(ApplicationError, match=f"{subject.stream} does not run now; the watchdog begins it anew"):
        asyncio.run(world(temporal).pass_on(asked))
    temporal.ended = False
    asyncio.run(world(temporal).pass_on(asked))
    assert subject.journey.is_dosing_paused
