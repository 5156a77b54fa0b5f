"""The sealed allocation list: made once, 33 and 33 in permuted blocks, and readable only slot by slot with the key."""

import random
from collections import Counter
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select, text

from activities.adapters.sealed_list import JournalSealedList, permuted_blocks, published_hash
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
