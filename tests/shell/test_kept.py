"""What a run keeps of its facts is what it was given, however much of it is packed."""

import json

from hypothesis import given
from hypothesis import strategies as st

from domain.decider import PATIENT
from domain.patient import facts as f
from tests.given import day
from workflows.kept import LOOSE, KeptLines

LINES = st.lists(st.lists(st.text().map(json.dumps), max_size=2 * LOOSE), max_size=6)


@given(LINES)
def test_every_line_comes_back_in_order(batches: list[list[str]]) -> None:
    """Batches of any size, with whatever a text holds."""
    kept = KeptLines()
    for batch in batches:
        kept.add(batch)
    wanted = [line for batch in batches for line in batch]
    assert (kept.every(), len(kept)) == (wanted, len(wanted))


def test_one_text_is_read_into_one_value() -> None:
    """Who reads it first pays; it reads as it would by itself, and says which fields were given."""
    body = f.DoseOmitted(cycle=2, drug="ANLOTINIB", decided_on=day(28), why="nausea").model_dump_json()
    read = PATIENT.read(body)
    assert PATIENT.read(body) is read
    alone = PATIENT.fact.validate_json(body)
    assert (read, read.model_fields_set, read.model_dump_json()) == (alone, alone.model_fields_set, body)


def test_a_copy_of_what_is_shared_changes_nothing_else() -> None:
    """The set of given fields is shared; a copy has one of its own."""
    first, other = (
        PATIENT.read(f.EpochEntered(epoch=name, entered_on=day(0)).model_dump_json()) for name in ("A", "B")
    )
    copy = first.model_copy(update={"epoch": "C"})
    assert copy.model_fields_set is not other.model_fields_set
    assert (first.epoch, other.epoch, copy.epoch) == ("A", "B", "C")
