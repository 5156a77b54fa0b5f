"""What holds for every file of this repository, whatever it is about."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_MODULE = 250

NOT_OURS = {".git", ".venv", "data", "results", "secrets"}
REGISTRY_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|crates\.io|proxy\.golang\.org|deb\.debian\.org|rubygems\.org"
    r"|[a]rtifactory|[d]evpi"
)
MACHINE_PATH = re.compile(r"(?<![A-Za-z0-9._-])/(?:work|farm|root|home/[a-z]+|Users)/|/tmp/[a-z]|/opt/(?:pypi|wheels)")
WORKPLACE = re.compile(
    r"\b(?:[c]laude|[a]nthropic|[o]penai|chat[g]pt|[c]opilot|[l]anguage model|[s]ub-?agent)\b", re.IGNORECASE
)


def files(pattern: str = "*") -> list[Path]:
    """Give our files, without what is made, downloaded or secret."""
    found = []
    for path in sorted(ROOT.rglob(pattern)):
        parts = path.relative_to(ROOT).parts
        made = any(
            part in NOT_OURS or part.endswith(("_cache", "__pycache__")) or part == ".hypothesis" for part in parts
        )
        if path.is_file() and not made and not path.name.startswith(".coverage"):
            found.append(path)
    return found


def lines_that_match(pattern: re.Pattern[str]) -> Iterator[str]:
    """Give each offending line as path:number."""
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if pattern.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"


def test_the_files_are_found() -> None:
    """The walk sees what it is meant to look at, this file among it."""
    assert {ROOT / "worker.py", ROOT / "requirements.txt", Path(__file__).resolve()} <= set(files())


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is the installer's own setting."""
    assert list(lines_that_match(REGISTRY_HOST)) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    """A clone works wherever it lies."""
    assert list(lines_that_match(MACHINE_PATH)) == []


def test_no_file_speaks_of_who_wrote_it() -> None:
    """The texts are about trials and this program."""
    assert list(lines_that_match(WORKPLACE)) == []


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        (REGISTRY_HOST, ["https:", "", "pypi" + ".org", "simple"]),
        (MACHINE_PATH, ["", "root", "notes"]),
        (MACHINE_PATH, ["cd ", "work", "main"]),
        (MACHINE_PATH, ["", "tmp", "probe"]),
        (WORKPLACE, ["Chat" + "GPT"]),
    ],
)
def test_the_patterns_find_what_they_are_for(rule: re.Pattern[str], parts: list[str]) -> None:
    """Each of the patterns can fail; the samples are put together here, so that this file passes itself."""
    assert rule.search("/".join(parts))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_with_hashes(name: str) -> None:
    """Each requirement is one version with a SHA-256, and no line names an index, an option or an address."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    rows = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    pinned = re.compile(r"^[a-z0-9][a-z0-9._-]*==\S+( ; .+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*$")
    assert [row[:80] for row in rows if not pinned.match(row)] == []
    assert "://" not in text


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_is_asked_for_is_what_is_pinned(name: str) -> None:
    """Each line of the .in file stands in the .txt file with the same version."""
    asked = [line for line in (ROOT / f"{name}.in").read_text().lower().splitlines() if "==" in line]
    pinned = re.findall(r"^\S+==\S+", (ROOT / f"{name}.txt").read_text().lower(), re.MULTILINE)
    assert asked
    assert set(asked) <= set(pinned)


def test_the_words_of_the_glossary_are_the_words_of_the_code() -> None:
    """Each name in the glossary's second column occurs in the code, so that a renamed concept is renamed there too."""
    rows = [line.split("|") for line in (ROOT / "docs/glossary.md").read_text().splitlines() if line.startswith("|")]
    names = {name for row in rows for name in re.findall(r"`([A-Za-z_0-9]+)`", row[2])}
    rooms = ("domain", "journal", "read_models", "exports", "activities", "workflows")
    code = "\n".join(path.read_text() for path in files("*.py") if path.relative_to(ROOT).parts[0] in rooms)
    assert len(names) > 40
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", code)) == []


def test_a_decision_is_told_on_one_page() -> None:
    """Each decision record has its four parts, a number, and at most 40 lines."""
    found = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [path.name[:4] for path in found] == [f"{number:04}" for number in range(1, len(found) + 1)]
    for path in found:
        lines = path.read_text().splitlines()
        assert len(lines) <= 40
        assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]


def test_each_module_says_its_duty() -> None:
    """Each Python file begins with a docstring."""
    silent = [path for path in files("*.py") if ast.get_docstring(ast.parse(path.read_text())) is None]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_modules_are_short() -> None:
    """A module that grows past the limit is two modules."""
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files("*.py")}
    long = {name for name, size in sizes.items() if size > LONGEST_MODULE and not name.startswith("tests/")}
    assert sorted(long) == []
