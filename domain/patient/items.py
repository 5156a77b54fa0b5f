"""What falls due, one thing at a time, and how something overdue falls due again until a person acts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from domain.patient.journey import Journey
from domain.patient.windows import Dates, days
from domain.protocol import Escalation, Reminder, Repeats, Role

Act = Literal[
    "REMIND",
    "ORDER_LABS",
    "GATE_EXPIRED",
    "OVERDUE",
    "MAXIMUM_DELAY",
    "MISSED",
    "COMPLETE",
    "CLOSE",
    "TELL",
    "REPORT_DUE",
    "REPORT_OVERDUE",
    "RECONSENT_REMINDER",
    "RECONSENT_OVERDUE",
    "SIGNATURES_OVERDUE",
    "AGAIN",
    "UNREAD",
]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that falls due. `key` holds the date it was counted from, so a moved anchor makes a new item.

    `until`: the instant at which the next of its kind falls due, after which it is not told any more. `notice`: the
    number of the notice that it tells again.
    """

    key: str
    at: datetime
    act: Act
    text: str
    tells: Reminder | Escalation
    dates: Dates | None = None
    about: str = ""
    rule: str = ""
    cycle: int | None = None
    until: datetime | None = None
    notice: int | None = None


def item_on(journey: Journey, act: Act, what: str, on: date, text: str, tells: Reminder | Escalation) -> Item:
    """Give an item that falls due on a date, at the site's hour."""
    return Item(_key(act, what, on), journey.site.due_at(on), act, text, tells)


def again_after(journey: Journey, item: Item) -> Iterator[Item]:
    """Give something overdue again, once it has fallen due itself."""
    if item.key in journey.reached:
        about, on = item.key.rpartition("/")[0], journey.site.date_of(item.at)
        yield from again(journey, about, on, item.text, item.tells.to)


def again(
    journey: Journey, about: str, since: date, text: str, to: tuple[Role, ...], row: Repeats | None = None
) -> Iterator[Item]:
    """Give what is told next of a wait that goes on. Each time it goes one step higher.

    There is no last one: nobody is forgotten.
    """
    row, number = row or journey.protocol.repeats, 1
    while (key := _key("AGAIN", about, since + days(row.after_days(number)))) in journey.reached:
        number += 1
    at, following = (journey.site.due_at(since + days(row.after_days(one))) for one in (number, number + 1))
    text = f"{text}: still waiting ({number})"
    yield Item(key, at, "AGAIN", text, row.tells(to, number), until=following)


def _key(act: Act, what: str, on: date) -> str:
    return f"{act}/{what}/{on}"
