"""The looks of the health page: one that hangs or fails keeps no other from being told, and is not begun twice."""

import asyncio
import contextlib
from collections.abc import Sequence
from threading import Event
from typing import Any, cast

import pytest

import health_page
from activities.checks import Check
from settings import Settings

SOON = 0.2


class Page:
    """A page that keeps what it was told, and says when it was often enough."""

    def __init__(self, rounds: int) -> None:
        """Wait for so many rounds."""
        self._rounds = rounds
        self.told: list[dict[str, str]] = []
        self.enough = asyncio.Event()

    def tell(self, checks: Sequence[Check]) -> None:
        """Keep each part's sentence; empty when it is well."""
        self.told.append({check.name: "" if check.ok else check.detail for check in checks})
        if len(self.told) == self._rounds:
            self.enough.set()


async def rounds(count: int, **looks: Any) -> list[dict[str, str]]:
    """Look so many times at these parts; give what was told each time."""
    page = Page(count)
    looking = asyncio.create_task(
        health_page.keep_looking(cast("Any", page), cast("Any", None), Settings(), cast("Any", looks))
    )
    await asyncio.wait_for(page.enough.wait(), 30)
    looking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await looking
    return page.told


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often, and find Temporal well."""

    async def well(*_: object) -> list[Check]:
        return [Check("temporal", ok=True, detail="")]

    monkeypatch.setattr(health_page, "LOOK_SECONDS", SOON)
    monkeypatch.setattr(health_page, "examine", well)


def test_a_look_that_hangs_takes_one_thread_and_keeps_no_other_back() -> None:
    """A frozen database answers nothing, for hours. The other parts are told as they are all the while."""
    begun, goes_on, others = [], Event(), []

    def frozen() -> Check:
        begun.append(1)
        goes_on.wait(30)
        return Check("journal", ok=True, detail="")

    def well() -> Check:
        others.append(len(begun))
        if len(others) == 6:
            goes_on.set()
        return Check("disk", ok=True, detail="")

    told = asyncio.run(rounds(8, journal=frozen, disk=well))

    assert {row["journal"] for row in told[:5]} == {"it did not answer within 0 s"}
    assert {row["disk"] for row in told[:5]} == {""}
    assert set(others[1:6]) == {1}


def test_a_look_that_fails_in_a_way_nobody_foresaw_is_red_and_the_page_goes_on() -> None:
    """Without its text, which may hold what it read."""

    def broken() -> Check:
        raise ValueError("name of a person")

    told = asyncio.run(rounds(2, laboratory=broken))
    assert told == [{"laboratory": "it cannot be looked at (ValueError, a fault of ours)", "temporal": ""}] * 2
