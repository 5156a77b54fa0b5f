"""`make mutate PART=...`: mutate the modules of one part, run tests/spec against each mutant, and say what survived.

Works on a copy below data/mutation/, where it goes on from when it is started again; the checkout is never changed.
"""

import difflib
import json
import re
import shutil
import subprocess
import sys
import textwrap
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import click

from mutation.listed import LISTS, run
from mutation.messages import is_message_only

ROOT = Path(__file__).resolve().parents[1]


def _patient(*names: str) -> tuple[str, ...]:
    return tuple(f"domain/patient/{name}.py" for name in names)


PARTS = {
    "criteria": ("domain/criteria/*.py",),
    "labs": ("domain/units.py", "domain/labs.py", "domain/analytes.py", "domain/ctcae.py"),
    "dosing": (
        "domain/dosing.py",
        *_patient("doses", "dosing", "courses", "regimens", "taken", "holds", "planning", "departures"),
    ),
    "windows": _patient("windows", "time", "agenda", "items", "clocks", "waiting", "told", "expected", "clinical_time"),
    "decide": _patient(
        "decide", "draft", "checks", "screening", "eligibility", "results", "laboratory", "readings", "gates",
        "rechecks", "samples",
        "judging", "consents", "signatures", "asks",
    ),
    "ways": _patient("surgery", "pathology", "ending", "stop", "happenings"),
    "safety": _patient("safety", "reporting", "contraception", "notices", "unread"),
    "corrections": (
        "domain/amended.py",
        *_patient(
            "corrections", "correctable", "contradictions", "differences", "follow", "branch", "amendments",
            "reclassify", "pregnancies", "ended",
        ),
    ),
}  # fmt: skip
OWN_TESTS = {
    "criteria": (
        "criteria", "disease_criteria", "evidence_missing", "evidence_shown", "examples", "history_criteria",
        "judging", "laboratory", "medication_criteria", "screening",
        "cautions", "consent_names", "consent_versions", "corrected_calcium", "drugs", "grades_shown",
        "heart_results", "pregnancy_results", "reports_in_screening", "staging",
        "adjoining_courses", "evidence_whole", "judgements_of_one_day", "statement_ages",
    ),
    "labs": ("amounts", "analytes", "ctcae", "laboratory"),
    "corrections": (
        "correction_answers", "correction_completed", "correction_effects", "correction_events", "correction_limits",
        "corrections", "corrected_days", "corrected_details", "corrected_ends", "corrected_reports",
        "corrected_results", "amounts",
    ),
}  # fmt: skip
"""Parts that some files of tests/spec are about: a first run asks these files, run again asks all."""
COPIED = (
    "domain",
    "tests",
    "examples",
    "docs",
    "activities",
    "journal",
    "workflows",
    "cli",
    "demo",
    "mutation",
    "bench",
)
LIMIT_MINUTES = 60
LEAST_KILLED = 95
KILLED, AT_IMPORT = {1, 3, 24, -24, 36, 152, 255}, 34
"""What the tests' process ended with: failed tests, or (from 24 on) stopped because it never came to an end.

AT_IMPORT: no test runs the function, it made a table while its module was imported, which no fork does again.
"""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed function: its name, the sources before and after, and how the tests ended, None before they ran."""

    name: str
    original: str
    changed: str
    ended: int | None

    @property
    def module(self) -> str:
        """The module it is in."""
        return self.name.rsplit(".", 1)[0]

    @property
    def difference(self) -> str:
        """The changed lines."""
        before, after = (re.sub(r"__mutmut_\w+", "", text) for text in (self.original, self.changed))
        lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))
        return "\n".join(line for line in lines[2:] if line[0] in "+-")


@click.command()
@click.argument("part", required=False, type=click.Choice([*PARTS, *LISTS]))
@click.option("--only", default="", help="one module of the part, such as windows; or edits by name")
@click.option("--again", is_flag=True, help="run the survivors once more, against every test")
@click.option("--tests", default="", help="only these files of tests/spec, such as agenda,windows")
def main(part: str | None, only: str, again: bool, tests: str) -> None:  # noqa: FBT001 - click hands it over
    """Run one part, at most 60 minutes; started again it goes on. Or make the edits of a list, one by one."""
    if part in LISTS:
        sys.exit(run(part, only))
    if part is None:
        for name, paths in PARTS.items():
            print(f"  {name:9} {' '.join(paths)}")
        return
    folder = ROOT / "data" / "mutation" / part
    prepare(folder, PARTS[part])
    forks(folder, "make")
    names = waiting([mutant for mutant in mutants(folder) if only in mutant.module], again)
    if names:
        files = tests.split(",") if tests else [] if again else list(OWN_TESTS.get(part, ()))
        chosen = [f"tests/spec/test_{name}.py" for name in files]
        (folder / "names.json").write_text(json.dumps({"mutants": names, "tests": chosen, "every_test": again}))
        forks(folder, "names.json", str(LIMIT_MINUTES * 60))
    sys.exit(report([mutant for mutant in mutants(folder) if only in mutant.module]))


def prepare(folder: Path, paths: tuple[str, ...]) -> None:
    """Copy what the specification needs, with mutmut's settings for the part."""
    unwanted = shutil.ignore_patterns("__pycache__", "histories")
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.rmtree(folder / name, ignore_errors=True)
        if name != "domain":
            shutil.rmtree(folder / "mutants" / name, ignore_errors=True)
        shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
    modules = [path.name for path in ROOT.glob("*.py")]
    for name in modules:
        shutil.copy2(ROOT / name, folder / name)
    settings = {
        "source_paths": ["domain"],
        "only_mutate": list(paths),
        "also_copy": [name for name in COPIED if name != "domain"] + modules,
        "pytest_add_cli_args": ["-p", "no:cacheprovider"],
        "pytest_add_cli_args_test_selection": ["tests/spec"],
        "do_not_mutate_patterns": ["assert_never"],
    }
    rows = "\n".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + f"\n[tool.mutmut]\n{rows}\n")


def forks(folder: Path, *arguments: str) -> None:
    """Start the program that makes and runs mutants, where only the copy can be imported."""
    command = [sys.executable, "-m", "mutation.forks", *arguments]
    if subprocess.run(command, cwd=folder, check=False).returncode:
        sys.exit("mutate: the mutants could not be run")


def waiting(found: list[Mutant], again: bool) -> list[str]:  # noqa: FBT001 - as click hands it over
    """Give the names still to be run, without the message-only ones."""
    return [
        mutant.name
        for mutant in found
        if (mutant.ended is None or (again and mutant.ended not in KILLED)) and not message_only(mutant)
    ]


def mutants(folder: Path) -> list[Mutant]:
    """Read what mutmut made and what became of it."""
    found = []
    for meta in sorted((folder / "mutants" / "domain").rglob("*.meta")):
        ended = json.loads(meta.read_text())["exit_code_by_key"]
        spans = json.loads(meta.with_suffix(".spans").read_text())["spans"] if ended else {}
        lines = meta.with_suffix("").read_text().splitlines()
        source = {
            name: textwrap.dedent("\n".join(lines[first - 1 : last])).strip() for name, (first, last) in spans.items()
        }
        for name, code in ended.items():
            function = name.rsplit(".", 1)[1]
            original = source[function.rsplit("__mutmut_", 1)[0] + "__mutmut_orig"]
            found.append(Mutant(name, original, source[function], code))
    return found


def message_only(mutant: Mutant) -> bool:
    """Say whether only words differ."""
    return is_message_only(mutant.original, mutant.changed)


def report(found: list[Mutant]) -> int:
    """Print survivors and the count of each module; give 1 where too few were killed or some were not run."""
    words = {mutant.name for mutant in found if message_only(mutant)}
    early = {mutant.name for mutant in found if mutant.ended == AT_IMPORT} - words
    counted = [mutant for mutant in found if mutant.name not in words | early]
    for mutant in counted:
        if mutant.ended is not None and mutant.ended not in KILLED:
            print(f"\n{mutant.name}\n{mutant.difference}")
    print(f"\n{'module':32} mutants  words only  at import  not run  killed  survived")
    enough = True
    for module in sorted({mutant.module for mutant in found}):
        rows = [mutant for mutant in counted if mutant.module == module]
        ends = Counter(
            "not run" if row.ended is None else "killed" if row.ended in KILLED else "survived" for row in rows
        )
        every = [mutant.name for mutant in found if mutant.module == module]
        aside, imported = len(words.intersection(every)), len(early.intersection(every))
        ran = ends["killed"] + ends["survived"]
        share = 100 * ends["killed"] / ran if ran else 0
        enough = enough and not ends["not run"]
        print(f"{module:32} {len(every):7}  {aside:10}  {imported:9}  {ends['not run']:7}  {ends['killed']:6}  "
              f"{ends['survived']:8}  {share:.1f} %")  # fmt: skip
    killed = sum(1 for mutant in counted if mutant.ended in KILLED)
    ran = sum(1 for mutant in counted if mutant.ended is not None)
    print(f"mutate: {killed} of {ran} killed; at least {LEAST_KILLED} % are wanted")
    return 0 if enough and 100 * killed >= LEAST_KILLED * ran else 1


if __name__ == "__main__":
    main()
