"""The strategies reach everything: a law that is never tried on a fact or a refusal says nothing about it."""

import json
from typing import Any, get_args

from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from domain.decider import PATIENT
from domain.intake import Message, argument_of, read
from domain.patient import commands as c
from domain.submission import Reason, Refused, Submission
from domain.trial import commands as t
from tests.given import Outcome, day, when
from tests.laws.plays import Play, opened, plays, trials
from tests.laws.sensible import sensible
from tests.laws.strategies import FACTS, PEOPLE, REGISTER_FACTS, about
from tests.stories import PHASES, as_woman, in_neoadjuvant, operable, told

ROUNDS = 12
ENDS = ("", "COMPLETED", "DEATH", "SCREEN_FAILURE", "LOST_TO_FOLLOW_UP")
KINDS: dict[str, type[BaseModel]] = {kind.model_fields["kind"].default: kind for kind in PEOPLE}
BY_JOURNEY = {
    Reason.ROLE,
    Reason.PHASE,
    Reason.RULE,
    Reason.FUTURE,
    Reason.IMPOSSIBLE,
    Reason.CONTRADICTS,
    Reason.CONFIRM,
    Reason.NOT_ELIGIBLE,
    Reason.OVER,
    Reason.MALFORMED,
}
BY_TRIAL = {Reason.FULL, Reason.UNKNOWN_SUBJECT, Reason.UNKNOWN_STAFF, Reason.ROLE, Reason.PHASE, Reason.RULE}
BY_INTAKE = {Reason.UNKNOWN_KIND, Reason.TOO_LARGE, Reason.MALFORMED}


def _names(kinds: Any) -> set[str]:
    return {kind.__name__ for kind in kinds}


def _kinds(command: Any, outcome: Outcome) -> set[str]:
    """Give the names of a command, its facts and its refusal."""
    no = outcome.refusal
    found = {type(one).__name__ for one in (command, *(no.facts if no else outcome.facts))}
    return found | {str(no.reason)} if no else found


def _missing(plays_of: st.SearchStrategy[Play], wanted: set[str]) -> set[str]:
    """Play in rounds, each from its own seed, until everything wanted was seen; give what never was."""
    left = set(wanted)

    @given(plays_of)
    @settings(max_examples=150, derandomize=False, phases=[Phase.generate])
    def play_them(play: Play) -> None:
        for command, outcome in play.steps:
            left.difference_update(_kinds(command, outcome))

    for number in range(ROUNDS):
        if left:
            seed(number)(play_them)()
    return left


def test_plays_reach_every_fact_command_and_refusal_of_a_journey() -> None:
    """Every kind of the unions, and every reason a subject's journey can give: first what one fitting step reaches."""
    wanted = _names((*FACTS, *get_args(c.Command))) | set(BY_JOURNEY)
    women = (as_woman(in_neoadjuvant()), told(as_woman(in_neoadjuvant()), c.ReportPregnancy(found_on=day(3))))
    not_resected = c.ReportSurgery(performed_on=day(80), resection="NOT_RESECTED")
    surgery = told(operable(), not_resected, day(80))
    wanted -= _kinds(not_resected, when(surgery, not_resected.model_copy(update={"why": "adhesions"})))
    ill = told(in_neoadjuvant(), sensible(in_neoadjuvant())["adverse_event"])
    for story in (*(build() for build in PHASES.values()), *women, ill):
        for command in sensible(story).values():
            wanted -= _kinds(command, when(story, command))
    assert _missing(plays(longest=8), wanted) == set()


def test_plays_reach_every_fact_command_and_refusal_of_a_trial() -> None:
    """A trial opens once, before any play: its first facts are those of the opening."""
    opening = {type(fact).__name__ for fact in opened().facts}
    wanted = _names((*REGISTER_FACTS, *get_args(t.Command))) - opening | set(BY_TRIAL)
    assert _missing(trials(), wanted) == set()


def test_every_reason_has_its_place() -> None:
    """Those of the journey, the trial and the intake are all there are."""
    assert set(Reason) == BY_JOURNEY | BY_TRIAL | BY_INTAKE


def _answer(raw: bytes, name: str) -> Submission[Any] | Refused:
    """Read bytes as a message to a subject: anything raised but a refusal fails the test."""
    message = Message(channel="signal", name=name, arguments=(argument_of(raw),))
    try:
        return read(message, "00000000-0000-4000-8000-000000000000", PATIENT.people, PATIENT.system)
    except Refused as no:
        return no


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.sampled_from(["submit", "death", "x"]))
@about(400)
def test_the_intake_raises_nothing_but_a_refusal(raw: bytes, name: str) -> None:
    """Whatever the bytes."""
    answer = _answer(raw, name)
    assert isinstance(answer, Refused)
    assert answer.reason.is_malformed
    assert answer.accepts


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data(), st.sampled_from(sorted(PATIENT.people)))
@about(400)
def test_any_json_in_any_field_is_taken_or_refused(data: st.DataObject, kind: str) -> None:
    """Every field of every command with every type."""
    names = [name for name in KINDS[kind].model_fields if name != "kind"]
    body = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, JSON)))
    answer = _answer(json.dumps(body).encode(), kind)
    taken = isinstance(answer, Submission) and answer.command.kind == kind
    assert taken or (isinstance(answer, Refused) and answer.reason == Reason.MALFORMED)


def test_the_phases_hold_every_epoch_and_every_end() -> None:
    """Plays start from all of them."""
    epochs = {build().state.epoch for build in PHASES.values()}
    assert epochs == {"", "SCREENING", "NEOADJUVANT", "SURGERY", "EVALUATION", "ADJUVANT", "FOLLOW_UP"}
    assert {build().state.study_ended for build in PHASES.values()} == set(ENDS)
