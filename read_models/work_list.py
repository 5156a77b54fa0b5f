"""The work list: what is awaited from people, by when, and whether it is overdue. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from domain.patient.asks import asks
from domain.patient.journey import Journey
from domain.protocol import Role
from domain.values import Site


@dataclass(frozen=True, slots=True)
class Work:
    """One act that is awaited. `kind` is the command that reports it."""

    overdue: bool
    by: date | None
    subject: str
    site: str
    what: str
    kind: str
    to: tuple[Role, ...]


def work_list(
    journeys: Iterable[Journey], today: Callable[[Site], date], role: str | None = None, site: str | None = None
) -> tuple[Work, ...]:
    """Give what is awaited, of a role and a site or of all: overdue first, each part by date, without a date last."""
    found = [
        Work(
            overdue=ask.overdue or (ask.by is not None and ask.by < today(journey.site)),
            by=ask.by,
            subject=journey.subject,
            site=journey.site.code,
            what=ask.text,
            kind=ask.kind,
            to=ask.to,
        )
        for journey in journeys
        if site is None or site == journey.site.code
        for ask in asks(journey)
        if role is None or role in ask.to
    ]
    return tuple(sorted(found, key=lambda row: (not row.overdue, row.by or date.max, row.subject)))
