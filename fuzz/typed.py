"""The command line in one process, with a journal at hand and no server in reach: how it ends, and what it writes."""

import contextlib
import io
import os
import sqlite3
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Self

from activities.recorder import Recorder
from cli.main import UNHEALTHY
from cli.main import main as command_line
from domain.decider import trial_stream
from domain.values import Clock
from fuzz import argv
from fuzz.tally import Tally
from journal.store import Journal
from tests.given import TRIAL_ID
from tests.server.past import Past, ago, noon, opening, request, sent
from workflows.client import Submitted

GROUP, IN_PROCESS = "command line", "in process"
DOCUMENTED = frozenset({0, 2, 3, 4, 5, 130})
OF_ITS_OWN = {"health": {UNHEALTHY}, "replay": {UNHEALTHY}, "journal": set(range(10, 16))}
"""Exit codes that one command has beside the others: not well, and what `journal verify` found."""
NEVER_MIND = ("outbox", "notices.jsonl", "journal.db", "journal.db-wal", "journal.db-shm", "read-models.db")
"""What a command may write whatever comes of it; of the journal the rows are counted."""
HERE = Path("in/a/folder/here")
"""Where it is typed: so deep that no `../..` of what is typed leads out."""
FORCE = "--force"
TABLES = ("submissions", "facts", "allocation_lists", "allocation_slots")
Written = dict[str, tuple[int, int]]


class Typed:
    """A folder with a data folder, where words are typed and counted."""

    def __init__(self, tally: Tally) -> None:
        """Count here."""
        self._tally = tally
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Make a journal with one subject in screening, and files that are none of the program's."""
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory())).resolve()
        self._stack.enter_context(_surroundings())
        data, here = self.folder / "data", self.folder / HERE
        data.mkdir()
        here.mkdir(parents=True)
        os.environ |= {"TRIALPATH_DATA": str(data), "TEMPORAL_ADDRESS": "127.0.0.1:1", "COLUMNS": "40"}
        _journal(data)
        os.chdir(here)
        for name in argv.FILES:
            Path(name).write_bytes(b'{"junk": [1, "\xff"]}')
        return self

    def __exit__(self, *_: object) -> None:
        """Put all back as it was."""
        self._stack.close()

    def type(self, words: list[str]) -> int | None:
        """Type words and count how it ended; None: it fell over."""
        before, rows = self._written(), self._rows()
        out, errors = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace"), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
                code = command_line(words)
        except BaseException:  # noqa: BLE001 - what it looks for
            self._crash("tracebacks", words, traceback.format_exc()[-1500:])
            return None
        written = undue(words, code, before, self._written())
        if (
            code not in DOCUMENTED | OF_ITS_OWN.get(words[0] if words else "", set())
            or "Traceback" in errors.getvalue()
        ):
            self._crash("tracebacks", words, f"exit {code}: {errors.getvalue()[-500:]}")
        elif written or self._rows() != rows:
            self._crash("wrong", words, f"exit {code}, yet it wrote {', '.join(written) or 'into the journal'}")
        else:
            self._tally.add(GROUP, IN_PROCESS, "refused" if code else "accepted")
        return code

    def _written(self) -> Written:
        """Give every file there is, by its size and when it was last written."""
        files = {path: path.stat() for path in self.folder.rglob("*") if path.is_file()}
        return {str(path.relative_to(self.folder)): (about.st_size, about.st_mtime_ns) for path, about in files.items()}

    def _rows(self) -> tuple[int, ...]:
        with closing(sqlite3.connect(self.folder / "data" / "journal.db")) as file:
            return tuple(file.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES)  # noqa: S608 - our tables

    def _crash(self, outcome: str, words: list[str], why: str) -> None:
        self._tally.crash(GROUP, IN_PROCESS, outcome, words=argv.shown(words), why=why)


def undue(words: list[str], code: int, before: Written, after: Written) -> list[str]:
    """Give the files that were written without leave.

    A command that did not end well writes none; one that did writes new ones, and over others only when forced.
    """
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    changed = [name for name in changed if not set(Path(name).parts) & set(NEVER_MIND)]
    if code:
        return changed
    return [] if FORCE in words else [name for name in changed if name in before]


@contextlib.contextmanager
def _surroundings() -> Iterator[None]:
    """Put the folder and the environment back in the end."""
    before, here = dict(os.environ), Path.cwd()
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ |= before


def _journal(folder: Path) -> None:
    """Make a journal with one subject in screening."""
    journal = Journal(f"sqlite:///{folder / 'journal.db'}")
    journal.migrate()
    submitted = Submitted("open_trial", opening(TRIAL_ID, Clock.real()), staff="SPO1", role="SPONSOR")
    Recorder(journal).record(request(trial_stream(TRIAL_ID), 0, noon(ago(200)), sent(submitted)))
    Past(journal, TRIAL_ID, ago(19)).eligible(ago(12))
    journal.close()
