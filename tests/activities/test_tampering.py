"""Who changes, cuts, swaps, copies or puts in a row of the journal is found and the row named, by two verifiers."""

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from activities.recorder import Recorder
from journal.anchor import Anchor, compare
from journal.store import Journal
from journal.verify import Finding, verify
from tests.activities.tampering import KINDS, Tampering, bare_copy
from tests.second_verifier import verify as verify_again
from tests.server.past import TRIAL, Past, ago, request, sent
from workflows.client import Submitted

TAMPERINGS = 2000
"""Whole journals tampered with, one way each."""


@pytest.fixture
def url(path: Path) -> str:
    """The address of a journal in SQLite: rows are the same in both databases."""
    return f"sqlite:///{path}"


@pytest.fixture
def played(trial: Journal) -> Journal:
    """A journal of two subjects and the register, with submissions applied and refused."""
    for _ in range(2):
        past = Past(trial, TRIAL, ago(2))
        for number in range(5):
            term = f"fever {number}, 38.5 °C ✓"
            past.said("adverse_event", ago(1), term=term, grade=1, serious=False, onset_on=str(ago(1)))
        refused = Submitted("adverse_event", {"term": "x", "grade": 9, "serious": False}, staff="INV1")
        step = Recorder(trial).record(request(past.stream, past.journey.seq, datetime.now(UTC), sent(refused)))
        assert step.answers[0].outcome == "refused"
    return trial


@pytest.fixture
def bare(played: Journal, path: Path) -> Iterator[sqlite3.Connection]:
    """Its rows in memory, where nothing protects them."""
    assert played.head().position >= 30
    with closing(sqlite3.connect(path)) as file:
        copy = bare_copy(file)
    yield copy
    copy.close()


@pytest.fixture
def read(bare: sqlite3.Connection) -> Iterator[Connection]:
    """The same rows, as the product reads them."""
    engine = create_engine("sqlite://", creator=lambda: bare, poolclass=StaticPool, pool_reset_on_return=None)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def first_finding(read: Connection, anchor: Anchor) -> Finding | None:
    """Verify as the command does, and give the first finding."""
    report = verify(read, at=[anchor.position])
    return next(iter(compare(anchor, report)), None)


def test_two_thousand_tamperings_are_found_and_named_by_both(bare: sqlite3.Connection, read: Connection) -> None:
    """Edits of every column, deletions, swaps, moves, copies, insertions and cuts: same code, same row."""
    sound = verify(read)
    anchor = Anchor(sound.position, sound.chain, "", sound.ends)
    assert (sound.findings, verify_again(bare, (anchor.position, anchor.chain))) == ([], (0, 0))
    found: Counter[tuple[str, int]] = Counter()
    for seed in range(TAMPERINGS):
        chance = random.Random(seed)  # noqa: S311 - reproducible
        kind: Tampering = chance.choice(KINDS)
        bare.execute("BEGIN")
        at = kind(bare, chance)
        finding = first_finding(read, anchor)
        again = verify_again(bare, (anchor.position, anchor.chain))
        bare.execute("ROLLBACK")
        assert finding is not None, (seed, kind.__name__)
        assert (int(finding.trouble), finding.position) == again, (seed, kind.__name__, finding)
        assert finding.position in at, (seed, kind.__name__, finding)
        found[kind.__name__, int(finding.trouble)] += 1
    assert {name for name, _ in found} == {kind.__name__ for kind in KINDS}
    assert {code for name, code in found if name == "edit"} == {10}
    assert {code for name, code in found if name == "delete"} == {11}
    assert {code for name, code in found if name in ("swap", "move")} == {12}
    assert {code for name, code in found if name in ("duplicate", "insert")} == {10}
    assert {code for name, code in found if name == "cut"} == {13}
