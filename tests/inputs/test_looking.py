"""What `make fuzz` takes for harm: a message without a row of its own, a refusal that says too little, a wrong code."""

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionRequest, UpdateWorkflowExecutionResponse

from fuzz.campaign import SENDERS, Campaign
from fuzz.ground import PASTS, Ground
from fuzz.looking import alike, lacking, matched, place_of, typed_in_vain
from fuzz.messages import Odd, named, odd
from fuzz.shapes import history
from fuzz.tally import Tally
from tests.given import START

EVENT = {"term": "rash", "grade": 1, "serious": False, "onset_on": "2025-06-02"}
ONE = odd("types", "one", "adverse_event", {**EVENT, "grade": "x"})
OTHER = odd("types", "other", "adverse_event", {**EVENT, "grade": "y"})
SUBJECT = "S001"


def row_of(of: Odd, position: int, /, **about: object) -> dict[str, Any]:
    """Give the row of a message that was refused as it should be."""
    kind, sha256 = place_of(of)
    told = {"reason": "MALFORMED", "detail": "grade: not a number", "field": "grade", "rule": "", "accepts": "a number"}
    begun = {"submission_id": f"id-{position}", "channel": "signal", "outcome": "refused", "first_seq": None}
    return {**begun, **told, "kind": kind, "sha256": sha256, "position": position, **about}


class FakeGround:
    """An installation whose record says what a test has put there, and whose subjects are well."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        """Hold these rows."""
        self._rows = list(rows)
        self.state = {"facts": 3}
        self.place = SimpleNamespace(send=self._takes)

    async def _takes(self, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(outcome="applied", reason="")

    def rows(self, _subject: str | None) -> list[dict[str, Any]]:
        """Give them."""
        return self._rows

    async def is_open(self, _subject: str | None) -> bool:
        """Say that the journey runs."""
        return True

    async def trouble(self, _subject: str | None) -> str:
        """Say that all is well."""
        return ""

    def tracebacks(self) -> list[str]:
        """Say that the logs hold none."""
        return []

    async def shown(self, _subject: str | None) -> dict[str, int]:
        """Give what the subject shows."""
        return self.state

    def folded(self, _subject: str | None) -> dict[str, int]:
        """Give what its facts say."""
        return {"facts": 3}


def campaign(ground: FakeGround) -> Campaign:
    """Give a campaign that waits for nothing."""
    ends, folder = time.monotonic(), Path()
    known = Campaign(cast("Ground", ground), Tally(), Random(7), ends, folder, lambda _: None)  # noqa: S311 - seeded
    known.patience = timedelta(seconds=0.05)
    return known


async def outcome(ground: FakeGround, *sent: Odd, beyond: int = 0) -> dict[str, int]:
    """Give what is counted of signals that were sent."""
    known = campaign(ground)
    await known.look("signal", SUBJECT, [(odd, "sent") for odd in sent], beyond)
    return dict(known.tally.counts["types", "signal"])


async def test_a_message_with_its_row_is_counted_by_it() -> None:
    """Refused on record is no harm."""
    assert await outcome(FakeGround(row_of(ONE, 4)), ONE, beyond=3) == {"sent": 1, "refused": 1}


@pytest.mark.parametrize(
    "about",
    [
        {"position": 3},
        {"kind": "dose_given"},
        {"channel": "update"},
        {"submission_id": "fuzz-1"},
        {"sha256": place_of(OTHER)[1]},
    ],
    ids=str,
)
async def test_no_other_message_s_row_stands_in_for_one_that_was_dropped(about: dict[str, Any]) -> None:
    """An earlier one with the same arguments, one of another kind, by another channel, by hand, or of other bytes."""
    assert await outcome(FakeGround(row_of(ONE, 4, **about)), ONE, beyond=3) == {"sent": 1, "dropped": 1}


async def test_each_of_two_equal_messages_needs_its_row() -> None:
    """One row for two: one was dropped."""
    assert await outcome(FakeGround(row_of(ONE, 4)), ONE, ONE) == {"sent": 2, "refused": 1, "dropped": 1}
    assert None not in matched([ONE, ONE], [row_of(ONE, 4), row_of(ONE, 5)], "signal", 0)


async def test_what_was_sent_to_a_subject_is_not_sent_to_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer might add no row; another encoding or another subject makes it another message."""
    sent: list[Odd] = []

    async def keep(_ground: object, _to: str | None, odd: Odd) -> str:
        sent.append(odd)
        return "sent"

    ground = FakeGround(row_of(ONE, 4), row_of(OTHER, 5))
    known = campaign(ground)
    known.subjects = dict.fromkeys(PASTS, (SUBJECT, 0))
    monkeypatch.setitem(SENDERS, "signal", keep)
    for batch in ([ONE, ONE], [ONE, OTHER]):
        await known.batch("signal", batch)
    assert sent == [ONE, OTHER]
    spaced = Odd("types", "spaced", ONE.kind, (ONE.arguments[0].replace(b": ", b":  "),))
    assert alike(spaced) == alike(ONE) != alike(Odd("types", "xml", ONE.kind, ONE.arguments, {"encoding": b"xml"}))


async def test_a_subject_that_shows_something_else_than_its_facts_is_wrong() -> None:
    """A refused message leaves no fact, so it can have changed nothing."""
    ground = FakeGround(row_of(ONE, 4))
    ground.state = {"facts": 4}
    assert await outcome(ground, ONE) == {"sent": 2, "refused": 1, "wrong": 1}


@pytest.mark.parametrize(
    ("about", "missing"),
    [
        ({}, ""),
        ({"reason": ""}, "no such reason"),
        ({"detail": ""}, "what is wrong"),
        ({"field": ""}, "the field"),
        ({"accepts": ""}, "what would be accepted"),
        ({"first_seq": 4}, "that it left facts"),
        ({"reason": "PHASE", "field": ""}, ""),
        ({"reason": "PHASE", "field": "", "accepts": ""}, "what would be accepted"),
        ({"reason": "PHASE", "field": "", "accepts": "", "rule": "3.6"}, "what would be accepted"),
        ({"reason": "ROLE", "field": "", "accepts": ""}, "what would be accepted"),
        ({"reason": "ROLE", "field": "", "accepts": "", "kind": "time_passed"}, "what would be accepted"),
        ({"accepts": "", "kind": "time_passed"}, "what would be accepted"),
    ],
    ids=str,
)
async def test_a_refusal_that_says_too_little_is_wrong(about: dict[str, Any], missing: str) -> None:
    """Its reason, what is wrong, in which field, and what would be accepted."""
    row = row_of(ONE, 4, **about)
    assert missing in lacking(row)
    assert bool(missing) is bool(lacking(row))
    if place_of(ONE)[0] == row["kind"]:
        assert (await outcome(FakeGround(row), ONE)).get("wrong", 0) == (1 if missing else 0)


REFUSED = row_of(ONE, 4, reason="PHASE")
APPLIED = row_of(ONE, 4, outcome="applied", reason="")


@pytest.mark.parametrize(
    ("code", "printed", "row", "outcome"),
    [
        (0, "S001: recorded #4", APPLIED, ""),
        (2, "S001: refused: PHASE: no", REFUSED, ""),
        (3, "S001: refused: MALFORMED: no", row_of(ONE, 4), ""),
        (4, "cannot reach Temporal", None, ""),
        (4, "cannot reach Temporal", APPLIED, ""),
        (3, "Error: no such option", None, ""),
        (3, "S001: refused: PHASE: no", REFUSED, "wrong"),
        (2, "S001: refused: MALFORMED: no", row_of(ONE, 4), "wrong"),
        (0, "S001: recorded #4", REFUSED, "wrong"),
        (2, "S001: refused: PHASE: no", APPLIED, "wrong"),
        (2, "S001: refused", REFUSED, "wrong"),
        (0, "S001: recorded #4", None, "dropped"),
        (2, "S001: refused: PHASE: no", None, "dropped"),
        (3, "S001: refused: MALFORMED: no", None, "dropped"),
        (3, " ", None, "dropped"),
        (4, "", None, "dropped"),
    ],
)
def test_exit_code_print_and_row_must_agree(code: int, printed: str, row: dict[str, Any] | None, outcome: str) -> None:
    """Without a row only a refusal of the command line's own, with its reason printed."""
    found, why = typed_in_vain(code, printed, row)
    assert found == outcome
    assert bool(why) is bool(outcome)


def test_a_named_message_is_found_by_the_kind_of_its_command() -> None:
    """Under the name `submit` goes any kind."""
    assert place_of(named(ONE, 3))[0] == "adverse_event"
    assert named(ONE, 3).kind == "submit"


class Service:
    """Temporal's service: keeps requests, and gives an outcome when it is asked for the second time."""

    def __init__(self) -> None:
        """Begin with none."""
        self.asked: list[UpdateWorkflowExecutionRequest] = []

    async def update_workflow_execution(
        self, request: UpdateWorkflowExecutionRequest
    ) -> UpdateWorkflowExecutionResponse:
        """Take a request."""
        self.asked.append(request)
        answer = UpdateWorkflowExecutionResponse()
        if len(self.asked) > 1:
            answer.outcome.SetInParent()
        return answer


async def test_a_raw_update_carries_junk_headers_and_identity_until_it_is_answered() -> None:
    """As they are, past every client library; asked again with the same id."""
    service = Service()
    place = SimpleNamespace(namespace="default", temporal=SimpleNamespace(workflow_service=service))
    junk = next(odd for odd in history(START) if odd.headers)
    known = replace(junk, identity="\u202eforged")
    assert await SENDERS["raw update"](cast("Ground", SimpleNamespace(place=place)), SUBJECT, known) == "answered"
    first, second = service.asked
    assert first == second
    assert dict(first.request.input.header.fields) == dict(junk.headers)
    assert first.request.meta.identity == "\u202eforged"
    assert [payload.data for payload in first.request.input.args.payloads] == list(junk.arguments)
