"""Commands at the same moment: what is on record must be what one of the two orders gives."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chaos.rows.races import Order, judged, serial
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.history import Entry
from journal.store import StoredFact
from tests.given import Story, when
from tests.stories import in_neoadjuvant, screened
from workflows.client import Submitted


def reported() -> Story:
    """Give a story in which a rash of grade 1 was reported."""
    story = screened()
    event = c.ReportAdverseEvent(term="rash", grade=1, serious=False, onset_on=story.today)
    return when(story, event, role="INVESTIGATOR").story


def submitted(name: str, kind: str, fields: dict[str, Any]) -> Submitted:
    """Give what an investigator sends."""
    return Submitted(kind, fields, staff="INV1", role="INVESTIGATOR", id=f"submission-{name}")


def corrections(story: Story) -> list[Submitted]:
    """Give two corrections of the rash, each to another grade."""
    fact = story.seq_of(f.AdverseEventReported)
    return [
        submitted(str(grade), "correct", {"fact": fact, "fields": {"grade": grade}, "why": "by the notes"})
        for grade in (2, 3)
    ]


def stored(entries: Iterable[Entry]) -> list[StoredFact]:
    """Give entries as the journal holds them."""
    return [
        StoredFact(number, entry.act, entry.fact.kind, entry.staff, "INVESTIGATOR", None, entry.at.isoformat(), "",
                   entry.fact.model_dump_json())
        for number, entry in enumerate(entries, start=1)
    ]  # fmt: skip


def recorded(story: Story, *orders: Order) -> list[StoredFact]:
    """Give the record after commands, each order decided on the story as it is: two orders saw the same."""
    entries = list(story.entries)
    for order in orders:
        for name, taken in serial(story.entries, order).items():
            entries += [Entry(fact, "INV1", name, order[0][1]) for fact in taken.facts]
    return stored(entries)


def sent(pair: Iterable[Submitted], at: datetime) -> list[tuple[Submitted, str, datetime]]:
    """Give what the rows of applied commands say."""
    return [(one, "applied", at) for one in pair]


def test_either_order_of_two_corrections_will_do_and_they_differ() -> None:
    """The last one counts: so the order matters, and both are right."""
    story = reported()
    first, second = corrections(story)
    at = story.now
    for order in (((first, at), (second, at)), ((second, at), (first, at))):
        wrong, _, bites = judged(stored(story.entries), recorded(story, order), sent((first, second), at))
        assert wrong == []
        assert bites


def test_two_commands_that_both_saw_the_same_record_are_named() -> None:
    """The second correction must say what it changed after the first one, and not before it."""
    story = reported()
    first, second = corrections(story)
    at = story.now
    after = recorded(story, ((first, at),), ((second, at),))
    wrong, _, _ = judged(stored(story.entries), after, sent((first, second), at))
    assert wrong == ["correct applied, correct applied: on record is what neither order of the two gives"]


def test_a_lost_command_is_named() -> None:
    """It was told applied, and its facts are not there."""
    story = reported()
    first, second = corrections(story)
    after = recorded(story, ((first, story.now),))
    assert judged(stored(story.entries), after, sent((first, second), story.now))[0]


def test_reports_that_have_nothing_to_do_with_each_other_prove_nothing() -> None:
    """Their orders do not differ, so that such a pair does not count as a hit."""
    story = reported()
    pair = [
        submitted(term, "adverse_event", {"term": term, "grade": 1, "serious": False, "onset_on": str(story.today)})
        for term in ("cough", "nausea")
    ]
    order = tuple((one, story.now) for one in pair)
    wrong, _, bites = judged(stored(story.entries), recorded(story, order), sent(pair, story.now))
    assert wrong == []
    assert not bites


def test_a_hold_beside_a_resumption_depends_on_the_order() -> None:
    """What is not held yet cannot go on."""
    story = in_neoadjuvant()
    fields = {"drug": "ETOPOSIDE", "decided_on": str(story.today), "why": "at once"}
    hold, resume = (submitted(kind, kind, fields) for kind in ("hold_drug", "resume_drug"))
    at = story.now
    outcomes = serial(story.entries, ((resume, at), (hold, at)))
    assert outcomes[hold.id].outcome == "applied"
    assert outcomes[resume.id].outcome != "applied"
    told = [(hold, "applied", at), (resume, outcomes[resume.id].outcome, at)]
    wrong, _, bites = judged(stored(story.entries), recorded(story, ((resume, at), (hold, at))), told)
    assert wrong == []
    assert bites
