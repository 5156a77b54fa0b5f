"""What makes dosing wait besides the gate: a pause by the sponsor, and a re-consent past its deadline."""

from datetime import date, datetime

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.journey import Journey
from domain.patient.state import Pause


def dosing_paused(draft: Draft, pause: c.DosingPause) -> None:
    """Record that the sponsor paused dosing. Told where a dose may be awaited."""
    journey = draft.journey
    if journey.is_over or journey.treatment_ended or journey.is_dosing_paused:
        return
    draft.add(f.DosingPaused(paused_at=pause.paused_at, why=pause.why))
    if journey.randomized_on is not None:
        draft.event("DOSING_PAUSED", "dosing paused by sponsor")


def dosing_resumed(draft: Draft, command: c.LearnDosingResumption) -> None:
    """Record that dosing goes on. A visit planned during the pause is planned for today, with a new gate."""
    journey = draft.journey
    if not journey.is_dosing_paused:
        return
    draft.add(f.DosingResumed(resumed_at=command.resumed_at))
    if journey.is_over or journey.treatment_ended or journey.randomized_on is None:
        return
    draft.event("DOSING_RESUMED", "dosing resumed by sponsor")
    cycle = journey.current_cycle
    if cycle is not None and cycle.planned_on < draft.today:
        draft.add(f.DoseDelayed(cycle=cycle.number, until=draft.today, why=_note(journey, draft.journey.pauses[-1])))


def _note(journey: Journey, pause: Pause) -> str:
    until = f" to {journey.site.date_of(pause.until)}" if pause.until else ""
    return f"dosing paused by sponsor {journey.site.date_of(pause.since)}{until}"


def dose_on_hold(draft: Draft, at: str, given_on: date, occurred_at: datetime | None) -> None:
    """Record a dose that was given although dosing waited, as an important deviation for each reason."""
    journey = draft.journey
    asked = journey.reconsent
    if asked is not None and given_on > asked.deadline:
        text = f"{at} given without re-consent to {asked.version}, due by {asked.deadline}"
        draft.deviate(f"HOLD/RECONSENT/{at}", "I1.1", text, important=True, on=given_on)
    for pause in journey.pauses:
        if _within(journey, pause, given_on, occurred_at):
            rule = draft.protocol.acts.pause.rule
            text = f"{at} given although {_note(journey, pause)}"
            draft.deviate(f"HOLD/PAUSE/{at}", rule, text, important=True, on=given_on)


def _within(journey: Journey, pause: Pause, given_on: date, occurred_at: datetime | None) -> bool:
    """Say whether a dose fell into a pause. On the day it began only an hour before it is outside."""
    if occurred_at is not None and journey.site.date_of(occurred_at) == given_on:
        return pause.since <= occurred_at and (pause.until is None or occurred_at < pause.until)
    begun, ended = journey.site.date_of(pause.since), pause.until and journey.site.date_of(pause.until)
    return begun <= given_on and (ended is None or given_on < ended)


def lateness(journey: Journey, latest_on: date, given_on: date) -> str:
    """Give the pauses that explain why a visit came after its window, as an addition to the deviation's text."""
    notes = [
        _note(journey, pause)
        for pause in journey.pauses
        if given_on > latest_on
        and journey.site.date_of(pause.since) <= given_on
        and (pause.until is None or journey.site.date_of(pause.until) > latest_on)
    ]
    return "".join(f"; {note}" for note in notes)
