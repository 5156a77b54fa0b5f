"""The lists of edits: each still applies to the source as it is, and is what it says."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pytest

from mutation import listed as lists
from mutation.listed import LEAST, PYTEST, ROOT, Edit, Look, Result, asked, code_of, first_failure, listed, not_replayed
from tests.spec.test_protocol_sources import sources

EDITS, RULES = listed("edits"), listed("rules")


@pytest.mark.parametrize("edit", [*EDITS, *RULES], ids=lambda edit: f"{edit.rule} {edit.name}".strip())
def test_an_edit_stands_exactly_once_in_the_source_and_leaves_python(edit: Edit) -> None:
    """What it replaces is there once, and what comes of it parses and is another program."""
    source = (ROOT / edit.file).read_text()
    assert ast.dump(ast.parse(edit.applied(source))) != ast.dump(ast.parse(source))


def test_an_edit_that_does_not_apply_is_refused() -> None:
    """Nothing to replace, and too much to replace."""
    for old in ("absent", "twice"):
        with pytest.raises(ValueError, match=r"stands [02] times in a\.py, not once"):
            Edit(name="one", file="a.py", old=old, new="").applied("twice twice")


def test_the_lists_are_as_long_as_they_say() -> None:
    """20 of the shell, of which 19 must be noticed, and 30 rules, of which 29; none twice."""
    assert (len(EDITS), len(RULES)) == (20, 30)
    assert LEAST == {"edits": 19, "rules": 29}
    assert len({edit.name for edit in EDITS}) == 20
    assert all(edit.file.startswith("workflows/") and edit.kind for edit in EDITS)


def test_each_broken_rule_is_one_of_the_protocol() -> None:
    """Its id stands in the protocol or in the code, each in one row, and its tests are there."""
    cited = {source.rule.split()[0] for _, source in sources()}
    cited |= {rule for path in (ROOT / "domain").rglob("*.py") for rule in _cited(path)}
    rules = [edit.rule for edit in RULES]
    assert len(set(rules)) == 30
    assert sorted(set(rules) - cited) == []
    assert all(edit.file.startswith("domain/") for edit in RULES)
    assert [name for edit in RULES for name in edit.tests if not (ROOT / f"tests/spec/test_{name}.py").exists()] == []


def _cited(path: Path) -> list[str]:
    return re.findall(r"clinical-spec (\d\.\d)\b", path.read_text())


@pytest.mark.parametrize(("noticed", "is_noticed"), [(("", ""), False), (("", "a test"), True), ((), False)])
def test_an_edit_is_noticed_when_any_look_notices_it(noticed: tuple[str, ...], *, is_noticed: bool) -> None:
    """One is enough."""
    looks = tuple(Look("replay", name, 1.0) for name in noticed)
    assert Result(EDITS[0], looks).is_noticed is is_noticed


@pytest.mark.parametrize(
    ("test", "noticed", "error"),
    [
        ("def test_a(): pass", "", ""),
        ("def test_a(): assert 0", "test_it.py::test_a", ""),
        ("import nothing_of_this_name", "", "exit code 2"),
        ("import pytest\n@pytest.fixture\ndef a(): 1 / 0\ndef test_a(a): pass", "", "exit code 1"),
        ("a = 1", "", "exit code 5"),
        ("import os\ndef test_a(): os._exit(3)", "", "exit code 3"),
    ],
)
def test_only_a_test_that_failed_is_a_notice(test: str, noticed: str, error: str, tmp_path: Path) -> None:
    """A run that could not be made is told as that: no test said anything of the edit."""
    (tmp_path / "test_it.py").write_text(test)
    look = asked(tmp_path, "a test", *PYTEST, "test_it.py", found=first_failure)
    assert (look.noticed, look.error.partition(":")[0]) == (noticed, error)
    assert Result(EDITS[0], (look,)).is_noticed is bool(noticed)


@pytest.mark.parametrize(
    ("program", "noticed", "error"),
    [
        ("print('9 histories replayed clean')", "", ""),
        ("import sys; print('S001.json: another command'); sys.exit(1)", "S001.json: another command", ""),
        ("import sys; print('8 histories replayed clean'); sys.exit(1)", "", "exit code 1"),
        ("raise ImportError('no such name')", "", "exit code 1"),
    ],
)
def test_only_a_history_that_does_not_replay_is_a_notice(
    program: str, noticed: str, error: str, tmp_path: Path
) -> None:
    """A program that fell over, or found fewer histories, says nothing of the edit."""
    look = asked(tmp_path, "replay", "-c", program, found=not_replayed)
    assert (look.noticed, look.error.partition(":")[0]) == (noticed, error)


def test_a_run_that_takes_too_long_went_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It noticed nothing."""
    monkeypatch.setattr(lists, "LIMIT_SECONDS", 0.2)
    look = asked(tmp_path, "replay", "-c", "import time; time.sleep(9)", found=not_replayed)
    assert (look.noticed, look.error) == ("", "no end within 0.2 s")


@pytest.mark.parametrize("found", [Look("a", "", 1.0), Look("a", "a test", 1.0), Look("a", "", 1.0, "exit code 4")])
def test_nothing_is_said_of_edits_unless_the_copy_as_it_is_runs_well(
    found: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failing test counts, and so does a run that went wrong."""
    look: Callable[[Edit, Path], Look] = lambda _edit, _copy: found  # noqa: E731 - one look
    monkeypatch.setitem(lists.LOOKS, "rules", (look,))
    copies: SimpleQueue[Path] = SimpleQueue()
    copies.put(tmp_path)
    assert lists.unedited("rules", RULES, copies) == (found.noticed or found.error)


@pytest.mark.parametrize(
    ("noticed", "lives", "unknown", "code"), [(19, 1, 0, 0), (18, 2, 0, 1), (19, 0, 1, 1), (20, 0, 0, 0), (1, 0, 0, 0)]
)
def test_an_edit_of_which_nothing_is_known_is_an_error_of_the_whole_run(
    noticed: int, lives: int, unknown: int, code: int
) -> None:
    """However many others were noticed; a look that went wrong beside one that noticed does not matter."""
    gone = Look("replay", "", 1.0, "exit code 3: a fault")
    results = [Result(EDITS[0], (gone, Look("tests", "a test", 1.0)))] * noticed
    results += [Result(EDITS[1], (Look("tests", "", 1.0),))] * lives + [Result(EDITS[2], (gone,))] * unknown
    assert code_of("edits", results) == code
