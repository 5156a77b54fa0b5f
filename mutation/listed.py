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
FAILED = 1
"""Exit code of a run in which something failed, and of no other."""
_FAILED = re.compile(r"^FAILED (\S+)", re.MULTILINE)
_NOT_REPLAYED = re.compile(r"^\S+: .+$")


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
    """What one look at an edit found: by what it was noticed, empty when it was not, and how long that took.

    `error`: the run itself went wrong, and says nothing of the edit.
    """

    by: str
    noticed: str
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """An edit, and every look at it."""

    edit: Edit
    looks: tuple[Look, ...]

    @property
    def is_noticed(self) -> bool:
        """Say whether any look noticed it."""
        return any(look.noticed for look in self.looks)

    @property
    def is_unknown(self) -> bool:
        """Say whether nothing is known of the edit: none noticed it, and a look went wrong."""
        return not self.is_noticed and any(look.error for look in self.looks)


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
    fails = unedited(which, edits, copies)
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
    went_wrong = sum(any(look.error for look in result.looks) for result in results)
    print(f"mutation: {noticed} of {len(results)} noticed, {went_wrong} with a run that went wrong, "
          f"{LEAST[which]} are wanted of the whole list; "
          f"{time.monotonic() - began:.0f} s, of the processor {processor.ru_utime + processor.ru_stime:.0f} s; "
          f"{(folder / 'results.json').relative_to(ROOT)}")  # fmt: skip
    return code_of(which, results)


def code_of(which: str, results: list[Result]) -> int:
    """Give 0 when enough were noticed, and of none nothing is known."""
    noticed = sum(result.is_noticed for result in results)
    return 1 if any(result.is_unknown for result in results) or noticed < min(LEAST[which], len(results)) else 0


def unedited(which: str, edits: list[Edit], copies: "SimpleQueue[Path]") -> str:
    """Ask the same of a copy as it is. Give what fails there, empty when nothing does, as it must be."""
    copy = copies.get()
    tests = tuple(dict.fromkeys(name for edit in edits for name in edit.tests))
    looks = LOOKS[which][:1] if which == "rules" else LOOKS[which]
    found = [look(Edit("none", "", "", "", tests=tests), copy) for look in looks]
    copies.put(copy)
    return "; ".join(look.noticed or look.error for look in found if look.noticed or look.error)


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


def asked(copy: Path, by: str, *arguments: str, found: Callable[[str], str]) -> Look:
    """Run a program in the copy. It notices by exit code 1 and by what `found` reads in its output, else it went wrong.

    pytest ends with 1 when tests failed, with 2 to 5 when it could not run them; Python ends with 1 for any exception.
    """
    began = time.monotonic()
    command, noticed, error = [sys.executable, *arguments], "", ""
    try:
        done = subprocess.run(command, cwd=copy, check=False, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        error = f"no end within {LIMIT_SECONDS} s"
    else:
        noticed = found(done.stdout) if done.returncode == FAILED else ""
        last = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        error = f"exit code {done.returncode}: {last}" if done.returncode and not noticed else ""
    return Look(by, noticed, round(time.monotonic() - began, 1), error)


def first_failure(output: str) -> str:
    """Give the first test that failed; one that could not be set up or read is none."""
    failed = _FAILED.search(output)
    return failed[1] if failed else ""


def not_replayed(output: str) -> str:
    """Give which history did not replay, and why: the last line, after what Temporal's core says."""
    failed = _NOT_REPLAYED.search(output.strip().rpartition("\n")[2])
    return failed[0] if failed else ""


def _replayed(_edit: Edit, copy: Path) -> Look:
    return asked(copy, "replay", "-m", "mutation.replayed", found=not_replayed)


def _shell(_edit: Edit, copy: Path) -> Look:
    return asked(copy, "tests/shell", *PYTEST, "tests/shell", found=first_failure)


def _fitting(edit: Edit, copy: Path) -> Look:
    files = [f"tests/spec/test_{name}.py" for name in edit.tests]
    return asked(copy, "fitting tests", *PYTEST, *files, found=first_failure)


def _every(_edit: Edit, copy: Path) -> Look:
    return asked(copy, "all of spec and laws", *PYTEST, "tests/spec", "tests/laws", found=first_failure)


LOOKS: dict[str, tuple[Callable[[Edit, Path], Look], ...]] = {
    "edits": (_replayed, _shell),
    "rules": (_fitting, _every),
}


def _word(look: Look) -> str:
    return look.noticed or (f"WENT WRONG: {look.error}" if look.error else "not noticed")


def _line(result: Result) -> str:
    edit = result.edit
    what = f"{edit.rule or edit.kind:34} {edit.name:44}"
    told = "; ".join(f"{look.by}: {_word(look)[:110]} ({look.seconds} s)" for look in result.looks)
    word = "noticed" if result.is_noticed else "UNKNOWN" if result.is_unknown else "LIVES  "
    return f"{word} {what} {told}"
