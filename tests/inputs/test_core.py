"""A small helping of what `make fuzz` sends, against the core alone: the same messages every time."""

import math
import time
import tracemalloc
from random import Random

import pytest

from domain.decider import TRIAL
from domain.intake import LARGEST, Message, argument_of
from domain.submission import Reason, Refused
from fuzz import argv
from fuzz.core import Core, taken
from fuzz.messages import Odd, good, kinds
from fuzz.mutating import mutated, written
from fuzz.oracle import wrong_verdicts
from fuzz.shapes import history, sizes
from fuzz.tally import Tally
from tests.given import START
from tests.stories import PHASES

AT_MOST_BYTES = 50_000_000
AT_MOST_SECONDS = 0.1
TRIES = 5
"""Processor time of one message, of any size: the least of so many tries, for a busy machine makes some longer."""
EXAMPLES = 500
"""Of each kind; 10,000 with `make fuzz FULL=1`."""


def chosen(seed: str) -> Random:
    """Give the choices that follow from a seed."""
    return Random(seed)  # noqa: S311 - seeded on purpose


def assert_harmless(tally: Tally, least: int) -> None:
    """Fail when a message did harm, or when too few were counted for that to mean anything."""
    assert tally.crashers == []
    assert sum(row["sent"] for row in tally.counts.values()) >= least


def test_eligibility_is_what_an_independent_table_says() -> None:
    """At, below and above each boundary of 3.1 and 3.2; absent is not passed; no other word than true or false."""
    rows, wrong = wrong_verdicts()
    assert wrong == []
    assert rows > 150


def test_bytes_are_read_or_refused() -> None:
    """Noise, and envelopes that were cut, doubled and spliced."""
    tally = Tally()
    Core("gate", tally).byte_strings(800)
    assert_harmless(tally, 800)
    assert tally.counts[("byte strings", "in process")]["accepted"] > 20


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_with_something_changed_is_applied_or_refused(kind: str) -> None:
    """In any phase, confirmed: facts that read back, or a refusal that says what would be accepted."""
    tally, random = Tally(), chosen(kind)
    core, body = Core(kind, tally), good(kind, START)
    phases = ["trial"] if kind in TRIAL.people else sorted(PHASES)
    for _ in range(EXAMPLES):
        message = Message(channel="update", name=kind, arguments=(argument_of(written(mutated(body, random))),))
        core.one("validators", message, random.choice(phases))
    assert_harmless(tally, EXAMPLES)


@pytest.mark.parametrize("lost", ["detail", "field", "accepts", "nothing"])
def test_a_refusal_that_says_too_little_does_harm(lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the reader as of the rules: the same message, once with its refusal as it is."""

    def no(*_: object) -> None:
        told = {name: "" if name == lost else "something" for name in ("detail", "field", "accepts")}
        raise Refused(Reason.MALFORMED, told["detail"], field=told["field"], accepts=told["accepts"])

    monkeypatch.setattr("fuzz.core.read", no)
    tally = Tally()
    Core("told", tally).one("validators", Message(channel="update", name="dose_given", arguments=()), "neoadjuvant C1")
    assert tally.bad == (lost != "nothing")


def test_a_refusal_that_changed_something_does_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The story shows something else than before."""
    fields = written({**good("dose_given", START), "cycle": "C99"})
    message = Message(channel="update", name="dose_given", arguments=(argument_of(fields),))
    assert taken(message, "neoadjuvant C1") == "refused"
    monkeypatch.setattr("fuzz.core.shown", lambda _: "something else")
    assert taken(message, "neoadjuvant C1") == "wrong"


def message_of(odd: Odd) -> Message:
    """Give a message as the workflow hands it on."""
    encoding = odd.metadata.get("encoding", b"").decode("ascii", "replace")
    return Message(
        channel="signal", name=odd.kind, arguments=tuple(argument_of(raw, encoding) for raw in odd.arguments)
    )


def test_a_message_of_any_size_and_make_is_answered_in_a_moment() -> None:
    """At the limit of size and beyond it, deep, doubled, in foreign encodings, forged."""
    tally = Tally()
    core, every = Core("size", tally), [*sizes(START), *history(START)]
    for odd in every:
        core.one(odd.group, message_of(odd), "neoadjuvant C1")
        assert least_seconds(message_of(odd), AT_MOST_SECONDS) < AT_MOST_SECONDS, odd.what
    assert_harmless(tally, len(every))


def least_seconds(message: Message, enough: float) -> float:
    """Give the least processor time that a message took; no more tries once it is below what is enough."""
    least = math.inf
    for _ in range(TRIES):
        begun = time.process_time()
        taken(message, "neoadjuvant C1")
        least = min(least, time.process_time() - begun)
        if least < enough:
            break
    return least


def test_a_message_that_takes_long_each_time_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting is no processor time; work is."""
    message = Message(channel="update", name="dose_given", arguments=())
    assert least_seconds(message, AT_MOST_SECONDS) < AT_MOST_SECONDS
    monkeypatch.setitem(least_seconds.__globals__, "taken", lambda *_: sum(range(10_000_000)))
    assert least_seconds(message, AT_MOST_SECONDS) >= AT_MOST_SECONDS


def test_the_largest_messages_take_little_memory() -> None:
    """What is too large is refused by its size, before it is read."""
    for odd in [odd for odd in sizes(START) if sum(map(len, odd.arguments)) > LARGEST]:
        tracemalloc.start()
        core = Core("size", tally := Tally())
        core.one(odd.group, message_of(odd), "neoadjuvant C1")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < AT_MOST_BYTES, odd.what
        assert [row["refused"] for row in tally.counts.values()] == [1]


def test_whatever_is_typed_ends_with_a_code() -> None:
    """Words by chance, with a journal at hand and no server in reach, on a terminal of 40 columns."""
    tally = Tally()
    Core("typed", tally).command_lines(60)
    assert_harmless(tally, 60)


def test_the_same_seed_types_the_same() -> None:
    """So a crasher can be found again."""
    assert argv.words(chosen("7")) == argv.words(chosen("7"))
