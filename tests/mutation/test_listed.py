"""The lists of edits: each still applies to the source as it is, and is what it says."""

import ast
import re
from pathlib import Path

import pytest

from mutation.listed import LEAST, ROOT, Edit, Look, Result, listed
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
