"""The command line as a program: exit codes, one line for what went wrong, and what the reading commands show."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from activities.recorder import Recorder
from domain.decider import trial_stream
from domain.values import Clock
from journal.store import Journal
from tests.server.past import CYCLE, TRIAL, Past, ago, noon, opening, request, sent
from workflows.client import Submitted

ROOT = Path(__file__).parents[2]
NOBODY = "127.0.0.1:1"
LAST_DOSE = ago(30)
READING = ["list", "due", "show S001", "timeline S001", "history S001", "doses S001 C3"]


def starter(data: Path, command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command over a data folder, with no Temporal server in reach."""
    known = {**os.environ, "TRIALPATH_DATA": str(data), "TEMPORAL_ADDRESS": NOBODY, "COLUMNS": "160", **settings}
    arguments = [sys.executable, str(ROOT / "starter.py"), *command.split()]
    return subprocess.run(arguments, env=known, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose journal has one subject in the surgery wait."""
    folder = tmp_path_factory.mktemp("data")
    journal = Journal(f"sqlite:///{folder / 'journal.db'}")
    journal.migrate()
    submitted = Submitted("open_trial", opening(TRIAL, Clock.real()), staff="SPO1", role="SPONSOR")
    Recorder(journal).record(request(trial_stream(TRIAL), 0, noon(ago(200)), sent(submitted)))
    past = Past(journal, TRIAL, LAST_DOSE - 2 * CYCLE - timedelta(days=11))
    past.randomized(LAST_DOSE - 2 * CYCLE - timedelta(days=4), "COHORT_1")
    for number in (1, 2, 3):
        past.dosed(number, LAST_DOSE - (3 - number) * CYCLE)
    journal.close()
    return folder


@pytest.mark.parametrize("command", READING)
def test_without_a_journal_a_reading_command_says_how_to_get_one(tmp_path: Path, command: str) -> None:
    """Exit code 4, one line, no traceback, and nothing made."""
    done = starter(tmp_path, command)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.count("\n") == 1
    assert "there is no journal at" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    ["open", "enroll --staff CRC1 --site TDH --born-on 1960-02-03 --sex MALE", "send S001 death --died-on 2025-07-01"],
)
def test_without_a_server_an_acting_command_ends_with_4(tmp_path: Path, command: str) -> None:
    """One line names what cannot be reached."""
    done = starter(tmp_path, command)
    assert done.returncode == 4
    assert done.stderr.startswith("cannot reach Temporal")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["recover", "recover --dry-run"])
def test_recover_says_what_is_out_of_reach(tmp_path: Path, data: Path, command: str) -> None:
    """The journal first, then Temporal: exit code 4, one line, no traceback."""
    without_journal, without_server = starter(tmp_path, command), starter(data, command)
    assert (without_journal.returncode, without_server.returncode) == (4, 4)
    assert "there is no journal at" in without_journal.stderr
    assert "cannot reach Temporal" in without_server.stderr
    assert "the same call again is safe" in without_server.stderr
    assert "Traceback" not in without_server.stderr


def test_health_names_what_is_not_well(tmp_path: Path, data: Path) -> None:
    """Exit code 1, whatever is out of reach, and what is well is said too."""
    nothing, served = starter(tmp_path, "health --json"), starter(data, "health --json")
    assert (nothing.returncode, served.returncode) == (1, 1)
    assert {check["name"] for check in json.loads(nothing.stdout)["checks"] if not check["ok"]} >= {
        "journal",
        "temporal",
    }
    found = {check["name"]: check for check in json.loads(served.stdout)["checks"]}
    assert {name for name, check in found.items() if not check["ok"]} <= {"temporal", "laboratory"}
    assert not found["temporal"]["ok"]
    assert "takes writers" in found["journal"]["detail"]


def test_health_sees_a_journal_that_takes_no_writers(data: Path) -> None:
    """Another process holds it and does not let go."""
    with closing(sqlite3.connect(data / "journal.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        checks = json.loads(starter(data, "health --json").stdout)["checks"]
        holder.execute("ROLLBACK")
    assert (checks[0]["name"], checks[0]["ok"]) == ("journal", False)
    assert "locked" in checks[0]["detail"]


def test_an_unknown_trial_is_a_setting_gone_wrong(tmp_path: Path) -> None:
    """Exit code 3; the setting and the accepted values are named."""
    done = starter(tmp_path, "protocol", TRIALPATH_TRIAL="NCT0")
    assert (done.returncode, done.stderr) == (
        3,
        "setting TRIALPATH_TRIAL: NCT0 is not known; accepted: NCT06978153\n",
    )


@pytest.mark.parametrize("command", READING)
def test_a_reading_command_prints_tables_and_json(data: Path, command: str) -> None:
    """It needs no server: the journal is enough. Both forms name the subject."""
    shown, as_json = starter(data, command), starter(data, f"{command} --json")
    assert (shown.returncode, as_json.returncode) == (0, 0), shown.stderr + as_json.stderr
    assert "S001" in shown.stdout
    assert "S001" in json.dumps(json.loads(as_json.stdout)) or command != "list"


def test_the_work_list_names_who_must_plan_the_surgery(data: Path) -> None:
    """The window runs from 28 to 42 days after the last dose, 30 days ago: what should be done by now comes first."""
    found = json.loads(starter(data, "due --role SURGEON --json").stdout)["due"]
    assert [(row["subject"], row["kind"], row["by"], row["overdue"]) for row in found] == [
        ("S001", "operability", str(LAST_DOSE + timedelta(days=28)), True),
        ("S001", "surgery_done", str(LAST_DOSE + timedelta(days=42)), False),
    ]
    assert json.loads(starter(data, "due --role PATHOLOGIST --json").stdout)["due"] == []


def test_the_timeline_shows_planned_window_and_actual(data: Path) -> None:
    """Each cycle with its dates, and the surgery window."""
    text = starter(data, "timeline S001").stdout
    assert str(LAST_DOSE) in next(line for line in text.splitlines() if "C3D1" in line)
    assert str(LAST_DOSE + 2 * CYCLE) in text


def test_the_protocol_lists_every_open_question(tmp_path: Path) -> None:
    """Tables with sources and the register of assumptions."""
    text = starter(tmp_path, "protocol").stdout
    assert all(f"Q{number}" in text for number in (2, 6, 8, 9))
    assert "BENMELSTOBART" in text


def test_the_help_of_a_command_names_its_fields(tmp_path: Path) -> None:
    """Derived from the command's model."""
    done = starter(tmp_path, "send S001 surgery_done --help")
    assert done.returncode == 0
    assert "--performed-on" in done.stdout
    assert "--resection" in done.stdout


def test_eligibility_shows_every_criterion_as_it_was_decided(data: Path) -> None:
    """A table with one summary line; as JSON every finding with its evidence, and when it was decided."""
    shown, as_json = starter(data, "eligibility S001"), starter(data, "eligibility S001 --json")
    assert (shown.returncode, as_json.returncode) == (0, 0), shown.stderr + as_json.stderr
    assert shown.stdout.splitlines()[-1].startswith("all clear: ")
    found = json.loads(as_json.stdout)
    assert (found["subject"], found["all_clear"], len(found["findings"])) == ("S001", True, 65)
    assert found["decided"].startswith("as decided on ")
    assert {"what", "value", "on", "days_before_rand"} <= set(found["findings"][3]["evidence"][0])


def test_one_criterion_is_explained(data: Path) -> None:
    """The reasoning with both limbs of I12.3, and nothing of the other rules."""
    shown = starter(data, "eligibility S001 --explain I12.3")
    assert shown.returncode == 0, shown.stderr
    assert "I12.3" in shown.stdout
    assert "clearance" in shown.stdout
    assert "grade 0" in shown.stdout
    assert "I12.2" not in shown.stdout
    (one,) = json.loads(starter(data, "eligibility S001 --explain I12.3 --json").stdout)["findings"]
    assert (one["rule"], one["verdict"]) == ("I12.3", "MET")


def test_an_unknown_criterion_is_told_with_the_known_ones(data: Path) -> None:
    """Exit code 3; the accepted rule ids are named."""
    done = starter(data, "eligibility S001 --explain I99")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("there is no criterion I99; accepted: I1.1, I1.2")
    assert "E27" in done.stderr


def test_the_schema_of_the_evidence_document_needs_no_journal(tmp_path: Path) -> None:
    """JSON schema with every section; an unknown document ends with 3."""
    done = starter(tmp_path, "schema evidence")
    assert done.returncode == 0, done.stderr
    assert {"Histology", "BloodPressure", "Reproduction"} <= set(json.loads(done.stdout)["$defs"])
    assert starter(tmp_path, "schema nothing").returncode == 3
