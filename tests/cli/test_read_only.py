"""A data folder that takes nothing: what reads goes on and changes no byte, what sends says so and sends nothing."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from activities.recorder import Recorder
from cli.main import Failed
from cli.outbox import Outbox
from domain.decider import trial_stream
from domain.values import Clock
from journal.store import Journal
from tests.cli.here import Here, here
from tests.server.past import TRIAL, Past, ago, noon, opening, request, sent
from workflows.client import Submitted

__all__ = ["here"]
ROOT = Path(__file__).parents[2]
NOBODY = "127.0.0.1:1"
SEND = "send S001 death --died-on 2025-07-01 --staff INV1"
MOUNTED = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
FULL = 'ulimit -f 0 && exec "$@"'
NAMESPACE = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--mount"]
MAY_MOUNT = shutil.which("unshare") and not subprocess.call([*NAMESPACE, "sh", "-c", MOUNTED, "/tmp", "true"])  # noqa: S108 - any folder
mounts = pytest.mark.skipif(not MAY_MOUNT, reason="nobody may mount a folder read-only here")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal file of one subject, written ahead as a worker leaves it."""
    file = tmp_path_factory.mktemp("template") / "journal.db"
    with closing(Journal(f"sqlite:///{file}")) as journal:
        journal.migrate()
        opened = Submitted("open_trial", opening(TRIAL, Clock.real()), staff="SPO1", role="SPONSOR")
        Recorder(journal).record(request(trial_stream(TRIAL), 0, noon(ago(9)), sent(opened)))
        Past(journal, TRIAL, ago(5))
    return file


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    """A data folder with a copy of it."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(template, folder / "journal.db")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Give every file with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def starter(data: Path, command: str, around: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command, with something around it, with no Temporal server in reach."""
    known = {**os.environ, "TRIALPATH_DATA": str(data), "TEMPORAL_ADDRESS": NOBODY, "COLUMNS": "160"}
    line = [*around, sys.executable, str(ROOT / "starter.py"), *command.split()]
    return subprocess.run(line, env=known, cwd=ROOT, capture_output=True, text=True, check=False)


def read_only(data: Path) -> list[str]:
    """Give what mounts a folder read-only around a command, for that command alone."""
    return [*NAMESPACE, "sh", "-c", MOUNTED, str(data)]


def test_a_full_disk_keeps_no_id_so_nothing_is_sent(data: Path) -> None:
    """No file may get a byte: exit code 4, one line that names the folder, and no half file is left."""
    done = starter(data, SEND, ["sh", "-c", FULL, "sh"])

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1)
    assert done.stderr.startswith("the submission was not sent: its id cannot be kept in ")
    assert str(data / "outbox") in done.stderr
    assert list((data / "outbox").iterdir()) == []


def test_a_folder_in_the_way_keeps_no_id(tmp_path: Path) -> None:
    """A file where the outbox should be."""
    (tmp_path / "outbox").write_text("")

    with pytest.raises(Failed, match=r"was not sent.*make that folder writable") as failed:
        Outbox(tmp_path / "outbox").id_for("death")
    assert failed.value.code == 4


@mounts
def test_a_read_only_folder_keeps_no_id_so_nothing_is_sent(data: Path) -> None:
    """The same words as on a full disk."""
    done = starter(data, SEND, read_only(data))

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1)
    assert "the submission was not sent" in done.stderr
    assert "Read-only file system" in done.stderr


@mounts
@pytest.mark.parametrize("command", ["journal verify", "list", "show S001", "history S001"])
@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_journal_on_a_read_only_medium_is_read(data: Path, command: str, mode: str) -> None:
    """As an inspector gets it: whichever way it was written, nothing is needed beside it."""
    with closing(sqlite3.connect(data / "journal.db")) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
    before = files(data)

    done = starter(data, command, read_only(data))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    assert files(data) == before


@mounts
def test_rows_in_the_log_on_a_read_only_medium_are_not_passed_over(data: Path) -> None:
    """The log of a worker that was killed holds rows: they are read with the file, or the call says it cannot."""
    copy = data.with_name("copy")
    with closing(sqlite3.connect(data / "journal.db", isolation_level=None)) as connection:
        for (name,) in list(connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("UPDATE facts SET staff = 'NOBODY' WHERE position = 2")
        shutil.copytree(data, copy)

    done = starter(copy, "journal verify", read_only(copy))

    assert (done.returncode, done.stderr.startswith("altered: position 2,")) == (10, True)


@mounts
def test_a_journal_on_a_read_only_medium_tells_the_writer(data: Path) -> None:
    """`health` takes the lock as a writer would."""
    done = starter(data, "health", read_only(data))

    assert done.returncode == 1
    assert "readonly database" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["list", "journal verify", "show S001"])
def test_a_file_of_another_program_stays_as_it_is(here: Here, tmp_path: Path, command: str) -> None:
    """It is no journal: exit code 4, and not one byte of it changes."""
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute("CREATE TABLE theirs (what TEXT)")
        connection.commit()
    before = files(tmp_path)

    done = here(tmp_path, command)

    assert done.returncode == 4
    assert "there is no journal yet" in done.stderr
    assert files(tmp_path) == before


@pytest.mark.parametrize("command", ["journal verify", "list", "show S001", "history S001"])
def test_what_reads_changes_no_byte(here: Here, data: Path, command: str) -> None:
    """Also where the disk would take it, and the file keeps no log."""
    with closing(sqlite3.connect(data / "journal.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    before = files(data)

    assert here(data, command).returncode == 0
    assert files(data) == before


def test_an_answer_forgets_its_own_id_alone(tmp_path: Path) -> None:
    """A call with an id of its own leaves the id of the earlier call, whose answer never came."""
    outbox = Outbox(tmp_path)
    kept = outbox.id_for("death", "S001")

    outbox.answered("another-id", "death", "S001")
    assert outbox.id_for("death", "S001") == kept
    outbox.answered(kept, "death", "S001")
    assert outbox.id_for("death", "S001") != kept
