"""Randomizations are asked for one after another, in one order."""

import asyncio

from demo.screening import Turns


async def come(turns: Turns, number: int, seen: list[int]) -> None:
    """Come, be noted, and let the next one come."""
    await turns.come(number)
    seen.append(number)
    turns.passed(number)


async def test_participants_come_in_the_given_order() -> None:
    """Whoever asks first, the order decides."""
    turns, seen = Turns([3, 1, 2]), list[int]()
    await asyncio.gather(*(come(turns, number, seen) for number in (1, 2, 3)))
    assert seen == [3, 1, 2]


async def test_one_who_never_comes_holds_nobody_up() -> None:
    """The next one comes when the one before has passed without coming."""
    turns, seen = Turns([1, 2]), list[int]()
    waiting = asyncio.create_task(come(turns, 2, seen))
    await asyncio.sleep(0)
    assert not seen
    turns.passed(1)
    await waiting
    assert seen == [2]
