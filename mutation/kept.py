"""Stands in for `functools.cache` in the domain and its tests: knows which mutated functions each kept value rests on.

A story kept from a run without a mutant was told by unchanged code. So what rests on the changed function is forgotten,
and the rest, which takes most of the time of the specification, is told only once.
"""

import functools
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import ClassVar

from mutation.switches import Switch

OURS = {"domain", "tests"}


@dataclass(eq=False, slots=True)
class Value:
    """A kept value, the functions that ran for it, the kept values it used, and its own processor time in seconds."""

    value: object = None
    functions: frozenset[str] = frozenset()
    used: "set[Value]" = field(default_factory=set)
    seconds: float = 0


@dataclass(slots=True)
class Notes:
    """What ran and what was used since a test, or the making of a kept value, began."""

    used: set[Value] = field(default_factory=set)
    inner_seconds: float = 0


class Kept:
    """A function whose values are kept, by its arguments."""

    every: ClassVar[list["Kept"]] = []
    notes: ClassVar[Notes] = Notes()

    def __init__(self, function: Callable[..., object]) -> None:
        """Stand in for a function."""
        functools.update_wrapper(self, function)
        self._function = function
        self._values: dict[Hashable, Value] = {}
        Kept.every.append(self)

    def __call__(self, *arguments: object, **named: object) -> object:
        """Give what is kept for the arguments, or make it."""
        key = (arguments, tuple(sorted(named.items())))
        found = self._values.get(key)
        if found is None:
            found = self._values[key] = self._made(arguments, named)
        Kept.notes.used.add(found)
        Kept.notes.used |= found.used
        Switch.ran |= found.functions
        return found.value

    def _made(self, arguments: tuple[object, ...], named: dict[str, object]) -> Value:
        outer, outer_ran = Kept.notes, Switch.ran
        Kept.notes, Switch.ran = Notes(), set()
        began = time.process_time()
        try:
            value = self._function(*arguments, **named)
            seconds = time.process_time() - began
            outer.inner_seconds += seconds
            return Value(value, frozenset(Switch.ran), Kept.notes.used, seconds - Kept.notes.inner_seconds)
        finally:
            Kept.notes, Switch.ran = outer, outer_ran | Switch.ran

    @classmethod
    def forget(cls, function: str) -> None:
        """Forget every value that a function ran for."""
        for one in cls.every:
            one._values = {key: value for key, value in one._values.items() if function not in value.functions}  # noqa: SLF001 - its own class

    @classmethod
    def refresh(cls) -> None:
        """Empty what kept journeys hold of what the unchanged code worked out of them."""
        for one in cls.every:
            for kept in one._values.values():  # noqa: SLF001 - its own class
                worked_out = getattr(getattr(kept.value, "state", None), "worked_out", None)
                if worked_out is not None:
                    worked_out.clear()

    @classmethod
    def forget_all(cls) -> None:
        """Forget every value: those made while the tests were imported had nobody to note what ran."""
        for one in cls.every:
            one._values.clear()  # noqa: SLF001 - its own class


def stand_in() -> None:
    """Put it in the place of `functools.cache`, before anything of ours is imported."""
    real = functools.cache

    def cache(function: Callable[..., object]) -> object:
        ours = function.__module__.partition(".")[0] in OURS
        return Kept(function) if ours else real(function)

    functools.cache = cache  # type: ignore[assignment] # what it stood for until now
