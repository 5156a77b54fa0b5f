"""All are enrolled and ask for randomization at once while parts are killed: 66 get a slot, the others are told."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from chaos.clinic import Act, observations
from chaos.rows import Fault, Row, Setting, Stage
from chaos.rows.common import until
from deploy.without_docker.topology import Database, Part
from domain.decider import trial_stream
from journal.schema import ALLOCATION_LISTS, ALLOCATION_SLOTS

PLACES, ASKED = 66, 70
AT_ONCE = 12
"""Subjects on their way through screening at one time: two cores do no more."""
LONGEST_SECONDS = 240.0
SCREENING, ALLOCATION = "screening", "allocation"
WITHIN_SECONDS, MOST_SLOTS = 1.0, 50
"""Each part is killed within so many seconds, and in the allocation once so many of the slots, or fewer, are taken."""
AGAIN = 6
"""Randomized subjects who ask once more: they are refused, and keep their slots."""
CROWD = Setting(own="crowd", alone=True, subjects=0, most=0, day_seconds=30.0)


@dataclass(frozen=True, slots=True)
class Kill:
    """A part that was killed, how many had been told by then, and who had which slot."""

    part: str
    told: int
    slots: Mapping[str, int]


async def crowd(stage: Stage, trial: int) -> Fault:
    """Enrol 70, kill a worker, the server and the database in their midst, and count the slots."""
    loop = asyncio.get_running_loop()
    begun, gate = loop.time(), asyncio.Semaphore(AT_ONCE)
    sealed = await asyncio.to_thread(list_hash, stage.load.journal.engine)
    killing = asyncio.create_task(_kill(stage, trial, SCREENING))

    async def one() -> str:
        async with gate:
            return await _screened(stage)

    ready = await asyncio.gather(*(one() for _ in range(ASKED)))
    before, asked_at = await killing, loop.time()
    killing = asyncio.create_task(_kill(stage, trial, ALLOCATION))
    outcomes = await asyncio.gather(*(_asked(stage, subject) for subject in ready))
    killed = await killing
    settled = await until(lambda: _slots(stage)["told"] >= ASKED and _all_know(stage), LONGEST_SECONDS)
    seen = {subject: slot for kill in killed for subject, slot in kill.slots.items()}
    chosen = sorted(_slots(stage)["slots"])[:: PLACES // AGAIN]
    again = Counter(await asyncio.gather(*(_asked(stage, subject) for subject in chosen)))
    found, counts = _slots(stage), Counter(outcomes)
    wrong_slots = moved(seen, found["slots"])
    if await asyncio.to_thread(list_hash, stage.load.journal.engine) != sealed:
        wrong_slots.append("the sealed list is not what it was before the enrolments")
    midst = [kill.part for kill in killed if kill.slots and kill.told < ASKED]
    wrong = [] if settled else [f"{found['told']} of {ASKED} were told after {LONGEST_SECONDS:.0f} s"]
    wrong += [] if found["randomized"] == PLACES else [f"{found['randomized']} were randomized, not {PLACES}"]
    wrong += [] if found["arms"] == (PLACES // 2, PLACES // 2) else [f"the arms are {found['arms']}"]
    stage.expect["randomized"] = PLACES
    evidence = f"{ASKED} asked ({dict(counts)}), {found['randomized']} randomized {found['arms']}, "
    evidence += f"{found['declined']} told that it is full; {len(chosen)} asked again ({dict(again)}); "
    evidence += f"killed in screening: {_named(before)}; in allocation, so many told: {_named(killed)}; "
    evidence += f"{asked_at - begun:.0f} s to screen all, {loop.time() - asked_at:.0f} s to allocate all"
    hit, name = len(midst) > 1, "70 enrolments at once, parts killed"
    return Fault(name, hit, evidence, AT_ONCE, None, (*wrong, *wrong_slots))


def list_hash(engine: Engine) -> str:
    """Give a hash over the sealed lists and every sealed slot, as they are stored."""
    found = hashlib.sha256()
    with engine.connect() as connection:
        for table in (ALLOCATION_LISTS, ALLOCATION_SLOTS):
            for row in connection.execute(select(table).order_by(*table.primary_key.columns)):
                found.update(repr(tuple(row)).encode())
    return found.hexdigest()


def moved(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """Say who has another slot than before, and which slot has two owners."""
    wrong = [f"{who} had slot {slot}, now {after.get(who)}" for who, slot in before.items() if after.get(who) != slot]
    return wrong + [
        f"slot {slot} was used {times} times" for slot, times in Counter(after.values()).items() if times > 1
    ]


def _named(kills: Sequence[Kill]) -> str:
    return ", ".join(f"{kill.part} at {kill.told}, {len(kill.slots)} slots" for kill in kills)


async def _screened(stage: Stage) -> str:
    """Enrol a subject and have it found eligible; give its number."""
    load = stage.load
    subject = await load.enrol()
    load.results(subject, observations(subject, load.seed, load.pace.now()))
    for _ in range(int(LONGEST_SECONDS)):
        journey = await load.chart(subject)
        if journey is not None and journey.labs:
            break
        await asyncio.sleep(1)
    await _say(stage, subject, "confirm_eligibility", judged_on=str(load.pace.today()))
    return subject


async def _asked(stage: Stage, subject: str) -> str:
    """Ask for randomization; give what came of it."""
    return await _say(stage, subject, "request_randomization")


async def _say(stage: Stage, subject: str, kind: str, **fields: object) -> str:
    load = stage.load
    called = await load.calls.insist(subject, load.submitted(Act(kind, "INVESTIGATOR", fields), subject))
    return called.outcome if called.answer is None or not called.answer.reason else called.answer.reason


async def _kill(stage: Stage, trial: int, when: str) -> list[Kill]:
    """Kill a worker, the server and the database within a moment, and bring each back; tell what was killed."""
    rig, chance = stage.rig, stage.chance(f"F18/{when}", trial)
    parts = [part for part in (chance.choice(rig.workers), rig.temporal, rig.database) if part is not None]

    async def one(part: Part | Database, after: float, slots: int, away: float) -> Kill:
        await asyncio.sleep(after)
        await until(lambda: len(_slots(stage)["slots"]) >= slots, LONGEST_SECONDS)
        found = await asyncio.to_thread(_slots, stage)
        await part.kill()
        await asyncio.sleep(away)
        await rig.up(part)
        return Kill(part.name, found["told"], found["slots"])

    most = MOST_SLOTS if when == ALLOCATION else 0
    moments = [
        (part, chance.uniform(0, WITHIN_SECONDS), chance.randint(0, most), chance.uniform(0.2, 1)) for part in parts
    ]
    return list(await asyncio.gather(*(one(*moment) for moment in moments)))


def _all_know(stage: Stage) -> bool:
    """Say whether each subject's own stream has what came of its request."""
    with suppress(OSError):
        journeys = stage.load.charts.refresh().values()
        kinds = [intent.fact.kind for journey in journeys for intent in journey.intents.values()]
        return (
            "AllocationRequested" not in kinds
            and sum(journey.randomized_on is not None for journey in journeys) >= PLACES
        )
    return False


def _slots(stage: Stage) -> dict[str, Any]:
    """Count what the register's facts say. An answer is a slot that was opened, or that there is none."""
    with suppress(OSError):
        facts = stage.load.journal.facts(trial_stream(stage.load.trial))
        kinds = Counter(fact.kind for fact in facts)
        randomized, declined = kinds["SubjectAllocated"], kinds["AllocationDeclined"]
        counts = Counter(json.loads(fact.body)["arm"] for fact in facts if fact.kind == "SubjectAllocated")
        arms = tuple(sorted(counts.values()))
        bodies = [json.loads(fact.body) for fact in facts if fact.kind == "SlotReserved"]
        slots = {body["subject"]: body["slot"] for body in bodies}
        told = randomized + declined
        return {"randomized": randomized, "declined": declined, "arms": arms, "told": told, "slots": slots}
    return {"randomized": 0, "declined": 0, "arms": (), "told": 0, "slots": {}}


ROWS = (Row("F18", "70 enrolments at once, parts killed", 1, 150, crowd, CROWD, full_seconds=120, fresh=True),)
