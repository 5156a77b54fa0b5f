"""What the parts cover, what a survivor has met, and what is kept between mutants."""

from pathlib import Path

import pytest

from mutation.__main__ import OWN_TESTS, PARTS, ROOT
from mutation.kept import Kept
from mutation.seen import Seen
from mutation.switches import Switch

FOLDS = {"journey", "folded_cycles", "folded_effects", "folded_evidence"}
STATE = {"__init__", "copying", "cycle", "events", "history", "state", "view"} | FOLDS
"""The state, its fold and what is shown of it: they have no rule. Laws and stored histories hold them."""


def test_every_module_with_a_rule_is_in_one_part() -> None:
    """A module that is split off must be put into a part."""
    covered = [str(path.relative_to(ROOT)) for paths in PARTS.values() for row in paths for path in ROOT.glob(row)]
    assert len(covered) == len(set(covered))
    patient = {path.stem for path in (ROOT / "domain/patient").glob("*.py")} - STATE
    assert {Path(path).stem for path in covered if path.startswith("domain/patient/")} == patient
    assert all(list(ROOT.glob(row)) for paths in PARTS.values() for row in paths)


def test_the_own_tests_of_a_part_are_there() -> None:
    """A file that was renamed would make a run meaningless."""
    names = [name for tests in OWN_TESTS.values() for name in tests]
    assert all((ROOT / f"tests/spec/test_{name}.py").exists() for name in names)


def checkout(folder: Path, **texts: str) -> Path:
    """Write a small checkout."""
    for name, text in {"tests/stories.py": "", "tests/spec/test_a.py": "", "domain/rule.py": "", **texts}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("changed", "is_new"),
    [
        ({}, False),
        ({"tests/spec/test_a.py": "more"}, True),
        ({"tests/spec/test_b.py": "another"}, False),
        ({"tests/stories.py": "more"}, True),
        ({"domain/rule.py": "more"}, True),
    ],
)
def test_a_survivor_meets_a_test_file_again_when_something_changed(
    tmp_path: Path,
    changed: dict[str, str],
    is_new: bool,  # noqa: FBT001 - a table
) -> None:
    """The file itself, what the tests share, or the domain."""
    seen = Seen(checkout(tmp_path))
    assert seen.is_new("m", "test_a.py")
    seen.survived("m")
    seen.save()
    again = Seen(checkout(tmp_path, **changed))
    assert again.is_new("m", "test_a.py") == is_new
    assert again.is_new("other", "test_a.py")


def test_only_what_rests_on_a_changed_function_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kept value that used another one rests on what that one rests on."""
    monkeypatch.setattr(Kept, "every", [])
    made: list[str] = []

    def inner() -> str:
        Switch.ran.add("rule")
        made.append("inner")
        return "inner"

    keep_inner = Kept(inner)

    def outer() -> object:
        made.append("outer")
        return keep_inner()

    def plain() -> str:
        made.append("plain")
        return "plain"

    keep_outer, keep_plain = Kept(outer), Kept(plain)
    for one in (keep_outer, keep_plain, keep_outer, keep_plain):
        one()
    assert made == ["outer", "inner", "plain"]
    Kept.forget("rule")
    for one in (keep_outer, keep_plain):
        one()
    assert made[3:] == ["outer", "inner"]


def test_a_switch_runs_the_function_or_one_mutant_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """And notes that it ran, by the name mutmut has for it."""
    monkeypatch.setattr(Switch, "every", [])
    monkeypatch.setattr(Switch, "ran", set())

    def x_rule__mutmut_orig() -> int:
        return 1

    def x_rule__mutmut_1() -> int:
        return 2

    def rule() -> int:
        return 1

    switch = Switch(rule, {"_mutmut_orig": x_rule__mutmut_orig, "x_rule__mutmut_1": x_rule__mutmut_1})
    Switch.note(on=True)
    assert (switch.now(), Switch.ran) == (1, {f"{__name__}.x_rule"})
    Switch.note(on=False)
    assert switch.now is rule
    Switch.set(f"{__name__}.x_rule__mutmut_1")
    assert switch.now() == 2
