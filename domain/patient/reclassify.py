"""Safety events judged anew after a correction: what follow-ups carried over, classes, what was asked. Source: T10."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.events import FOLLOWED, Safety, SafetyEvent, fold
from domain.patient.happenings import ask
from domain.patient.history import effective
from domain.patient.journey import Journey
from domain.patient.safety import classes_of, judged, tell_classes

EVENTS = (f.AdverseEventReported, f.AdverseEventUpdated, f.PregnancyFound)
"""Kinds of facts that say what an event is."""


@dataclass(frozen=True, slots=True)
class State:
    """An event as one of its facts left it, with that fact as it counts and whether randomization came before it."""

    seq: int
    fact: Any
    event: SafetyEvent | None
    randomized: bool


def judge_again(draft: Draft, before: Journey, was: Sequence[f.Fact], number: int) -> None:
    """Work out again what hangs on a corrected report, follow-up or pregnancy: the fact `number`.

    `was`: the facts as they counted before. What the event newly is, is told and asked for; what it is in none of its
    states any more is withdrawn.
    """
    said = was[number - 1] if isinstance(was[number - 1], EVENTS) else effective(draft.every_fact)[number - 1]
    if not isinstance(said, EVENTS):
        return
    event = said.event if isinstance(said, f.AdverseEventUpdated) else number
    _follow_ups(draft, list(states_of(was, event)), event, number)
    states = [state.event for state in states_of(effective(draft.every_fact), event) if state.event is not None]
    _withdraw(draft, states, event, number)
    known, now = before.safety.events.get(event), draft.journey.safety.events.get(event)
    if now is None:
        return
    if known is not None and known.serious and not now.serious:
        draft.event("SERIOUSNESS_WITHDRAWN", f"adverse event fact {event} is no longer held to be serious")
    told = known.classes if known is not None else {}
    tell_classes(draft, event, tuple(name for name in now.classes if name not in told))
    ask(draft, event, "PREGNANCY" if now.is_pregnancy else now.aesi, None if now.is_pregnancy else now.grade)


def states_of(facts: Sequence[f.Fact], event: int) -> Iterator[State]:
    """Give the states of an event, one for each fact about it; a fact that counts as never said leaves it as it was."""
    safety, randomized = Safety(), False
    for seq, fact in enumerate(facts, start=1):
        randomized = randomized or isinstance(fact, f.Randomized)
        if isinstance(fact, EVENTS) and event in (seq, getattr(fact, "event", None)):
            safety = fold(safety, seq, fact)
            yield State(seq, fact, safety.events.get(event), randomized)


def _follow_ups(draft: Draft, was: Sequence[State], event: int, number: int) -> None:
    """Let each follow-up say what it said itself, and carry over the rest from the event as it reads now."""
    old = {state.seq: (earlier.event, state.fact) for earlier, state in pairwise(was)}
    safety = Safety()
    for state in tuple(states_of(effective(draft.every_fact), event)):
        fact, current = state.fact, safety.events.get(event)
        if isinstance(fact, f.AdverseEventUpdated) and current is not None:
            earlier, then = old.get(state.seq, (None, fact))
            new = _as_judged(draft, fact, _said(fact, earlier, then), current, state.randomized)
            if new != fact:
                draft.supersede(state.seq, new, number)
                fact = new
        safety = fold(safety, state.seq, fact)


def as_judged(draft: Draft, number: int, new: f.AdverseEventUpdated) -> f.AdverseEventUpdated:
    """Give a corrected follow-up with what follows from it, on the event as it was before it."""
    facts = effective(draft.every_fact)
    states = list(states_of(facts[: number - 1], new.event))
    event = states[-1].event if states else None
    if event is None:
        return new
    known = facts[number - 1]
    then = known if isinstance(known, f.AdverseEventUpdated) else new
    randomized = any(isinstance(fact, f.Randomized) for fact in facts[:number])
    return _as_judged(draft, new, _said(new, event, then), event, randomized)


def _said(fact: f.AdverseEventUpdated, earlier: SafetyEvent | None, then: f.AdverseEventUpdated) -> dict[str, Any]:
    """Give what a follow-up named itself. That it left the seriousness as it was, it did not say."""
    named = {name: value for name in FOLLOWED if (value := getattr(fact, name)) is not None}
    carried = earlier is not None and then.serious == earlier.serious and fact.serious == then.serious
    if carried:
        named.pop("serious", None)
    return named


def _as_judged(
    draft: Draft,
    fact: f.AdverseEventUpdated,
    named: dict[str, Any],
    current: SafetyEvent,
    randomized: bool,  # noqa: FBT001 - as it was then
) -> f.AdverseEventUpdated:
    full = {name: getattr(current, name) for name in FOLLOWED} | named
    event = SafetyEvent(current.number, current.onset_on, **judged(draft.protocol.safety, full))
    classes = classes_of(draft, event, randomized=randomized)
    return fact.model_copy(update={"serious": event.serious, "fatal": event.fatal, "classes": classes})


def _withdraw(draft: Draft, states: Sequence[SafetyEvent], event: int, number: int) -> None:
    """Take back what was asked for by a rule that fits the event in none of its states."""
    rules = draft.protocol.safety.rules
    for seq, fact in enumerate(effective(draft.every_fact), start=1):
        if not isinstance(fact, f.SafetyActionAsked) or fact.event != event:
            continue
        asking = [rule for rule in rules if (rule.command, rule.source.rule) == (fact.command, fact.rule)]
        fits = any(
            state.is_pregnancy or rule.grade_from <= state.grade <= rule.grade_to
            for rule in asking
            for state in states
            if rule.event == ("PREGNANCY" if state.is_pregnancy else state.aesi)
        )
        if not fits:
            draft.supersede(seq, None, number)
