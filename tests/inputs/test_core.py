"""A small helping of what `make fuzz` sends, against the core alone: the same messages every time."""

import math
import time
import tracemalloc
from itertools import product
from random import Random

import pytest

from domain.decider import TRIAL
from domain.intake import LARGEST, Message, argument_of, read
from domain.submission import Reason, Refused
from fuzz import argv
from fuzz.core import Core, taken
from fuzz.messages import Odd, good, kinds, leaves
from fuzz.mutating import Path, at, mutated, replaced, written
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
AS_IT_IS = 10
"""Of so many, one is not changed: of some kinds hardly one in a hundred gets past the reader else."""
OF_PEOPLE = frozenset({"cause", "document", "meaning", "observation", "product", "status", "term", "why"})
OF_A_LABORATORY = frozenset({"code", "lower_limit", "system", "unit", "upper_limit", "value"})
TO_NOBODY = frozenset({"command", "subject"})
FREE_TEXT = OF_PEOPLE | OF_A_LABORATORY | TO_NOBODY
"""Fields that take any text: words of people; what of a laboratory is in no table and then used for nothing; and what a
message to nobody spoke of."""
ANY_CODE = ("lab_results", "screening_evidence", "report_misaddressed")
"""Kinds whose codes and subjects are such text; of every other kind they are names."""
LOOKING_ALIKE = ("e\u0301", "S\u0301001", "S00\uff11", "\u212aRC1", "TD\u0397")
"""Another normal form, an accent, a wide digit, the sign for kelvin, a Greek letter: each looks like something else."""


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
    for number in range(EXAMPLES):
        sent = written(mutated(body, random) if number % AS_IT_IS else body)
        message = Message(channel="update", name=kind, arguments=(argument_of(sent),))
        if number % AS_IT_IS == 0:
            assert read(message, "00000000-0000-4000-8000-000000000000", kinds(), {}).command.kind == kind
        core.one("validators", message, random.choice(phases))
    assert_harmless(tally, EXAMPLES)


@pytest.mark.parametrize("kind", kinds())
def test_no_name_can_be_written_in_two_ways(kind: str) -> None:
    """Ids, codes and words of a list are ASCII: what only looks like one is refused, so there is nothing to confuse.

    Text of people is kept as it was written, in whatever normal form; no rule compares it.
    """
    body = good(kind, START)
    names = [path for path in leaves(body) if isinstance(at(body, path), str) and not is_free(kind, path)]
    for path, text in product(names, LOOKING_ALIKE):
        message = Message(channel="update", name=kind, arguments=(argument_of(written(replaced(body, path, text))),))
        with pytest.raises(Refused) as refusal:
            read(message, "00000000-0000-4000-8000-000000000000", kinds(), {})
        assert lacks_nothing(refusal.value), path


@pytest.mark.parametrize("text", LOOKING_ALIKE)
def test_text_of_people_is_kept_as_it_was_written(text: str) -> None:
    """The reader takes such text where a field has no form of its own: so names above are refused by theirs."""
    fields = {**good("adverse_event", START), "term": text}
    message = Message(channel="update", name="adverse_event", arguments=(argument_of(written(fields)),))
    assert read(message, "00000000-0000-4000-8000-000000000000", kinds(), {}).command.term == text


def is_free(kind: str, path: Path) -> bool:
    """Say whether a field takes any text."""
    return path[-1] in FREE_TEXT and (path[-1] not in ("code", "subject") or kind in ANY_CODE)


def lacks_nothing(refusal: Refused) -> bool:
    """Say whether a refusal of the reader tells reason, detail, field and what would be accepted."""
    return all((refusal.reason, refusal.detail, refusal.field, refusal.accepts))


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
