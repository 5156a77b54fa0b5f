"""The same command twice: it counts once, and the second answer is the first, byte for byte."""

import asyncio
import json

from activities.contract import Answer
from chaos.calls import Called
from chaos.clinic import adverse_event
from chaos.rows import Fault, Row, Stage
from chaos.rows.common import enough, is_gone
from domain.decider import patient_stream

WAYS = ("same gateway", "two gateways at once", "other gateway", "after a hand-over", "after a restart")
RESTART_EVERY = 5
"""A restart takes seconds: of the pairs of that way one in so many has one; the others go to the other gateway."""


async def said_twice(stage: Stage, trial: int) -> Fault:
    """Send one command twice, in one of several ways."""
    way, subjects = stage.way("F9", trial, WAYS), await enough(stage)
    subject = stage.chance("F9", trial).choice(subjects)
    if way == "after a hand-over":
        found = await _after_hand_over(stage, subjects)
        if found is not None:
            return found
        way = "other gateway"
    calls, load = stage.load.calls, stage.load
    submitted = load.submitted(adverse_event(load.pace.today(), f"pair {trial}"), subject)
    if way == "two gateways at once":
        first, again = await asyncio.gather(*(calls.insist(subject, submitted, gateway=number) for number in (0, 1)))
        return _fault(stage, way, first, again)
    first = await calls.insist(subject, submitted)
    evidence = ""
    if way == "after a restart" and trial // len(WAYS) % RESTART_EVERY == RESTART_EVERY - 1:
        await asyncio.gather(*(worker.kill() for worker in stage.rig.workers))
        evidence = f"both workers gone: {all(is_gone(stage.rig, worker) for worker in stage.rig.workers)}"
        await asyncio.gather(*(stage.rig.up(worker) for worker in stage.rig.workers))
    again = await calls.insist(subject, submitted, gateway=0 if way == "same gateway" else 1)
    return _fault(stage, way if evidence or way != "after a restart" else "other gateway", first, again, evidence)


async def _after_hand_over(stage: Stage, subjects: list[str]) -> Fault | None:
    """Repeat the first command of a subject whose run has handed over to another since; None while there is none."""
    client = stage.load.calls.gateways[0].client
    for subject in subjects:
        stream = patient_stream(stage.load.trial, subject)
        about = (await client.get_workflow_handle(stream).describe()).raw_info
        earlier = [row for row in stage.load.calls.rows if row.stream == stream and row.outcome == "applied"]
        if about.first_run_id != about.execution.run_id and earlier:
            again = await stage.load.calls.insist(subject, earlier[0].submitted)
            evidence = f"first run {about.first_run_id}, now {about.execution.run_id}"
            return _fault(stage, "after a hand-over", earlier[0], again, evidence)
    return None


def _fault(stage: Stage, way: str, first: Called, again: Called, evidence: str = "") -> Fault:
    wrong = () if is_same(first, again) else (otherwise(first),)
    shown = f"steps {first.step} and {again.step}: {first.outcome}, {again.outcome}; {evidence}"
    in_flight = len(stage.load.open)
    return Fault(f"the same command, {way}", hit=True, evidence=shown, in_flight=in_flight, violations=wrong, way=way)


def is_same(first: Called, again: Called) -> bool:
    """Say whether the second answer is the first, byte for byte; no answer is none."""
    return _bytes(first.answer) == _bytes(again.answer) != b"null"


def otherwise(first: Called) -> str:
    """Say that a repeated command was answered otherwise."""
    return f"{first.submitted.id} of {first.stream} is answered otherwise the second time"


def _bytes(answer: Answer | None) -> bytes:
    """Give an answer as it would be written."""
    return json.dumps(answer.told() if answer else None, sort_keys=True).encode()


ROWS = (Row("F9", "the same command twice", 50, 1000, said_twice, seconds=10, at_once=5, full_seconds=0.5, ways=WAYS),)
