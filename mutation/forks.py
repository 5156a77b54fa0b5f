"""Runs mutants of mutmut below pytest: the specification is imported and run once, then each mutant is a fork.

Started by `mutation` in the copy of a part, never by hand. A fork runs only the tests that reach the changed function,
those that killed a mutant of it before first, then the shortest, and stops at the first that fails.
"""

import gc
import json
import math
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mutmut.__main__ import create_mutants
from mutmut.mutation.data import SourceFileMutationData
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, setup_source_paths, walk_mutatable_files

from mutation import kept, switches
from mutation.kept import Kept, Notes, Value
from mutation.seen import Seen
from mutation.switches import Switch

SURVIVED, FAILED, NO_TEST, AT_IMPORT, ENDLESS = 0, 1, 33, 34, 36
ENOUGH = -1
MEMORY_BYTES = 6 << 30
PATIENCE_S = 5.0
"""Seconds of processor time that a test gets beside 20 times what it takes without a mutant."""
SAVED_AFTER_S = 20
ENOUGH_S = 3.0
"""Seconds of processor time after which a mutant counts as survived in a first run; run again it meets every test."""


def make() -> None:
    """Write the mutants of the part, those that are still good from the last time left as they are."""
    Path("mutants").mkdir(exist_ok=True)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        copy_src_dir()
        copy_also_copy_files()
        create_mutants(1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The mutants to run, the test files to run them against (none: all), and whether each meets every test."""

    mutants: list[str]
    tests: list[str]
    every_test: bool


def run(wanted: Wanted, seconds: float) -> None:
    """Run mutants, as many as fit into the time."""
    data = [SourceFileMutationData(path=path) for path in walk_mutatable_files()]
    for one in data:
        one.load()
        one.meta_path = one.meta_path.absolute()
    seen = Seen(Path.cwd())
    setup_source_paths()
    os.chdir("mutants")
    options = ["--rootdir=.", "-q", "--no-header", "-s", "--tb=native", "--assert=plain", "-p", "no:cacheprovider"]
    plugin = Forks(data, wanted, time.monotonic() + seconds, seen)
    sys.exit(int(pytest.main([*(wanted.tests or ["tests/spec"]), *options], plugins=[plugin])))


@dataclass(slots=True)
class Test:
    """A test: what it takes without a mutant (processor seconds), the functions it runs, the kept values it uses."""

    item: pytest.Item
    seconds: float
    functions: set[str]
    used: set[Value] = field(default_factory=set)

    def seconds_for(self, function: str) -> float:
        """Give what it takes when every kept value that rests on a function has to be made again."""
        return self.seconds + sum(value.seconds for value in self.used if function in value.functions)


class Forks:
    """The plugin: in place of running the tests once, it runs them against each mutant."""

    def __init__(self, data: list[SourceFileMutationData], wanted: Wanted, ends_at: float, seen: Seen) -> None:
        """Keep what is to be run, and until when."""
        self._of = {name: one for one in data for name in one.exit_code_by_key}
        self._names = wanted.mutants
        self._is_part = bool(wanted.tests)
        self._ends_at = ends_at
        self._seen = seen
        self._enough_s = math.inf if wanted.every_test else ENOUGH_S
        self._failed = False
        self._reaching: defaultdict[str, list[Test]] = defaultdict(list)
        self._killers: defaultdict[str, list[Test]] = defaultdict(list)
        """By function, and by module."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test failed."""
        self._failed = self._failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Find out which tests reach what, then run the mutants."""
        if session.testsfailed:
            pytest.exit("the specification cannot be collected", returncode=FAILED)
        session.config.pluginmanager.unregister(name="terminalreporter")
        began = time.monotonic()
        Kept.forget_all()
        Switch.note(on=True)
        for item in session.items:
            self._reach(item)
        print(f"mutate: {len(session.items)} tests without a mutant, {time.monotonic() - began:.0f} s", flush=True)
        Switch.note(on=False)
        Kept.refresh()
        gc.collect()
        gc.freeze()
        self._mutants()
        return True

    def _reach(self, item: pytest.Item) -> None:
        """Run one test without a mutant, and note which functions it runs."""
        Kept.notes, Switch.ran = Notes(), set()
        began = time.process_time()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if self._failed:
            print(f"mutate: {item.nodeid} fails without a mutant")
            pytest.exit(item.nodeid, returncode=FAILED)
        seconds = time.process_time() - began - Kept.notes.inner_seconds
        test = Test(item, seconds, Switch.ran, Kept.notes.used)
        for name in Switch.ran:
            self._reaching[name].append(test)

    def _mutants(self) -> None:
        began = saved = time.monotonic()
        changed: set[SourceFileMutationData] = set()
        for done, name in enumerate(self._names, 1):
            data, started = self._of[name], time.monotonic()
            if started > self._ends_at:
                break
            data.exit_code_by_key[name] = self._mutant(name)
            data.durations_by_key[name] = time.monotonic() - started
            changed.add(data)
            if done == len(self._names) or time.monotonic() > saved + SAVED_AFTER_S:
                saved = time.monotonic()
                print(f"mutate: {done} of {len(self._names)} mutants, {saved - began:.0f} s", flush=True)
                self._save(changed)
        self._save(changed)

    def _save(self, changed: set[SourceFileMutationData]) -> None:
        for data in changed:
            data.save()
        changed.clear()
        self._seen.save()

    def _mutant(self, name: str) -> int:
        """Run the tests against one mutant in a fork, and give how that ended."""
        function = name.rpartition("__mutmut_")[0]
        reaching = self._reaching[function]
        if not reaching:
            return AT_IMPORT if function in Switch.at_import else NO_TEST
        tests = [test for test in self._ordered(function) if self._seen.is_new(name, test.item.path.name)]

        def work() -> int | None:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            Switch.set(name)
            Kept.forget(function)
            for place, test in enumerate(tests):
                signal.setitimer(signal.ITIMER_PROF, PATIENCE_S + 20 * test.seconds_for(function))
                test.item.config.hook.pytest_runtest_protocol(item=test.item, nextitem=None)
                if self._failed:
                    return place
                if time.process_time() > self._enough_s:
                    return ENOUGH
            return None

        ended, place = _forked(work)
        if place == ENOUGH:
            return SURVIVED
        if place is not None:
            for killers in (self._killers[function], self._killers[_module(function)]):
                killers[:] = [tests[place], *(test for test in killers if test is not tests[place])]
        if ended == SURVIVED and not self._is_part:
            self._seen.survived(name)
        return ended

    def _ordered(self, function: str) -> list[Test]:
        """Give the tests that reach a function: those that killed first, then by what they take."""
        reaching = self._reaching[function]
        if function not in self._killers:
            reaching.sort(key=lambda test: test.seconds_for(function))
        known = {id(test): test for test in self._killers[function]}
        for test in self._killers[_module(function)]:
            if function in test.functions:
                known.setdefault(id(test), test)
        return [*known.values(), *(test for test in reaching if id(test) not in known)]


def _module(function: str) -> str:
    return function.rpartition(".")[0]


def _forked(work: Callable[[], int | None]) -> tuple[int, int | None]:
    """Do some work in a fork: give how it ended, and the place of the test that failed. The timer's end is ENDLESS."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        ended = FAILED
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            place = work()
            ended = SURVIVED if place is None else FAILED
            os.write(writing, b"" if place is None else str(place).encode())
        finally:
            os._exit(ended)
    os.close(writing)
    with os.fdopen(reading) as told:
        place_told = told.read()
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return (ENDLESS if ended == -signal.SIGPROF else ended), int(place_told) if place_told else None


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make()
    else:
        kept.stand_in()
        switches.stand_in()
        run(Wanted(**json.loads(Path(sys.argv[1]).read_text())), float(sys.argv[2]))
