"""The sealed allocation list: made once, 33 and 33 in permuted blocks, and readable only slot by slot with the key."""

import errno
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select, text

from activities.adapters import sealed_list_backup as backups
from activities.adapters.sealed_list import JournalSealedList, permuted_blocks, published_hash
from activities.adapters.sealed_list_backup import NoBackupError, OnRecord, OtherListError
from journal.schema import ALLOCATION_LISTS, ALLOCATION_SLOTS
from journal.store import Journal

ARMS = [("COHORT_1", 33), ("COHORT_2", 33)]
SIZES = (2, 4, 6)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Where the key is kept."""
    return tmp_path / "keys" / "allocation.key"


@pytest.fixture
def sealed(journal: Journal, key_file: Path) -> JournalSealedList:
    """A sealed list of 66 slots."""
    made = JournalSealedList(journal, key_file)
    made.seal("T", ARMS, SIZES)
    return made


def arms(sealed: JournalSealedList) -> list[str]:
    """Open every slot, as nobody does before the end."""
    return [sealed.open_slot("T", slot) for slot in range(1, 67)]


def test_sixty_six_slots_hold_33_of_each_arm(sealed: JournalSealedList) -> None:
    """Each slot opens to one arm, the same every time."""
    assert Counter(arms(sealed)) == {"COHORT_1": 33, "COHORT_2": 33}
    assert arms(sealed) == arms(sealed)


def test_sealing_again_gives_the_same_list(sealed: JournalSealedList, journal: Journal, key_file: Path) -> None:
    """Also by another worker: the length, the hash and every slot."""
    first = sealed.seal("T", ARMS, SIZES), arms(sealed)
    other = JournalSealedList(journal, key_file)

    assert (other.seal("T", ARMS, SIZES), arms(other)) == first
    assert first[0][0] == 66


@pytest.mark.parametrize("seed", range(20))
def test_blocks_are_balanced_and_never_let_an_arm_run_far_ahead(seed: int) -> None:
    """With blocks of 2, 4 and 6 no arm is ever more than three ahead. Source: T1."""
    slots = permuted_blocks(ARMS, SIZES, random.Random(seed))  # noqa: S311 - reproducible

    ahead = [Counter(slots[:count]) for count in range(1, 67)]

    assert Counter(slots) == {"COHORT_1": 33, "COHORT_2": 33}
    assert max(abs(count["COHORT_1"] - count["COHORT_2"]) for count in ahead) <= 3


def test_two_lists_differ_unless_a_demonstration_asks_for_the_same(journal: Journal, key_file: Path) -> None:
    """Chance is the system's own; a seed is for demonstrations, and says so."""
    real = [permuted_blocks(ARMS, SIZES, JournalSealedList(journal, key_file)._chance) for _ in range(2)]  # noqa: SLF001 - its chance
    shown = [permuted_blocks(ARMS, SIZES, random.Random("seed")) for _ in range(2)]  # noqa: S311 - reproducible

    assert real[0] != real[1]
    assert shown[0] == shown[1]
    assert JournalSealedList(journal, key_file, random.Random(1)).demonstration  # noqa: S311 - as above
    assert not JournalSealedList(journal, key_file).demonstration


@pytest.mark.usefixtures("sealed")
def test_the_ciphertexts_tell_nothing(journal: Journal) -> None:
    """All of one length, all different, and no arm in them."""
    with journal.engine.connect() as connection:
        stored = list(connection.execute(select(ALLOCATION_SLOTS.c.sealed)).scalars())

    assert len({len(row) for row in stored}) == 1
    assert len(set(stored)) == 66
    assert not [row for row in stored if b"COHORT" in row]


def test_the_key_is_whole_random_and_for_its_owner_alone(sealed: JournalSealedList, key_file: Path) -> None:
    """Mode 0600, 32 bytes, and no part of it left beside it."""
    assert sealed.open_slot("T", 1) in ("COHORT_1", "COHORT_2")
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert len(key_file.read_bytes()) == 32
    assert [path.name for path in key_file.parent.iterdir()] == ["allocation.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_may_read_is_not_used(sealed: JournalSealedList, key_file: Path, mode: int) -> None:
    """Not to open a slot, and not to seal another list; the message says what is required."""
    key_file.chmod(mode)

    with pytest.raises(PermissionError, match="0600 is required"):
        sealed.open_slot("T", 1)
    with pytest.raises(PermissionError, match=f"mode {mode:04o}"):
        sealed.seal("U", ARMS, SIZES)


def test_without_its_key_or_with_another_one_no_slot_opens(sealed: JournalSealedList, key_file: Path) -> None:
    """And a lost key is not quietly replaced."""
    key_file.write_bytes(bytes(32))
    with pytest.raises(InvalidTag):
        sealed.open_slot("T", 1)
    key_file.unlink()
    with pytest.raises(FileNotFoundError):
        sealed.open_slot("T", 1)

    assert not key_file.exists()


def test_a_slot_opens_only_in_its_own_place(sealed: JournalSealedList, journal: Journal) -> None:
    """A row copied to another number or trial does not open: the place is sealed with it."""
    copy = "INSERT INTO allocation_slots SELECT :trial, :slot, sealed FROM allocation_slots WHERE slot = 1 LIMIT 1"
    with journal.engine.begin() as connection:
        connection.execute(text(copy), [{"trial": "U", "slot": 1}, {"trial": "T", "slot": 67}])

    for trial, slot in (("U", 1), ("T", 67)):
        with pytest.raises(InvalidTag):
            sealed.open_slot(trial, slot)
    with pytest.raises(LookupError, match="no slot 68"):
        sealed.open_slot("T", 68)


def test_the_published_hash_covers_the_list_and_a_salt_nobody_sees(sealed: JournalSealedList, journal: Journal) -> None:
    """The hash of the list alone is another one, and the salt is stored sealed."""
    with journal.engine.connect() as connection:
        row = connection.execute(select(ALLOCATION_LISTS)).one()

    assert row.sha256 != published_hash(arms(sealed), b"")
    assert len(row.sealed_salt) == 12 + 32 + 16


def record(sealed: JournalSealedList, **drawn: str) -> OnRecord:
    """Give what a register says of the list: hash, length, and drawn slots as s1, s2."""
    slots, sha256 = sealed.seal("T", ARMS, SIZES)
    return OnRecord("T", sha256, slots, {int(name[1:]): arm for name, arm in drawn.items()})


def backup(journal: Journal, tmp_path: Path) -> Path:
    """Write a back-up of the list of T."""
    with journal.snapshot() as connection:
        found = backups.stored(connection, "T")
    assert found is not None
    backups.write(found, tmp_path / "list.json")
    return tmp_path / "list.json"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Journal]:
    """A journal that was made again without its list."""
    made = Journal(f"sqlite:///{tmp_path / 'bare.db'}")
    made.migrate()
    yield made
    made.close()


def test_a_restored_list_opens_to_the_same_arms_and_nothing_was_in_clear(
    sealed: JournalSealedList, journal: Journal, bare: Journal, key_file: Path, tmp_path: Path
) -> None:
    """33 and 33, slot by slot; the file is for its owner alone and names no arm. Again, it is there already."""
    file, known = backup(journal, tmp_path), record(sealed, s1=sealed.open_slot("T", 1))

    assert backups.restore(bare, backups.read(file), key_file, known)
    assert not backups.restore(bare, backups.read(file), key_file, known)

    assert arms(JournalSealedList(bare, key_file)) == arms(sealed)
    assert "COHORT" not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        backup(journal, tmp_path)


def test_a_backup_needs_no_hard_links_and_never_replaces_a_file(
    sealed: JournalSealedList, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system without them the back-up is whole and for its owner alone; a second one is refused."""

    def no_links(part: Path, path: Path) -> None:
        raise PermissionError(errno.EPERM, "no hard links here", str(part), None, str(path))

    sealed.seal("T", ARMS, SIZES)
    monkeypatch.setattr(os, "link", no_links)
    file = backup(journal, tmp_path)
    before = file.read_bytes()

    with pytest.raises(FileExistsError):
        backup(journal, tmp_path)

    assert backups.read(file).trial == "T"
    assert (file.stat().st_mode & 0o777, file.read_bytes()) == (0o600, before)
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_without_its_list_a_slot_waits_for_the_restore(bare: Journal, key_file: Path) -> None:
    """The words tell what to do."""
    with pytest.raises(LookupError, match=r"slot 3 waits for `starter.py allocation restore FILE`"):
        JournalSealedList(bare, key_file).open_slot("T", 3)


def test_a_list_that_is_not_the_one_on_record_is_not_restored(
    sealed: JournalSealedList, journal: Journal, bare: Journal, key_file: Path, tmp_path: Path
) -> None:
    """Another hash, another length, a drawn slot that says otherwise, slots swapped or left out, another key."""
    good, known = backups.read(backup(journal, tmp_path)), record(sealed, s1=sealed.open_slot("T", 1))
    other = "COHORT_1" if known.drawn[1] == "COHORT_2" else "COHORT_2"
    elsewhere = tmp_path / "elsewhere.key"
    elsewhere.write_bytes(bytes(32))
    elsewhere.chmod(0o600)
    first, second, *rest = good.slots
    for list_, about, key, told in (
        (good, replace(known, sha256="0" * 64), key_file, "the register published"),
        (good, replace(known, slots=65), key_file, "65 slots"),
        (good, replace(known, drawn={1: other}), key_file, "slots drawn already say otherwise: 1"),
        (good, replace(known, trial="U"), key_file, "the list of T, not of U"),
        (replace(good, slots=(second, first, *rest)), known, key_file, "does not open"),
        (replace(good, slots=good.slots[:-1]), known, key_file, "this list has 65"),
        (good, known, elsewhere, "another key"),
    ):
        with pytest.raises(OtherListError, match=told):
            backups.restore(bare, list_, key, about)
    with bare.snapshot() as connection:
        assert backups.stored(connection, "T") is None


@pytest.mark.parametrize("content", ["", "{}", '{"format": "trialpath-anchor-1"}', "[]"])
def test_a_file_that_is_no_backup_is_told(tmp_path: Path, content: str) -> None:
    """Empty, cut short or another kind of file."""
    (tmp_path / "list.json").write_text(content)
    with pytest.raises(NoBackupError, match="no back-up, or not a whole one"):
        backups.read(tmp_path / "list.json")
