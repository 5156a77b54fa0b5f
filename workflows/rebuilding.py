"""Makes what a lost journal held out of the histories that are still there, and holds it against running workflows.

It writes nothing: `journal.rebuilding` does. What cannot be told from the histories is named, stream by stream.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError

from activities.histories import HistoryFolder
from domain.decider import decider_of, patient_stream, trial_stream
from domain.trial.facts import AllocationListSealed
from domain.trial.register import Register
from workflows.remembered import Lost, Memory, Remembered
from workflows.replaying import messages, told
from workflows.retained import Retained

ANSWER = timedelta(seconds=5)
AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Remembrance:
    """All that the histories tell of a trial."""

    streams: dict[str, Remembered]
    lost: tuple[Lost, ...]

    @property
    def is_whole(self) -> bool:
        """Say whether no fact is lost, as far as anybody can know."""
        return not any(row.is_facts for row in self.lost)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to look: a Temporal, a folder of histories, or both. `told` hears how many runs were found."""

    trial: str
    client: Client | None = None
    folder: HistoryFolder | None = None
    told: Callable[[int], None] = lambda _: None


async def remember(sources: Sources, stream: str | None = None) -> Remembrance:
    """Gather all streams, or one. Raises RPCError, ContradictionError."""
    retained = Retained(sources.trial, sources.told)
    if sources.folder is not None:
        retained.add_folder(sources.folder, stream)
    register = trial_stream(sources.trial)
    if sources.client is not None and stream is not None:
        await retained.add_listed(sources.client, stream)
        await retained.add_named(sources.client, [stream])
    elif sources.client is not None:
        await retained.add_listed(sources.client)
        await retained.add_named(sources.client, [register])
    streams = await _gathered(retained, retained.streams if stream else [register])
    if stream is None:
        enrolled = _enrolled(streams.get(register))
        if sources.client is not None:
            await retained.add_named(sources.client, [*enrolled, *retained.streams])
        streams |= await _gathered(retained, [name for name in retained.streams if name != register])
    lost = [row for found in streams.values() for row in found.lost]
    lost += [Lost("*", "UNREADABLE", problem) for problem in retained.unreadable]
    lost += _without_history(sources.trial, streams) if stream is None else []
    return Remembrance(streams, tuple(lost))


async def _gathered(retained: Retained, names: Iterable[str]) -> dict[str, Remembered]:
    runs = {name: retained.of(name) for name in names}
    sent, failed = await messages([run for of in runs.values() for run in of])
    found = {}
    for name, of in runs.items():
        memory, read = Memory(name), []
        for run in of:
            try:
                memory.take(await told(run))
                read.append(run)
            except (ValueError, KeyError, RuntimeError) as problem:
                why = str(problem).splitlines()[0]
                retained.unreadable.append(f"run {run.run_id} of {name} cannot be read by this release: {why}")
        if read:
            found[name] = memory.whole(read, sent.get(name, {}), failed)
    return found


def _enrolled(register: Remembered | None) -> list[str]:
    if register is None:
        return []
    state = _state(register)
    return [patient_stream(state.trial, subject) for subject in state.subjects]


def _without_history(trial: str, streams: dict[str, Remembered]) -> list[Lost]:
    """Name the streams that must have been there, and of which no history tells anything; and the sealed list."""
    name = trial_stream(trial)
    register = streams.get(name)
    if register is None or not register.facts:
        return [Lost(name, "STREAM", "no history of the register: enrolment, staff, sites and drawn slots are lost")]
    state = _state(register)
    waiting = {getattr(intent.fact, "subject", "") for intent in state.intents.values()}
    lost = [
        Lost(stream, "STREAM", "enrolled, and no history tells of it: closed, and deleted after Temporal's retention")
        for subject in state.subjects
        if (stream := patient_stream(trial, subject)) not in streams and subject not in waiting
    ]
    sealed = [fact for fact in register.facts if fact.kind == AllocationListSealed.model_fields["kind"].default]
    if sealed:
        told_sha = json.loads(sealed[-1].body)["sha256"]
        drawn = len(state.allocations)
        detail = f"SHA-256 {told_sha}, {drawn} slots drawn; no further slot opens until `allocation restore FILE`"
        lost.append(Lost(name, "ALLOCATION_LIST", detail))
    return lost


def _state(register: Remembered) -> Register:
    decider = decider_of(register.stream)
    state: Register = decider.fold([decider.read(fact.body) for fact in register.facts])
    return state


async def contradicted(client: Client, streams: Sequence[Remembered]) -> tuple[list[str], list[Lost]]:
    """Ask each running workflow for its facts and state; give those that agree, and what speaks against the others.

    A workflow that does not answer is in neither. When the first does not there is no worker: nobody else is asked.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(found: Remembered) -> tuple[str, Lost | None] | None:
        async with gate:
            try:
                return found.stream, await _against(client, found)
            except (RPCError, WorkflowQueryFailedError):
                return None

    running = [found for found in streams if found.is_running]
    answers = [await one(found) for found in running[:1]]
    if answers != [None]:
        answers += await asyncio.gather(*map(one, running[1:]))
    given = [answer for answer in answers if answer is not None]
    return [stream for stream, wrong in given if wrong is None], [wrong for _, wrong in given if wrong is not None]


async def _against(client: Client, found: Remembered) -> Lost | None:
    handle = client.get_workflow_handle(found.stream)
    facts = await handle.query("facts", rpc_timeout=ANSWER)
    ours = [fact._asdict() for fact in found.facts]
    if facts[: len(ours)] != ours:
        seq = next(number for number, pair in enumerate(zip(ours, facts, strict=False), 1) if pair[0] != pair[1])
        return Lost(found.stream, "UNREADABLE", f"its workflow shows another fact {seq} than its history")
    if len(facts) > len(ours):
        detail = f"facts {len(ours) + 1} to {len(facts)} came while this went on: stop the workers and try again"
        return Lost(found.stream, "ANOTHER_WORKER", detail)
    decider = decider_of(found.stream)
    state = decider.fold([decider.read(fact.body) for fact in found.facts])
    shown = await handle.query("show", rpc_timeout=ANSWER)
    if shown != json.loads(json.dumps(decider.show(state))):
        return Lost(found.stream, "UNREADABLE", "its workflow shows another state than its facts fold to here")
    return None
