"""What became of notices: each reached its sink, came too late to be useful, or was read by somebody it was for."""

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.state import Notice
from domain.patient.unread import told_of
from domain.submission import Reason, Refused


def delivered(draft: Draft, command: c.NoticeDelivered) -> None:
    """Record that a notice reached its sink. Once."""
    notice = _of(draft, command.notice)
    if not notice.reached:
        draft.add(f.NoticeReached(notice=command.notice, sink=command.sink))


def too_late(draft: Draft, command: c.NoticeTooLate) -> None:
    """Record that a notice was not sent because it was of no use any more. Once, and not after it was delivered."""
    notice = _of(draft, command.notice)
    if not notice.reached and not notice.missed:
        until = notice.useful_until
        draft.add(f.NoticeMissed(notice=command.notice, useful_until=until, missed_at=draft.at, why=command.why))


def acknowledge(draft: Draft, command: c.Acknowledge) -> None:
    """Record that a notice was read by a role it was for. Once; of one that was told again, the first counts too."""
    notice = _of(draft, command.notice)
    first = notice.repeats or command.notice
    to = tuple(dict.fromkeys((*notice.to, *told_of(draft.journey, first))))
    if draft.sender.role not in to:
        detail = f"notice {command.notice} is not addressed to {draft.sender.role}"
        raise Refused(Reason.ROLE, detail, rule="3.6 roles", field="role", accepts=" or ".join(to))
    for number in dict.fromkeys((command.notice, first)):
        if not draft.journey.notices[number].acknowledged:
            draft.add(f.NoticeAcknowledged(notice=number))


def _of(draft: Draft, number: int) -> Notice:
    """Give a notice by its fact's number. Raises Refused when it is none."""
    notice = draft.journey.notices.get(number)
    if notice is None:
        known = ", ".join(map(str, sorted(draft.journey.notices)[-5:]))
        raise Refused(Reason.CONTRADICTS, f"fact {number} is not a notice", field="notice",
                      accepts=f"one of {known}" if known else "no notice yet")  # fmt: skip
    return notice
