"""Stands in for mutmut's trampoline: each mutated function is a switch, set once a process rather than asked each call.

mutmut asks the environment at every call which mutant is active, which takes more time than most functions here do.
"""

import functools
from collections.abc import Callable
from typing import ClassVar

import mutmut.mutation.trampoline

Function = Callable[..., object]


class Switch:
    """One function with its mutants. `now` is what runs when it is called."""

    every: ClassVar[list["Switch"]] = []
    ran: ClassVar[set[str]] = set()
    """The functions that ran while they were noted."""
    at_import: ClassVar[set[str]] = set()
    """The functions that ran before anything was noted: while modules were imported, before any fork."""

    def __init__(self, function: Function, mutants: dict[str, Function]) -> None:
        """Let the function run as it is."""
        self.function = function
        self.mutants = mutants
        self.now: Function = self._at_import
        Switch.every.append(self)

    @property
    def name(self) -> str:
        """The name by which mutmut knows the function: its module, and how it mangles the function's name."""
        mangled = self.mutants["_mutmut_orig"].__name__.removesuffix("__mutmut_orig")
        return f"{self.function.__module__}.{mangled}"

    @classmethod
    def note(cls, *, on: bool) -> None:
        """Note which functions run, or let them just run."""
        for one in cls.every:
            one.now = one._noted(one.name) if on else one.function  # noqa: SLF001 - its own class

    @classmethod
    def set(cls, mutant: str) -> None:
        """Let a mutant run in the place of its function."""
        module, _, name = mutant.rpartition(".")
        for one in cls.every:
            if one.function.__module__ == module and name in one.mutants:
                one.now = one.mutants[name]

    def _at_import(self, *arguments: object, **named: object) -> object:
        Switch.at_import.add(self.name)
        return self.function(*arguments, **named)

    def _noted(self, name: str) -> Function:
        def noted(*arguments: object, **named: object) -> object:
            Switch.ran.add(name)
            return self.function(*arguments, **named)

        return noted


def stand_in() -> None:
    """Put it in the place of the trampoline, before anything mutated is imported."""

    def wrap(mutants: dict[str, Function], *, is_classmethod: bool = False) -> Callable[[Function], Function]:
        if is_classmethod:
            raise NotImplementedError("the domain has no class methods that do anything")

        def wrapped(function: Function) -> Function:
            switch = Switch(function, mutants)

            @functools.wraps(function)
            def call(*arguments: object, **named: object) -> object:
                return switch.now(*arguments, **named)

            return call

        return wrapped

    mutmut.mutation.trampoline.wrap_in_trampoline = wrap  # type: ignore[assignment] # mutmut has no setting for it
