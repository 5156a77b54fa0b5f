"""Outside effects and notices as they stand: a part of the journey's fold. It has no rule and never raises."""

from domain.patient import facts as f
from domain.patient.copying import amend, copied
from domain.patient.state import Intent, Journey, Notice


def opened(now: Journey, fact: f.LabsOrdered | f.NoticeRequested | f.AllocationRequested) -> Journey:
    """Keep an outside effect that has no outcome yet."""
    return amend(now, intents=now.intents | {now.seq: Intent(now.seq, fact)})


def closed(now: Journey, seq: int) -> Journey:
    """Take out an effect that has its outcome."""
    return amend(now, intents={key: intent for key, intent in now.intents.items() if key != seq})


def notice_requested(now: Journey, fact: f.NoticeRequested) -> Journey:
    """Keep a notice, open until it has reached its people."""
    notice = Notice(
        fact.notice,
        fact.to,
        fact.text,
        fact.urgent,
        about=fact.about,
        unread_since=fact.unread_since,
        repeats=fact.repeats,
        useful_until=fact.useful_until,
    )
    return amend(opened(now, fact), notices=now.notices | {now.seq: notice})


def marked(now: Journey, seq: int, **became: bool) -> Journey:
    """Mark what became of a notice: reached, missed or acknowledged."""
    notice = now.notices.get(seq)
    return now if notice is None else amend(now, notices=now.notices | {seq: copied(notice, **became)})


def only_notices(now: Journey) -> Journey:
    """Drop every open effect but notices."""
    kept = {seq: intent for seq, intent in now.intents.items() if isinstance(intent.fact, f.NoticeRequested)}
    return amend(now, intents=kept)
