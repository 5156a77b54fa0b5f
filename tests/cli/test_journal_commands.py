"""`starter.py journal` and `starter.py submission`: exit codes, the row named, and clear words for bad input."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from activities.adapters.sealed_list import JournalSealedList
from activities.recorder import Recorder
from cli.main import main
from domain.decider import trial_stream
from domain.values import Clock
from journal.store import Journal, JournalUnusableError
from tests.server.bad import RASH
from tests.server.past import TRIAL, Past, ago, noon, opening, request, sent
from workflows.client import Submitted

SUBJECT = f"patient-{TRIAL}-S001"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal file with a subject, an applied and a refused report, and a sealed list on record."""
    file = tmp_path_factory.mktemp("template") / "journal.db"
    with closing(Journal(f"sqlite:///{file}")) as journal:
        journal.migrate()
        recorder = Recorder(journal)
        opened = Submitted("open_trial", opening(TRIAL, Clock.real()), staff="SPO1", role="SPONSOR")
        recorder.record(request(trial_stream(TRIAL), 0, noon(ago(9)), sent(opened)))
        past = Past(journal, TRIAL, ago(5))
        for number, fields in ((1, RASH), (2, RASH | {"grade": 9}), (3, RASH | {"onset_on": str(ago(-9))})):
            report = Submitted("adverse_event", fields, staff="INV1", id=f"report-{number}-of-S001")
            recorder.record(request(past.stream, 1, noon(ago(1)), sent(report)))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return file


@pytest.fixture
def file(template: Path, tmp_path: Path) -> Path:
    """A copy of it, where the command line looks."""
    return Path(shutil.copy(template, tmp_path / "journal.db"))


@pytest.fixture
def run(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command and gives its exit code and what it printed."""
    monkeypatch.setenv("TRIALPATH_DATA", str(file.parent))
    monkeypatch.chdir(tmp_path)

    def command(line: str, **settings: str) -> tuple[int, str, str]:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        code = main(line.split())
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def tampered(file: Path, *statements: str) -> None:
    """Change the file as its owner could: the triggers go first."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for (name,) in list(connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement.replace("{subject}", SUBJECT))


def last(file: Path) -> int:
    """Give the last position."""
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT max(position) FROM (SELECT position FROM facts UNION SELECT position FROM submissions)"
        return int(connection.execute(query).fetchone()[0])


def anchored(run: Run) -> str:
    """Make keys and an anchor, and give the options that verify with it."""
    assert run("journal key --out key.pem")[0] == 0
    code, out, err = run("journal anchor --key key.pem --out anchor.json")
    assert (code, err) == (0, "")
    assert "position" in out
    return "--anchor anchor.json --public-key key.pem.pub"


def test_a_sound_journal_is_told_with_its_length_and_chain(run: Run, file: Path) -> None:
    """Exit code 0, alone, by stream, with an anchor, and as JSON."""
    options = anchored(run)

    for line in ("journal verify", f"journal verify --stream {SUBJECT}", f"journal verify {options}"):
        code, out, err = run(line)
        assert (code, err) == (0, "")
        assert out.startswith("sound: ")
    found = json.loads(run(f"journal verify {options} --json")[1])
    assert (found["sound"], found["code"], found["findings"], found["position"]) == (True, 0, [], last(file))
    assert run(f"journal verify --stream {SUBJECT} {options}")[0] == 0


@pytest.mark.parametrize(
    ("code", "statement", "named"),
    [
        (10, "UPDATE facts SET body = replace(body, 'TDH', 'TDX') WHERE stream = '{subject}' AND seq = 1", "fact 1"),
        (10, "UPDATE submissions SET reason = 'PHASE' WHERE submission_id = 'report-2-of-S001'", "report-2-of-S001"),
        (11, "DELETE FROM submissions WHERE submission_id = 'report-2-of-S001'", "submission"),
        (11, "DELETE FROM facts WHERE stream = '{subject}' AND seq = 1", "fact 1"),
        (12, "UPDATE submissions SET position = 900 WHERE submission_id = 'report-2-of-S001'", "report-2-of-S001"),
    ],
)
def test_what_was_tampered_with_is_named(run: Run, file: Path, code: int, statement: str, named: str) -> None:
    """Exit code, position, stream, row and what would be expected; by the stream alone too, where that can be seen."""
    tampered(file, statement.format(subject=SUBJECT))

    found, out, err = run("journal verify")
    as_json = json.loads(run("journal verify --json")[1])

    assert (found, out) == (code, "")
    assert named in err
    assert "expected: " in err
    assert (as_json["code"], as_json["sound"]) == (code, False)
    if code != 12:
        assert as_json["findings"][0]["stream"] in (SUBJECT, "?")
        assert run(f"journal verify --stream {SUBJECT}")[0] == code


@pytest.mark.parametrize(
    ("table", "column", "named"),
    [
        ("facts", "body", "fact 1"),
        ("facts", "stream", "fact 1"),
        ("facts", "hash", "fact 1"),
        ("facts", "chain", "fact 1"),
        ("submissions", "body", "report-1-of-S001"),
        ("submissions", "submission_id", "report-1-of-S001"),
        ("submissions", "previous_hash", "report-1-of-S001"),
    ],
)
def test_a_byte_that_is_no_text_is_found_and_nobody_s_words_are_shown(
    run: Run, file: Path, table: str, column: str, named: str
) -> None:
    """Exit code 10 with the row named; elsewhere 4 and what to do, without the row's text."""
    row = "seq = 1" if table == "facts" else "submission_id = 'report-1-of-S001'"
    changed = f"CAST(CAST({column} AS BLOB) || x'80' AS TEXT)"
    tampered(file, f"UPDATE {table} SET {column} = {changed} WHERE {row} AND stream = '{SUBJECT}'")  # noqa: S608 - our own

    code, out, err = run("journal verify")
    assert (code, out) == (10, "")
    assert err.startswith("altered: position ")
    assert named in err.splitlines()[0]
    as_json = json.loads(run("journal verify --json")[1])
    assert as_json["findings"][0]["trouble"] == "altered"
    assert named in as_json["findings"][0]["row"]
    assert run("journal key --out key.pem")[0] == 0
    assert run("journal anchor --key key.pem --out anchor.json")[0] == 10


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("show S001", "body"),
        ("history S001", "body"),
        ("list", "body"),
        ("due", "body"),
        ("models rebuild", "body"),
        ("models rebuild", "hash"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_without_its_text(run: Run, file: Path, line: str, column: str) -> None:
    """Exit code 4 and one line that names the command to run."""
    changed = f"CAST(CAST({column} AS BLOB) || x'ff' AS TEXT)"
    tampered(file, f"UPDATE facts SET {column} = {changed} WHERE stream = '{SUBJECT}' AND seq = 1")  # noqa: S608 - our own

    code, out, err = run(line)

    assert (code, out, err.count("\n")) == (4, "", 1)
    assert "a row cannot be read" in err
    assert "`starter.py journal verify`" in err
    assert "kind" not in err


def test_a_sealed_list_s_fact_that_is_none_is_named_by_the_chain(run: Run, file: Path) -> None:
    """A body that is no JSON, or tells no list, is an altered row and no traceback."""
    for body in ("{", "[]", '{"slots":"x","sha256":"ab"}'):
        stream = trial_stream(TRIAL)
        tampered(file, f"UPDATE facts SET kind = 'AllocationListSealed', body = '{body}' WHERE stream = '{stream}'")  # noqa: S608 - our own
        code, _, err = run("journal verify")
        assert (code, err.startswith("altered: ")) == (10, True)
    listed = """kind = 'AllocationListSealed', body = '{"slots":1,"sha256":"ab"}'"""
    tampered(file, f"UPDATE facts SET {listed}, stream = CAST(x'7472ff2d7880' AS TEXT) WHERE position = 2")  # noqa: S608 - our own
    assert run("journal verify")[0] in (10, 12)


def test_no_anchor_is_given_to_a_journal_that_is_not_sound(run: Run, file: Path, tmp_path: Path) -> None:
    """The same code as verify, and no file."""
    run("journal key --out key.pem")
    tampered(file, "UPDATE facts SET staff = 'INV9' WHERE position = 3")

    code, _, err = run("journal anchor --key key.pem --out anchor.json")

    assert (code, "altered: position 3" in err) == (10, True)
    assert not (tmp_path / "anchor.json").exists()


def test_a_cut_tail_is_found_with_an_anchor_alone(run: Run, file: Path) -> None:
    """Exit code 13; stream and last fact are named. Without the anchor the shorter journal is sound."""
    options = anchored(run)
    end = last(file)
    for table in ("facts", "submissions"):
        tampered(file, f"DELETE FROM {table} WHERE position >= {end}")  # noqa: S608 - our own tables

    assert run("journal verify")[0] == 0
    code, _, err = run(f"journal verify {options}")
    assert code == 13
    assert f"tail cut: position {end}, stream {SUBJECT}" in err
    assert f"expected: {SUBJECT} goes to position {end}" in err
    assert run(f"journal verify --stream {SUBJECT} {options}")[0] == 13


def test_a_past_that_was_written_anew_is_found_with_an_anchor(run: Run, file: Path, tmp_path: Path) -> None:
    """Another journal, sound by itself and longer, does not have the anchored chain."""
    options = anchored(run)
    for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    with closing(Journal(f"sqlite:///{file}")) as journal:
        journal.migrate()
        opened = Submitted("open_trial", opening(TRIAL, Clock.real()), staff="SPO1", role="SPONSOR")
        Recorder(journal).record(request(trial_stream(TRIAL), 0, noon(ago(9)), sent(opened)))
        for _ in range(4):
            Past(journal, TRIAL, ago(5))

    assert run("journal verify")[0] == 0
    code, _, err = run(f"journal verify {options}")
    assert code == 10
    assert "expected: the chain at position" in err
    assert f"stream {SUBJECT}" in err


def put_on_record(file: Path, sha256: str, slots: int) -> None:
    """The register's record tells of a sealed list."""
    with closing(Journal(f"sqlite:///{file}")) as journal:
        stream = trial_stream(TRIAL)
        facts = journal.facts(stream)
        kept = ("position", "stream", "previous_hash", "hash", "chain")
        row = {name: value for name, value in journal.submissions(stream)[0].items() if name not in kept}
        seq, body = facts[-1].seq + 1, {"kind": "AllocationListSealed", "request": 2, "sha256": sha256, "slots": slots}
        told = facts[-1]._replace(
            seq=seq, kind="AllocationListSealed", body=json.dumps(body), submission_id="list-is-sealed"
        )
        with journal.locked(stream) as held:
            held.append(row | {"submission_id": "list-is-sealed", "first_seq": seq, "last_seq": seq}, [told])


@pytest.fixture
def sealed(file: Path) -> Path:
    """The journal holds a real sealed list, and its key lies beside it."""
    with closing(Journal(f"sqlite:///{file}")) as journal:
        sealing = JournalSealedList(journal, file.parent / "allocation.key")
        slots, sha256 = sealing.seal(TRIAL, [("COHORT_1", 33), ("COHORT_2", 33)], [2, 4, 6])
    put_on_record(file, sha256, slots)
    return file


def test_a_sealed_list_is_held_against_its_fact(run: Run, file: Path) -> None:
    """The record tells of a list and a SHA-256; a list that is gone is missing."""
    put_on_record(file, "ab", 1)

    code, _, err = run("journal verify")
    assert (code, f"allocation list of {TRIAL}" in err) == (11, True)
    tampered(file, "INSERT INTO allocation_slots VALUES ('NCT06978153', 1, x'00')")
    tampered(file, "INSERT INTO allocation_lists VALUES ('NCT06978153', 'cd', 1, x'00')")
    code, _, err = run("journal verify")
    assert (code, "SHA-256 ab" in err) == (10, True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE allocation_slots SET sealed = CAST(substr(sealed, 1, 60) || x'00' AS BLOB) WHERE slot = 7",
        "UPDATE allocation_slots SET sealed = (SELECT sealed FROM allocation_slots WHERE slot = 8) WHERE slot = 7",
        "UPDATE allocation_lists SET sealed_salt = CAST(substr(sealed_salt, 1, 40) || x'00' AS BLOB)",
    ],
)
def test_a_changed_slot_is_found_where_the_key_is(run: Run, sealed: Path, statement: str) -> None:
    """Opened in memory, never shown; without its key the list is counted, and that is said."""
    assert run("journal verify")[0] == 0
    tampered(sealed, statement)

    code, out, err = run("journal verify")
    (sealed.parent / "allocation.key").rename(sealed.parent / "elsewhere.key")
    without = run("journal verify")

    assert (code, out) == (10, "")
    assert f"allocation list of {TRIAL}" in err
    assert "COHORT" not in err
    assert without[0] == 0
    assert "counted, not opened" in without[2]


@pytest.mark.parametrize("change", ["'slots', 'slotz'", "'{', '['", "'66', '\"66\"'"])
def test_a_changed_fact_of_a_sealed_list_is_named(run: Run, sealed: Path, change: str) -> None:
    """Whatever it says now; no anchor is given."""
    statement = "UPDATE facts SET body = replace(body, {change}) WHERE kind = 'AllocationListSealed'"
    tampered(sealed, statement.format(change=change))
    run("journal key --out key.pem")
    for line in ("journal verify", "journal anchor --key key.pem --out anchor.json"):
        code, _, err = run(line)
        assert code == 10
        assert "altered: position" in err


def test_an_index_that_hides_rows_is_found_and_nothing_is_decided_on_it(run: Run, file: Path) -> None:
    """One byte of the file, in no row at all: reading by the index gives half a stream (SQLite)."""
    with closing(sqlite3.connect(file)) as connection:
        page_size = connection.execute("PRAGMA page_size").fetchone()[0]
        name = "sqlite_autoindex_facts_1"
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
    content = bytearray(file.read_bytes())
    at = content.index(SUBJECT.encode(), (root - 1) * page_size, root * page_size)
    content[at] ^= 1
    file.write_bytes(content)

    code, _, err = run("journal verify")
    assert code == 10
    assert "the database's file" in err


def test_a_stream_with_a_hole_is_not_read(file: Path) -> None:
    """Nothing is decided on half a stream, and who reads it is told what to run."""
    tampered(file, "DELETE FROM facts WHERE stream = '{subject}' AND seq = 2")
    with closing(Journal(f"sqlite:///{file}")) as journal, pytest.raises(JournalUnusableError, match="journal verify"):
        journal.facts(SUBJECT)


def test_a_stream_that_was_cut_whole_is_known_by_the_anchor(run: Run, file: Path) -> None:
    """Exit code 13, also when only that stream is asked about."""
    options = anchored(run)
    tampered(file, "DELETE FROM facts WHERE stream = '{subject}'", "DELETE FROM submissions WHERE stream = '{subject}'")
    code, _, err = run(f"journal verify --stream {SUBJECT} {options}")
    assert (code, SUBJECT in err) == (13, True)


def test_what_the_journal_alone_shows_is_told_when_temporal_is_away(run: Run, file: Path) -> None:
    """Its code wins; with a sound journal it is 4."""
    away = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    assert run("journal verify --against-temporal", **away)[0] == 4
    tampered(file, "UPDATE facts SET body = replace(body, 'TDH', 'TDX') WHERE stream = '{subject}'")
    code, _, err = run("journal verify --against-temporal", **away)
    assert (code, "fact 1" in err, "the journal alone was verified" in err) == (10, True, True)


def test_a_bad_anchor_is_told_from_a_bad_journal(run: Run, tmp_path: Path) -> None:
    """Another key or a changed number: 14. A truncated or foreign file, or one option without the other: 3."""
    options = anchored(run)
    anchor = tmp_path / "anchor.json"
    text = anchor.read_text()

    run("journal key --out other.pem")
    code, _, err = run("journal verify --anchor anchor.json --public-key other.pem.pub")
    assert (code, "does not fit" in err) == (14, True)
    anchor.write_text(text.replace('"position":', '"position":1'))
    assert run(f"journal verify {options}")[0] == 14
    one = '"position":'
    numbers = [text.replace(one, f'{one}{wrong},{one[:-2]}s":') for wrong in ("Infinity", "-Infinity", "NaN", "1e999")]
    numbers += [text.replace(one, f'"more":{wrong},{one}') for wrong in ("NaN", '"\\ud800"', "[" * 9999 + "]" * 9999)]
    for broken in (
        text[: len(text) // 2],
        "",
        "[]",
        '{"signature": "zz"}',
        text.replace('"chain":', '"chains":'),
        *numbers,
    ):
        anchor.write_text(broken)
        code, _, err = run(f"journal verify {options}")
        assert (code, "is no anchor, or not a whole one" in err) == (3, True)
    anchor.write_text(text)
    assert run("journal verify --anchor anchor.json --public-key key.pem")[0] == 3
    assert run("journal verify --anchor anchor.json")[0] == 3


def test_a_key_is_made_once_and_kept_to_its_owner(run: Run, tmp_path: Path) -> None:
    """Mode 0600; never written over; not used when others may read it; and only an Ed25519 key signs."""
    assert run("journal key --out key.pem")[0] == 0
    key = tmp_path / "key.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()

    assert run("journal key --out key.pem")[0] == 3
    assert key.read_bytes() == before
    key.chmod(0o640)
    code, _, err = run("journal anchor --key key.pem --out anchor.json")
    assert (code, "mode 0640; 0600 is required" in err) == (3, True)
    key.chmod(0o600)
    assert run("journal anchor --key key.pem.pub --out anchor.json")[0] == 3
    key.write_bytes(before[:50])
    code, _, err = run("journal anchor --key key.pem --out anchor.json")
    assert (code, "holds no private key" in err) == (3, True)
    assert not (tmp_path / "anchor.json").exists()


def test_a_key_with_a_password_is_told(run: Run, tmp_path: Path) -> None:
    """Exit code 3: nobody is asked for it."""
    locked = BestAvailableEncryption(b"a password")
    text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)
    (tmp_path / "key.pem").write_bytes(text)
    (tmp_path / "key.pem").chmod(0o600)

    code, out, err = run("journal anchor --key key.pem --out anchor.json")

    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "key.pem is locked with a password" in err
    assert "accepted: a key as `starter.py journal key` makes one" in err
    assert not (tmp_path / "anchor.json").exists()


def test_both_keys_are_made_or_none(run: Run, tmp_path: Path) -> None:
    """A public key that is there already belongs to somebody: no private one is left alone beside it."""
    (tmp_path / "key.pem.pub").write_text("theirs")

    code, out, err = run("journal key --out key.pem")

    assert (code, out) == (3, "")
    assert "no key was made" in err
    assert "key.pem.pub" in err
    assert not (tmp_path / "key.pem").exists()
    assert (tmp_path / "key.pem.pub").read_text() == "theirs"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense", "the journal's address cannot be read; accepted: sqlite:///FILE or postgresql://"),
        ("mysql://me:Secret-1@db/x", "the journal cannot lie in 'mysql'"),
        ("postgresql://me:Secret-1@127.0.0.1:1/x", "waiting for the journal (postgresql 127.0.0.1:1/x)"),
        ("postgresql://me:Secret-1@nowhere.invalid/x", "waiting for the journal (postgresql nowhere.invalid:5432/x)"),
        ("sqlite://", "the journal's address names no file; accepted: sqlite:///FILE or postgresql://"),
        ("sqlite:///", "the journal's address names no file; accepted"),
        ("sqlite:///:memory:", "the journal's address names no file; accepted"),
        ("sqlite:///file:x?mode=memory&uri=true", "the journal's address names no file; accepted"),
        ("sqlite://me:Secret-1@db/x", "names a host, SQLite has a file; accepted"),
        ("sqlite+other:////nowhere/journal.db", "there is no journal at /nowhere/journal.db"),
        ("sqlite:////nowhere/journal.db", "there is no journal at /nowhere/journal.db"),
    ],
)
@pytest.mark.parametrize("line", ["journal verify", "list", "submission x"])
def test_a_wrong_address_is_told_without_its_password(run: Run, line: str, address: str, words: str) -> None:
    """Exit code 4, one line."""
    code, out, err = run(line, TRIALPATH_JOURNAL_URL=address)

    assert (code, out) == (4, "")
    assert words in err
    assert "Secret" not in err
    assert err.count("\n") == 1


def test_a_newer_journal_is_refused(run: Run, file: Path) -> None:
    """Exit code 4: an older program does not read what it may misunderstand."""
    tampered(file, "UPDATE alembic_version SET version_num = '0999'")

    for line in ("journal verify", "journal prepare", "show S001"):
        code, _, err = run(line)
        assert (code, "version 0999, newer than this program's" in err) == (4, True)


def test_an_unknown_stream_is_told_with_some_that_are(run: Run) -> None:
    """Exit code 2."""
    code, _, err = run("journal verify --stream patient-X")
    assert (code, err) == (2, f"there is no stream patient-X; accepted: {SUBJECT}, {trial_stream(TRIAL)}\n")


def test_prepare_makes_the_schema_and_knows_that_a_file_has_no_roles(run: Run, tmp_path: Path) -> None:
    """An empty file becomes a journal; a role is refused there."""
    address = f"sqlite:///{tmp_path / 'new.db'}"
    code, out, _ = run("journal prepare", TRIALPATH_JOURNAL_URL=address)
    assert (code, "the schema is this program's" in out) == (0, True)
    code, _, err = run("journal prepare --role app", TRIALPATH_JOURNAL_URL=address)
    assert (code, "SQLite has no roles" in err) == (4, True)


@pytest.mark.parametrize(
    ("submission_id", "code", "outcome", "words"),
    [
        ("report-1-of-S001", 0, "applied", "AdverseEventReported"),
        ("report-2-of-S001", 3, "refused", "MALFORMED"),
        ("report-3-of-S001", 2, "refused", "FUTURE"),
        ("report-4-of-S001", 5, "unknown", "The same call again is safe"),
    ],
)
def test_what_became_of_a_submission(run: Run, submission_id: str, code: int, outcome: str, words: str) -> None:
    """Applied with its facts, refused with the reason, or unknown; as text and as JSON."""
    found, out, _ = run(f"submission {submission_id}")
    as_json = json.loads(run(f"submission {submission_id} --json")[1])

    assert (found, words in out) == (code, True)
    assert (as_json["outcome"], len(as_json["answers"])) == (outcome, int(code != 5))
    assert all(answer["stream"] == SUBJECT for answer in as_json["answers"])
