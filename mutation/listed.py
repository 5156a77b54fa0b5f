"""Named edits from a list, made one at a time in a copy of the tree, and what notices each of them.

`python -m mutation edits`: illegal edits of the shell, against the replay of the golden histories and tests/shell.
`python -m mutation rules`: broken clinical rules, against the tests that fit, then all of tests/spec and tests/laws.
The lists are `edits.toml` and `rules.toml` beside this; tests/mutation holds that each edit still applies.
"""

import json
import re
import resource
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[1]
LISTS = {"edits": "edits.toml", "rules": "rules.toml"}
LEAST = {"edits": 19, "rules": 29}
"""How many of the 20, and of the 30, must be noticed."""
AT_ONCE = 2
LIMIT_SECONDS = 600
"""How long one look at one edit may take. What takes longer noticed nothing: the machine may only be busy."""
NOT_COPIED = (".git", ".venv", "data", "__pycache__", ".*_cache", ".hypothesis", "results", "secrets")
PYTEST = ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: `old` in `file` becomes `new`. `tests` of tests/spec are asked first."""

    name: str
    file: str
    old: str
    new: str
    kind: str = ""
    rule: str = ""
    tests: tuple[str, ...] = ()

    def applied(self, source: str) -> str:
        """Give the source with the edit. Raises ValueError unless `old` stands there exactly once."""
        found = source.count(self.old)
        if found != 1:
            raise ValueError(f"{self.rule} {self.name}: stands {found} times in {self.file}, not once".strip())
        return source.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at an edit found: by what it was noticed, empty when it was not, and how long that took."""

    by: str
    noticed: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """An edit, and every look at it."""

    edit: Edit
    looks: tuple[Look, ...]

    @property
    def is_noticed(self) -> bool:
        """Say whether any look noticed it."""
        return any(look.noticed for look in self.looks)


def listed(which: str) -> list[Edit]:
    """Give the edits of a list."""
    rows = tomllib.loads((Path(__file__).parent / LISTS[which]).read_text())["edit"]
    return [Edit(**{**row, "tests": tuple(row.get("tests", ()))}) for row in rows]


def run(which: str, only: str = "") -> int:
    """Make each edit, look at it, print the table and write JSON. Give 1 when too few were noticed."""
    edits = [edit for edit in listed(which) if only in f"{edit.rule} {edit.name}"]
    folder = ROOT / "data" / "mutation" / which
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(AT_ONCE):
        copies.put(_copy(folder / f"copy-{number}"))
    began = time.monotonic()
    fails = _unedited(which, edits, copies)
    if fails:
        print(f"mutation: without any edit {fails} fails: nothing can be said of the edits")
        return 1

    def look(edit: Edit) -> Result:
        copy = copies.get()
        try:
            result = Result(edit, tuple(_looked_at(edit, copy, which)))
        finally:
            copies.put(copy)
        print(_line(result), flush=True)
        return result

    with ThreadPoolExecutor(AT_ONCE) as threads:
        results = list(threads.map(look, edits))
    (folder / "results.json").write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    noticed = sum(result.is_noticed for result in results)
    processor = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"mutation: {noticed} of {len(results)} noticed, {LEAST[which]} are wanted of the whole list; "
          f"{time.monotonic() - began:.0f} s, of the processor {processor.ru_utime + processor.ru_stime:.0f} s; "
          f"{(folder / 'results.json').relative_to(ROOT)}")  # fmt: skip
    return 0 if noticed >= min(LEAST[which], len(results)) else 1


def _unedited(which: str, edits: list[Edit], copies: "SimpleQueue[Path]") -> str:
    """Ask the same of a copy as it is. Give what fails there, empty when nothing does, as it must be."""
    copy = copies.get()
    tests = tuple(dict.fromkeys(name for edit in edits for name in edit.tests))
    looks = LOOKS[which][:1] if which == "rules" else LOOKS[which]
    found = [look(Edit("none", "", "", "", tests=tests), copy).noticed for look in looks]
    copies.put(copy)
    return "; ".join(filter(None, found))


def _copy(folder: Path) -> Path:
    """Copy the tree."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return folder


def _looked_at(edit: Edit, copy: Path, which: str) -> Iterator[Look]:
    """Make the edit, look, and undo it. Of a rule the first notice is enough; of the shell each look is told."""
    path = copy / edit.file
    before = path.read_text()
    path.write_text(edit.applied(before))
    try:
        for look in LOOKS[which]:
            found = look(edit, copy)
            yield found
            if found.noticed and which == "rules":
                return
    finally:
        path.write_text(before)


def _asked(copy: Path, by: str, *arguments: str, found: Callable[[str], str]) -> Look:
    """Run a program in the copy; a failure is a notice, and `found` tells from its output by what."""
    began = time.monotonic()
    command = [sys.executable, *arguments]
    try:
        done = subprocess.run(command, cwd=copy, check=False, capture_output=True, text=True, timeout=LIMIT_SECONDS)
        noticed = found(done.stdout) or "it ended with an error" if done.returncode else ""
    except subprocess.TimeoutExpired:
        noticed = ""
    return Look(by, noticed, round(time.monotonic() - began, 1))


def _first_failure(output: str) -> str:
    failed = _FAILED.search(output)
    return failed[1] if failed else ""


def _last_line(output: str) -> str:
    """Give the program's own word: before it stands what Temporal's core says."""
    return output.strip().rpartition("\n")[2]


def _replayed(_edit: Edit, copy: Path) -> Look:
    return _asked(copy, "replay", "-m", "mutation.replayed", found=_last_line)


def _shell(_edit: Edit, copy: Path) -> Look:
    return _asked(copy, "tests/shell", *PYTEST, "tests/shell", found=_first_failure)


def _fitting(edit: Edit, copy: Path) -> Look:
    files = [f"tests/spec/test_{name}.py" for name in edit.tests]
    return _asked(copy, "fitting tests", *PYTEST, *files, found=_first_failure)


def _every(_edit: Edit, copy: Path) -> Look:
    return _asked(copy, "all of spec and laws", *PYTEST, "tests/spec", "tests/laws", found=_first_failure)


LOOKS: dict[str, tuple[Callable[[Edit, Path], Look], ...]] = {
    "edits": (_replayed, _shell),
    "rules": (_fitting, _every),
}


def _line(result: Result) -> str:
    edit = result.edit
    what = f"{edit.rule or edit.kind:34} {edit.name:44}"
    told = "; ".join(f"{look.by}: {look.noticed[:110] or 'not noticed'} ({look.seconds} s)" for look in result.looks)
    return f"{'noticed' if result.is_noticed else 'LIVES  '} {what} {told}"
