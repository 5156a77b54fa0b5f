"""Temporal and PostgreSQL that are killed, everything at once, and timers that Temporal loses."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import psycopg

from activities.comparing import SHORTEST_GRACE
from chaos.rows import Fault, Row, Setting, Stage
from chaos.rows.common import LOOK_SECONDS, enough, is_gone, logged, recovered, until
from deploy.without_docker.topology import DATABASE, Database, Part, whole
from domain.patient.agenda import due

READY_SECONDS = 5.0
LATE = SHORTEST_GRACE
"""So long after a due instant has come nobody calls it overdue, however fast the trial's days are; real time."""
COMING_SECONDS = 15.0
"""How long due instants that nobody is woken at are gathered; real time."""
LONGEST_SECONDS = 100.0
PERIODS = 2
"""Within so many of the watchdog's each overdue subject is found and woken, its own timer lost as well."""
UNTIMED = Setting(own="timers", day_seconds=0.75, changed=(("watchdog_seconds", 20),))
"""A period in which the seconds that no setting shortens weigh little: a second look, a lost timer that is noticed."""
AWAY = ("away for a while", "backends ended", "away for a moment")
FIRST = ("Temporal", "worker 1", "worker 2", "PostgreSQL")
"""Which part of all is started first."""
TERMINATE = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name = 'trialpath' AND state LIKE 'idle in transaction%' OR
    (application_name = 'trialpath' AND state = 'active' AND backend_xid IS NOT NULL)"""


async def server_killed(stage: Stage, trial: int) -> Fault:
    """Kill the Temporal server while staff call, and start it again."""
    rig, subjects, loop = stage.rig, await enough(stage), asyncio.get_running_loop()
    calling = asyncio.create_task(stage.load.probe(subjects))
    await asyncio.sleep(stage.chance("F3", trial).uniform(0, 0.3))
    await rig.temporal.kill()
    gone, in_flight, begun = is_gone(rig, rig.temporal), len(stage.load.open), loop.time()
    await rig.up(rig.temporal)
    ready = loop.time() - begun
    seconds = await recovered(stage, subjects)
    await calling
    slow = () if ready < READY_SECONDS else (f"the server was ready after {ready:.1f} s, not {READY_SECONDS:.0f}",)
    evidence = f"process gone: {gone}; ready after {ready:.2f} s"
    return Fault("kill -9 of the Temporal server", gone, evidence, in_flight, seconds, slow)


async def all_killed(stage: Stage, trial: int) -> Fault:
    """Kill server, workers and PostgreSQL at once; start them in an order of chance, as supervisors would."""
    rig, subjects, chance = stage.rig, await enough(stage), stage.chance("F4", trial)
    parts: list[Part | Database] = [rig.temporal, *rig.workers, *([rig.database] if rig.database else [])]
    in_flight = len(stage.load.open)
    await asyncio.gather(*(part.kill() for part in parts))
    gone = all(is_gone(rig, part) for part in (rig.temporal, *rig.workers))
    chance.shuffle(parts)
    first = stage.way("F4", trial, FIRST)
    parts.sort(key=lambda part: part.name != first)

    async def later(part: Part | Database, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await rig.up(part)

    async def back() -> None:
        await asyncio.gather(*(later(part, number * chance.uniform(0, 1)) for number, part in enumerate(parts)))

    order = ", ".join(part.name for part in parts)
    seconds = await recovered(stage, subjects, back)
    return Fault("kill -9 of all at once", gone, f"all gone: {gone}; started: {order}", in_flight, seconds, way=first)


async def database_away(stage: Stage, trial: int) -> Fault:
    """Stop PostgreSQL without a shutdown, for a moment or a while, or end its backends in mid-transaction."""
    rig, subjects = stage.rig, await enough(stage)
    database, in_flight, since = rig.database, len(stage.load.open), datetime.now(UTC).isoformat()
    if database is None:
        return Fault("PostgreSQL", hit=False, evidence="the journal is not in PostgreSQL")
    way = stage.way("F5", trial, AWAY)
    if way == AWAY[1]:
        return await _backends_ended(stage, subjects, database)
    calling = asyncio.create_task(stage.load.probe(subjects))
    await asyncio.sleep(stage.chance("F5", trial).uniform(0, 0.1))
    await database.kill()
    away = stage.outage_seconds if way == AWAY[0] else 0.0
    if away:
        await until(lambda: logged(rig, "record.waits", since), away)
        await asyncio.sleep(away)
    waits = await asyncio.to_thread(logged, rig, "record.waits", since)
    gone = not await asyncio.to_thread(_takes_connections, database)
    await rig.up(database)
    seconds = await recovered(stage, subjects)
    await calling
    evidence = f"no connection taken: {gone}; workers said {waits} times that they wait"
    return Fault(f"PostgreSQL -m immediate, away {away:.0f} s", gone, evidence, in_flight, seconds, way=way)


async def _backends_ended(stage: Stage, subjects: list[str], database: Database) -> Fault:
    """End whatever backend is in mid-transaction, until some were."""
    in_flight, ended = len(stage.load.open), 0
    calling = asyncio.create_task(stage.load.probe(subjects))
    with psycopg.connect(database.cluster.url(DATABASE), autocommit=True) as admin:
        for _ in range(1000):
            row = await whole(lambda: admin.execute(TERMINATE).fetchone())
            ended += row[0] if row else 0
            if ended:
                break
    seconds = await recovered(stage, subjects)
    await calling
    evidence = f"{ended} backends ended in mid-transaction"
    return Fault("pg_terminate_backend in mid-transaction", ended > 0, evidence, in_flight, seconds, way=AWAY[1])


def _takes_connections(database: Database) -> bool:
    try:
        database.cluster.admin("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


async def timers_lost(stage: Stage, _trial: int) -> Fault:
    """Delete every timer from the stopped server's file, the watchdog's own too: it must find who is overdue.

    Each due instant is timed by itself, from when it was late until it was acted on: one subject after the other comes
    to an instant whose timer is gone.
    """
    rig, load, loop = stage.rig, stage.load, asyncio.get_running_loop()
    await enough(stage)
    since = datetime.now(UTC).isoformat()
    load.hold()
    try:
        await asyncio.sleep(1)
        await rig.temporal.stop()
        lost = await asyncio.to_thread(_lose_timers, rig.file)
        await rig.up(rig.temporal)
        begun, late, woken = loop.time(), dict[str, float](), dict[str, float]()
        while (passed := loop.time() - begun) < COMING_SECONDS or (
            (not late or len(woken) < len(late)) and passed < LONGEST_SECONDS
        ):
            overdue = await asyncio.to_thread(_overdue, stage)
            if passed < COMING_SECONDS or not late:
                late = {item: loop.time() for item in overdue} | late
            woken |= {item: loop.time() - seen for item, seen in late.items() if item not in {*overdue, *woken}}
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        load.go_on()
    limit, slowest = PERIODS * rig.settings.watchdog_seconds, max(woken, key=lambda item: woken[item], default="")
    seconds = woken.get(slowest, 0.0)
    wrong = (
        [f"still overdue after {LONGEST_SECONDS:.0f} s: {', '.join(left)}"]
        if (left := sorted({*late} - {*woken}))
        else []
    )
    wrong += [f"{slowest}: woken after {seconds:.1f} s, not {limit:.0f}"] if seconds > limit else []
    found = await until(lambda: logged(rig, "watchdog.found", since, "OVERDUE"), limit) or 0  # it wakes, then reports
    wrong += [] if found or not late else [f"{len(late)} due instants were overdue, and the watchdog reported none"]
    evidence = (
        f"{lost} timer tasks deleted; {len(late)} due instants were late, {slowest} the most; found {found} times"
    )
    return Fault("timers lost", lost > 0 and bool(late), evidence, len(load.open), seconds, tuple(wrong))


def _overdue(stage: Stage) -> list[str]:
    """Name each subject and due instant that has passed by more than a little, as the journal has it."""
    clock, now = stage.load.clock, datetime.now(UTC)
    rows = [(subject, due(journey)) for subject, journey in stage.load.charts.refresh().items()]
    return [
        f"{subject} {item.key}" for subject, item in rows if item is not None and now - clock.real_time(item.at) > LATE
    ]


def _lose_timers(file: object) -> int:
    with closing(sqlite3.connect(str(file), isolation_level=None)) as connection:
        return connection.execute("DELETE FROM timer_tasks").rowcount


ROWS = (
    Row("F3", "Temporal server kill -9 under load", 10, 300, server_killed, seconds=15, full_seconds=8),
    Row(
        "F4",
        "server, workers and PostgreSQL killed at once",
        5,
        100,
        all_killed,
        seconds=15,
        full_seconds=20,
        ways=FIRST,
    ),
    Row(
        "F5", "PostgreSQL killed, away, backends ended", 10, 300, database_away, seconds=25, full_seconds=30, ways=AWAY
    ),
    Row("F22", "Temporal loses every timer", 2, 30, timers_lost, UNTIMED, seconds=15, full_seconds=60),
)
