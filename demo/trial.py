"""Plays one whole trial: opens it, lets every participant come, and gathers what went wrong."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from demo.cast import START, Participant
from demo.charts import Charts
from demo.hospital import SITE, Desk, FolderDesk, Hospital, Unexpected, opening, told
from demo.pace import Pace
from demo.screening import Screening, Turns
from demo.story import Story
from domain.values import Clock
from journal.store import Journal
from settings import Settings
from workflows.client import TrialClient, Unreachable

OPENS_AT = datetime.combine(START, time(), UTC)


async def open_trial(
    client: TrialClient,
    settings: Settings,
    journal: Journal,
    clock: Clock,
    seed: str,
    desk: Desk | None = None,
) -> Hospital:
    """Open the trial on a clock, and give the hospital that takes part. Raises Unexpected when it is refused.

    Its laboratory reports at a desk; without one it drops files in the folder of the settings.
    """
    fields = opening(settings.trial, clock, START - timedelta(days=1))
    told("open_trial", await client.open_trial(fields, clock))
    desk = desk or FolderDesk(settings.labs)
    return Hospital(client, Charts(journal, settings.trial), Pace(clock, SITE), desk, seed)


async def play(hospital: Hospital, people: Sequence[Participant]) -> list[str]:
    """Play everyone to the end of their study, and say what did not go as the script says."""
    eligible = [person for person in people if not person.failure]
    order = sorted(eligible, key=lambda person: (person.randomized_on, person.minute, person.number))
    turns = Turns([person.number for person in order])
    problems: list[str] = []
    async with asyncio.TaskGroup() as group:
        for person in people:
            if not problems and await _enrolled(hospital, person, problems):
                group.create_task(_whole_way(hospital, person, turns, problems))
            else:
                turns.passed(person.number)
    return problems


async def _enrolled(hospital: Hospital, person: Participant, problems: list[str]) -> bool:
    try:
        await Screening(hospital, person).enrol()
    except (Unexpected, Unreachable) as problem:
        problems.append(str(problem))
        return False
    return True


async def _whole_way(hospital: Hospital, person: Participant, turns: Turns, problems: list[str]) -> None:
    """Play one participant; whatever happens, the next one gets their turn."""
    screening = Screening(hospital, person)
    try:
        await screening.results()
        if person.failure:
            await screening.fail()
            return
        await screening.randomize(turns)
        await Story(hospital, person).play()
    except (Unexpected, Unreachable) as problem:
        problems.append(str(problem))
    finally:
        turns.passed(person.number)
