"""I3: one effective notice for each that was asked for, however often its delivery was tried."""

from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any

from chaos.checker.evidence import Evidence, Fact, UnreadableEvidence, Violation

IN_ORDER = "well"
"""How the mail server calls its mode when it does what a mail server should."""
HEADER = "X-Trialpath-Notice"
OF_DEPARTURES = ("DEVIATION", "IMPORTANT_DEVIATION")
OPERATIONS = "operations"
"""What operations are told is no fact of a subject: its keys begin with another word than a stream."""


def check(evidence: Evidence) -> Iterator[Violation]:
    """Hold ledger and mail against the notices on record."""
    asked = {
        f"{fact.stream}/{fact.seq}": fact
        for facts in evidence.facts.values()
        for fact in facts
        if fact.kind == "NoticeRequested"
    }
    yield from _ledger(evidence, asked)
    yield from _mail(evidence, asked)
    yield from _again(evidence)
    yield from _outcomes(evidence)
    yield from _same(asked)
    yield from _told_once(evidence)


def _ledger(evidence: Evidence, asked: dict[str, Fact]) -> Iterator[Violation]:
    """Give what the ledger counts twice, and what it counts though nobody asked for it."""
    for key, times in Counter(row["key"] for row in evidence.deliveries).items():
        notice = key.split(" ")[0]
        if times > 1:
            yield Violation("I3", f"{key} stands {times} times in the ledger")
        if notice.startswith(("patient-", "trial-")) and notice not in asked:
            yield Violation("I3", f"{key} was delivered, and no fact asked for it")


def _mail(evidence: Evidence, asked: dict[str, Fact]) -> Iterator[Violation]:
    """Give mail that nobody asked for, and mail told to have been accepted that is not there."""
    folder = evidence.folder / "mail" / "new"
    if not folder.exists():
        if evidence.deliveries:
            raise UnreadableEvidence(f"{folder} is not there, and the ledger tells of mail")
        return
    found = [message_from_bytes(file.read_bytes()) for file in sorted(folder.iterdir())]
    keys = {(_key(message), str(message["To"])) for message in found}
    for key, to in keys:
        if key.startswith(("patient-", "trial-")) and key not in asked:
            yield Violation("I3", f"mail {key} to {to} was sent, and no fact asked for it")
    there = {key for key, _ in keys}
    for row in evidence.deliveries:
        if row["key"].split(" ")[0] not in there:
            yield Violation("I3", f"{row['key']} stands in the ledger as accepted, and no mail of it came")


def _again(evidence: Evidence) -> Iterator[Violation]:
    """Give mail that came once more though the server had taken it in order, and no fault while it was open tells why.

    A notice is open until it is on record that it reached somebody: no fault after that explains another mail.
    """
    reached = {
        f"{fact.stream}/{fact.body['notice']}": str(fact.row["stored_at"])
        for facts in evidence.facts.values()
        for fact in facts
        if fact.kind == "NoticeReached"
    }
    last: dict[tuple[str, str], dict[str, Any]] = {}
    first: dict[str, str] = {}
    faults = evidence.faults
    for row in evidence.mails:
        begun = first.setdefault(row["key"], row["at"])
        over = reached.get(row["key"], row["at"])
        until = min(row["at"], over) if over >= begun else row["at"]  # reached before any mail: a clock ran wrong
        for to in row["to"] if row["kept"] else ():
            before = last.get((row["key"], to))
            if before is not None and before["mode"] == IN_ORDER and not _broken(faults, before["at"], until):
                what = f"mail {row['key']} to {to} was taken at {before['at']}, and came again at {row['at']}"
                yield Violation("I3", f"{what}; nothing was broken between")
            last[row["key"], to] = row


def _broken(faults: list[dict[str, Any]], since: str, until: str) -> bool:
    """Say whether a fault of the driver lay between two instants, or reached into that time."""
    return any(fault["at"] <= until and since <= fault["until"] for fault in faults)


def _outcomes(evidence: Evidence) -> Iterator[Violation]:
    """Give the notices that are said to be both delivered and missed."""
    for stream, facts in evidence.facts.items():
        reached = {fact.body["notice"] for fact in facts if fact.kind == "NoticeReached"}
        missed = {fact.body["notice"] for fact in facts if fact.kind == "NoticeMissed"}
        asked = {fact.seq for fact in facts if fact.kind == "NoticeRequested"}
        for number in sorted(reached & missed):
            yield Violation("I3", f"{stream}/{number} was both delivered and missed")
        for number in sorted((reached | missed) - asked):
            yield Violation("I3", f"{stream}/{number} was delivered or missed, and is no notice")


def _same(asked: dict[str, Fact]) -> Iterator[Violation]:
    """Give the same notice asked for twice in a stream on one day, unless it says that it repeats an earlier one."""
    seen: dict[tuple[str, ...], str] = {}
    for key, fact in asked.items():
        words = ("notice", "text", "to", "about", "repeats")
        on = str(fact.row["recorded_at"])[:10]
        what = (fact.stream, on, *(str(fact.body.get(word)) for word in words))
        if seen.setdefault(what, key) != key:
            yield Violation("I3", f"{fact.name} asks for the same notice as {seen[what]}")


def _told_once(evidence: Evidence) -> Iterator[Violation]:
    """Give a departure told once more by the same notice, in whatever words, unless it was withdrawn in between."""
    for stream, facts in evidence.subjects.items():
        told: dict[tuple[str, str], int] = {}
        for fact in facts:
            if fact.kind == "DeviationWithdrawn":
                told = {known: seq for known, seq in told.items() if known[1] != fact.body["item"]}
            key = str(fact.body.get("notice")), str(fact.body.get("about") or "")
            is_first_telling = fact.kind == "NoticeRequested" and key[1] and fact.body.get("repeats") is None
            if is_first_telling and key[0] in OF_DEPARTURES and told.setdefault(key, fact.seq) != fact.seq:
                yield Violation("I3", f"{fact.name} tells {key[1]} once more: {stream}/{told[key]} told it")


def _key(message: Message) -> str:
    return str(message[HEADER] or "")
