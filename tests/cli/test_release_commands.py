"""`release` and `replay` without a server: what is refused, and how; histories that replay and that do not."""

import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from temporalio import workflow

from activities.recorder import Recorder
from domain.decider import trial_stream
from domain.values import Clock
from journal.store import Journal
from tests.cli.here import Here, here
from tests.replay.recorded import CLOSED, HERE
from tests.server.past import TRIAL, Past, ago, noon, opening, request, sent
from workflows.client import Submitted

__all__ = ["here"]
NOBODY = "127.0.0.1:1"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose journal has an open trial and one subject."""
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.migrate()
    submitted = Submitted("open_trial", opening(TRIAL, Clock.real()), staff="SPO1", role="SPONSOR")
    Recorder(journal).record(request(trial_stream(TRIAL), 0, noon(ago(200)), sent(submitted)))
    Past(journal, TRIAL, ago(3))
    journal.close()
    return tmp_path


@pytest.mark.parametrize(
    ("command", "settings", "told"),
    [
        ("release", {}, "say which: `starter.py release BUILD`, or set TRIALPATH_BUILD"),
        ("release 2.0 --back-to 1.0", {}, "accepted: BUILD, --back-to BUILD, or --show; one of them"),
        ("release 2.0 --limit 0", {}, "--limit"),
        ("release 2.0", {"TRIALPATH_DEPLOYMENT": "a.b"}, "setting TRIALPATH_DEPLOYMENT"),
        ("release 2.0", {"TRIALPATH_BUILD": "a:b"}, "setting TRIALPATH_BUILD"),
    ],
)
def test_a_release_that_is_not_well_named_ends_with_3(
    here: Here, data: Path, command: str, settings: dict[str, str], told: str
) -> None:
    """One line says what is accepted."""
    done = here(data, command, **settings)
    assert done.returncode == 3
    assert told in done.stderr


@pytest.mark.parametrize("command", ["release 2.0", "release --back-to 1.0", "release --show", "replay --running"])
def test_without_a_server_a_release_ends_with_4(here: Here, data: Path, tmp_path: Path, command: str) -> None:
    """Temporal, or the journal before it, is named."""
    done, nothing = here(data, command, TEMPORAL_ADDRESS=NOBODY), here(tmp_path / "none", command)
    assert (done.returncode, nothing.returncode) == (4, 4)
    assert done.stderr.startswith("cannot reach Temporal")
    assert "there is no journal at" in nothing.stderr


def test_a_release_that_cannot_read_what_is_recorded_is_refused(here: Here, data: Path) -> None:
    """A rollback behind a new kind of fact would wedge the subject: exit code 2, before Temporal is asked."""
    with closing(sqlite3.connect(data / "journal.db")) as journal, journal:
        for (trigger,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            journal.execute(f"DROP TRIGGER {trigger}")
        later = """UPDATE facts SET body = replace(body, '"SubjectRegistered"', '"OfALaterRelease"')"""
        journal.execute(later)
    done = here(data, "release --back-to 1.0", TRIALPATH_BUILD="2.0", TEMPORAL_ADDRESS=NOBODY)
    assert done.returncode == 2
    assert f"this program cannot read patient-{TRIAL}-S001" in done.stderr
    assert "nothing was changed; it is 2.0, run the program of 1.0 instead" in done.stderr


@pytest.fixture
def histories(tmp_path: Path) -> Path:
    """A folder of two recorded histories, one of them a floor below."""
    folder = tmp_path / "histories"
    (folder / "below").mkdir(parents=True)
    shutil.copy(HERE / "histories" / CLOSED[0], folder / CLOSED[0])
    shutil.copy(HERE / "histories" / CLOSED[1], folder / "below" / CLOSED[1])
    return folder


def test_stored_histories_replay_clean(here: Here, tmp_path: Path, histories: Path) -> None:
    """Exit code 0 and a count; a folder named is taken, and without one the installation's own."""
    named, own = here(tmp_path, f"replay {histories}"), here(tmp_path, "replay")
    assert (named.returncode, own.returncode) == (0, 0)
    assert named.stdout == own.stdout == f"{histories}: 2 histories, 0 do not replay\n"


def test_what_does_not_replay_is_named(
    here: Here, tmp_path: Path, histories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed shell fails each; a file that is no history fails too. Exit code 1."""
    (histories / "torn.json.gz").write_bytes(gzip.compress(b'{"events": ['))
    monkeypatch.setattr(workflow, "upsert_search_attributes", lambda _: None)
    done, told = here(tmp_path, f"replay {histories}"), here(tmp_path, f"replay {histories} --json")
    assert (done.returncode, told.returncode) == (1, 1)
    assert f"FAILED {histories}: torn.json.gz: it is no history, or not a whole one" in done.stderr
    assert "Nondeterminism" in done.stderr
    assert set(json.loads(told.stdout)["places"][0]["failed"]) == {"torn.json.gz", CLOSED[0], f"below/{CLOSED[1]}"}


def test_a_folder_without_histories_is_said(here: Here, tmp_path: Path) -> None:
    """Exit code 3: a check of nothing is no check."""
    done = here(tmp_path, f"replay {tmp_path}")
    assert done.returncode == 3
    assert f"{tmp_path} holds no history" in done.stderr
