"""Safety reports as they are made, and those that are not made in time. Source: T10."""

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.checks import confirm
from domain.patient.clocks import Running, clocks
from domain.patient.draft import Draft
from domain.patient.events import SafetyEvent
from domain.patient.items import Item
from domain.protocol import Escalation
from domain.submission import Reason, Refused, Submission


def sae_reported(draft: Draft, submission: Submission[c.Command], command: c.ReportSafety) -> None:
    """Record a report that was made; it stops its clock, and is a deviation when late. Source: T10."""
    event = event_of(draft, command.event)
    if command.reported_at > draft.at:
        raise Refused(Reason.FUTURE, "reported_at lies in the future", rule="T10", field="reported_at",
                      accepts=f"up to {draft.at.isoformat()}")  # fmt: skip
    since = min((moment.at for moment in event.classes.values()), default=command.reported_at)
    if command.reported_at < since:
        shown = draft.journey.site.shown(since)
        confirm(submission, f"reported before the site was aware ({shown})", "T10", "reported_at")
    asked = [clock for clock in clocks_of(draft, event.number) if _answers(command, clock)]
    if asked and all(clock.made is not None for clock in asked):
        detail = f"the report of fact {event.number} to {command.to} is on record"
        raise Refused(Reason.CONTRADICTS, detail, rule="T10", field="to", accepts="another recipient or stage")
    made = {clock.item for clock in asked if clock.made is None}
    draft.add(
        f.SafetyReportMade(event=event.number, reported_at=command.reported_at, to=command.to, stage=command.stage)
    )
    for clock in clocks_of(draft, event.number):
        _settle(draft, clock, is_new=clock.item in made)


def _answers(command: c.ReportSafety, clock: Running) -> bool:
    return (clock.row.recipient, clock.row.stage) == (command.to, command.stage)


def _settle(draft: Draft, clock: Running, *, is_new: bool) -> None:
    """Record how late a new report was; withdraw what was held to be late and is not."""
    if is_new and clock.is_late:
        made_late(draft, clock)
    in_time = clock.deadline >= draft.at if clock.made is None else not clock.is_late
    if in_time and clock.item in draft.journey.deviations:
        why = "the report was made in time" if clock.made else "the deadline has moved"
        draft.add(f.DeviationWithdrawn(item=clock.item, why=why))


def made_late(draft: Draft, clock: Running) -> None:
    """Record how late a report was made."""
    on = draft.journey.site.date_of(clock.made.made.at) if clock.made else None
    text = f"{clock.text}: made {clock.hours_late} h late"
    draft.deviate(clock.item, clock.row.source.rule, text, important=clock.row.overdue.important, on=on)


def report_overdue(draft: Draft, item: Item) -> None:
    """Record a report that was not made in time as a deviation, and escalate it."""
    overdue(draft, item)
    draft.announce(item.tells, item.text)


def overdue(draft: Draft, item: Item) -> None:
    """Record a report that was not made in time as a deviation."""
    important = isinstance(item.tells, Escalation) and item.tells.important
    draft.add(f.DeviationRecorded(item=item.about, rule=item.rule, text=item.text, important=important))


def clocks_of(draft: Draft, number: int) -> list[Running]:
    """Give the clocks of one event."""
    return [clock for clock in clocks(draft.journey) if clock.event.number == number]


def event_of(draft: Draft, number: int) -> SafetyEvent:
    """Give an event by its fact's number. Raises Refused when it is none."""
    event = draft.journey.safety.events.get(number)
    if event is None:
        detail = f"fact {number} is no adverse event and no pregnancy"
        raise Refused(Reason.CONTRADICTS, detail, field="event", accepts=numbers_of(draft))
    return event


def numbers_of(draft: Draft) -> str:
    """Name the events on record, for what would be accepted."""
    numbers = ", ".join(map(str, sorted(draft.journey.safety.events)))
    return f"one of {numbers}" if numbers else "no event is on record"
