"""The clocks of safety reports: since when each runs, until when, what stopped it. It decides nothing."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.patient.events import Moment, Report, SafetyEvent
from domain.patient.journey import Journey
from domain.patient.windows import days
from domain.protocol import ReportClock

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Running:
    """One report that is due, or was made. `runs`: a timer stands behind it; none does when it began after the end."""

    event: SafetyEvent
    row: ReportClock
    deadline: datetime
    by: date
    made: Report | None
    runs: bool
    shown_by: str

    @property
    def item(self) -> str:
        """The deviation's name when it is late."""
        return f"REPORT/{self.event.number}/{self.row.code}"

    @property
    def text(self) -> str:
        """What is to be reported, to whom and by when."""
        stage = "" if self.row.stage == "INITIAL" else " complete"
        return f"{self.row.label} fact {self.event.number}:{stage} report to {self.row.recipient} by {self.shown_by}"

    @property
    def is_late(self) -> bool:
        """Say whether the report was made after its deadline."""
        return self.made is not None and self.made.made.at > self.deadline

    @property
    def hours_late(self) -> int:
        """The hours by which the report was late; one that has begun counts."""
        late = self.made.made.at - self.deadline if self.made else timedelta(0)
        return max(-(-late // HOUR), 0)


def clocks(journey: Journey) -> tuple[Running, ...]:
    """Give every clock of every event, those that were stopped among them."""
    rows = journey.protocol.safety.clocks if journey.safety.events else ()
    return tuple(
        _running(journey, event, row, event.classes[row.applies_to])
        for event in journey.safety.events.values()
        for row in rows
        if row.applies_to in event.classes
    )


def open_clocks(journey: Journey) -> tuple[Running, ...]:
    """Give the clocks of the reports that are still to be made."""
    return tuple(clock for clock in clocks(journey) if clock.made is None)


def _running(journey: Journey, event: SafetyEvent, row: ReportClock, since: Moment) -> Running:
    made = [
        report
        for report in event.reports
        if report.made.seq > since.seq and (report.to, report.stage) == (row.recipient, row.stage)
    ]
    deadline, shown = _deadline(journey, event, row, since)
    return Running(
        event=event,
        row=row,
        deadline=deadline,
        by=journey.site.date_of(deadline),
        made=made[0] if made else None,
        runs=not journey.is_over or since.seq < journey.ended_seq,
        shown_by=shown,
    )


def _deadline(journey: Journey, event: SafetyEvent, row: ReportClock, since: Moment) -> tuple[datetime, str]:
    """Give the last instant at which the report is in time, as an instant and as people read it. Source: T10.

    Days count from the day the sponsor learns: the first report to the sponsor, or the awareness if that is later or
    the sponsor was not told yet.
    """
    site = journey.site
    if row.hours is not None:
        deadline = since.at + row.hours * HOUR
        return deadline, site.shown(deadline)
    told = [report.made.at for report in event.reports if report.to == "SPONSOR"]
    last = site.date_of(max([since.at, *told[:1]])) + days(row.days or 0)
    return site.start_of(last + days(1)), str(last)
