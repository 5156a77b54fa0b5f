"""All are enrolled and ask for randomization at once while parts are killed: 66 get a slot, the others are told."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

from chaos.clinic import Act, enrolment, observations
from chaos.rows import Fault, Row, Setting, Stage
from chaos.rows.common import until
from demo.hospital import STAFF
from domain.decider import trial_stream
from workflows.client import Submitted

PLACES, ASKED = 66, 70
AT_ONCE = 12
"""Subjects on their way through screening at one time: two cores do no more."""
LONGEST_SECONDS = 240.0
CROWD = Setting(own="crowd", alone=True, subjects=0, most=0, day_seconds=30.0)


async def crowd(stage: Stage, trial: int) -> Fault:
    """Enrol 70, kill a worker, the server and the database in their midst, and count the slots."""
    loop = asyncio.get_running_loop()
    begun, gate = loop.time(), asyncio.Semaphore(AT_ONCE)
    killing = asyncio.create_task(_kill(stage, trial))

    async def one(number: int) -> str:
        async with gate:
            return await _screened(stage, number)

    ready = await asyncio.gather(*(one(number) for number in range(ASKED)))
    asked_at = loop.time()
    outcomes = await asyncio.gather(*(_asked(stage, subject) for subject in ready))
    killed = await killing
    settled = await until(lambda: _slots(stage)["told"] >= ASKED and _all_know(stage), LONGEST_SECONDS)
    found, counts = _slots(stage), Counter(outcomes)
    wrong = [] if settled else [f"{found['told']} of {ASKED} were told after {LONGEST_SECONDS:.0f} s"]
    wrong += [] if found["randomized"] == PLACES else [f"{found['randomized']} were randomized, not {PLACES}"]
    wrong += [] if found["arms"] == (PLACES // 2, PLACES // 2) else [f"the arms are {found['arms']}"]
    stage.expect["randomized"] = PLACES
    evidence = f"{ASKED} asked ({dict(counts)}), {found['randomized']} randomized {found['arms']}, "
    evidence += f"{found['declined']} told that it is full; killed: {', '.join(killed)}; "
    evidence += f"{asked_at - begun:.0f} s to screen all, {loop.time() - asked_at:.0f} s to allocate all"
    return Fault("70 enrolments at once, parts killed", len(killed) > 1, evidence, AT_ONCE, None, tuple(wrong))


async def _screened(stage: Stage, number: int) -> str:
    """Enrol a subject and have it found eligible; give its number."""
    load = stage.load
    fields = enrolment(load.pace.today())
    called = await load.calls.insist(None, Submitted("enroll", fields, staff=STAFF["INVESTIGATOR"]))
    if called.answer is None or called.outcome != "applied":
        raise RuntimeError(f"enrolment {number} is refused: {called.answer}")
    while True:
        with suppress(OSError):
            subject = await asyncio.to_thread(load.calls.gateways[0].subject_of, called.answer)
            break
        await asyncio.sleep(1)
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
    called = await load.calls.insist(subject, load.submitted(Act(kind, "INVESTIGATOR", fields)))
    return called.outcome if called.answer is None or not called.answer.reason else called.answer.reason


async def _kill(stage: Stage, trial: int) -> list[str]:
    """Kill a worker, the server and the database, one after the other; name what was killed."""
    rig, chance, killed = stage.rig, stage.chance("F18", trial), list[str]()
    await asyncio.sleep(chance.uniform(2, 4))
    for part in (rig.workers[0], rig.temporal, rig.database):
        if part is not None:
            await part.kill()
            killed.append(part.name)
            await asyncio.sleep(chance.uniform(0.2, 1))
            await rig.up(part)
        await asyncio.sleep(chance.uniform(2, 6))
    return killed


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
        counts = stage.load.charts.register().arm_counts()
        randomized, declined = kinds["SubjectAllocated"], kinds["AllocationDeclined"]
        arms = tuple(sorted(counts.values()))
        return {"randomized": randomized, "declined": declined, "arms": arms, "told": randomized + declined}
    return {"randomized": 0, "declined": 0, "arms": (), "told": 0}


ROWS = (Row("F18", "70 enrolments at once, parts killed", 1, 150, crowd, CROWD, full_seconds=120, fresh=True),)
