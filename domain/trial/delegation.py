"""Who acted in which role: the delegation log on the date of the act, not on the date of its record."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from domain.submission import Reason, Refused, Submission
from domain.trial.register import Register
from domain.values import Site

DATES_OF_ACTS = (
    "given_on",
    "performed_on",
    "judged_on",
    "evaluated_on",
    "signed_on",
    "assessed_on",
    "decided_on",
    "contacted_on",
    "regained_on",
    "reported_on",
    "found_on",
    "ended_on",
)
"""Fields that date what the sender did. What befell the subject (onset, withdrawal, death) is no act of theirs."""


def acted_on(submission: Submission[Any], site: Site | None, at: datetime) -> date:
    """Give the date of the act: when it occurred, else its own date, else today. Never later than today."""
    today = _date(site, at)
    if submission.occurred_at is not None:
        return min(_date(site, submission.occurred_at), today)
    dates = [own for name in DATES_OF_ACTS if isinstance(own := getattr(submission.command, name, None), date)]
    return min(dates[0], today) if dates else today


def _date(site: Site | None, instant: datetime) -> date:
    return site.date_of(instant) if site else instant.date()


def acting_role(register: Register, site: Site | None, submission: Submission[Any], at: datetime) -> str:
    """Give the role the sender acted in: the one named, else the first held that may send it. Raises Refused."""
    sender, on = submission.sender, acted_on(submission, site, at)
    staff = sorted({row.staff for row in register.staff})
    if sender.staff not in staff:
        detail = f"{sender.staff} is not in the delegation log"
        raise Refused(Reason.UNKNOWN_STAFF, detail, field="staff", accepts=", ".join(staff))
    held = register.roles(sender.staff, on, site.code if site else None)
    row = register.protocol.permission(submission.command.kind)
    may: Sequence[str] = row.roles if row else held
    if sender.role and sender.role not in held:
        detail = f"{sender.staff} did not hold the role {sender.role} on {on}"
        raise Refused(Reason.ROLE, detail, field="role", accepts=" or ".join(held) or f"no role on {on}")
    if not held:
        detail = f"{sender.staff} held no role on {on}"
        raise Refused(Reason.ROLE, detail, rule="3.6 roles", field="staff", accepts=" or ".join(may))
    return sender.role or next((role for role in held if role in may), held[0])
