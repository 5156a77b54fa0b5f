"""I5: the positions of the sealed list are used once each, without gaps, 33 and 33 at 66, and the 67th is refused."""

from collections import Counter
from collections.abc import Iterator

from chaos.checker.evidence import Evidence, Fact, Violation

TARGET, OF_EACH = 66, 33
"""Subjects in all and in each cohort. Source: T1."""
ARMS = ("COHORT_1", "COHORT_2")


def check(evidence: Evidence) -> Iterator[Violation]:
    """Hold the register's slots against the list, the cohorts, and what the subjects' own streams say."""
    facts = evidence.facts.get(evidence.register, [])
    reserved = [fact for fact in facts if fact.kind == "SlotReserved"]
    slots = [fact.body["slot"] for fact in reserved]
    if slots != list(range(1, len(slots) + 1)):
        yield Violation("I5", f"slots were used in the order {slots}")
    for subject, times in Counter(fact.body["subject"] for fact in reserved).items():
        if times > 1:
            yield Violation("I5", f"{subject} has {times} slots")
    arms = _arms(facts)
    yield from _counts(arms)
    yield from _refusals(facts)
    yield from _subjects(evidence, arms)
    expected = evidence.run.get("expect", {}).get("randomized")
    randomized = sum(fact.kind == "Randomized" for stream in evidence.subjects.values() for fact in stream)
    if expected is not None and randomized != expected:
        yield Violation("I5", f"{randomized} subjects were randomized, {expected} were to be")


def _arms(facts: list[Fact]) -> dict[str, tuple[int, str]]:
    """Give slot and arm of each subject, as the register opened them."""
    reserved = {fact.seq: fact for fact in facts if fact.kind == "SlotReserved"}
    found = {}
    for fact in facts:
        if fact.kind == "SubjectAllocated" and fact.body["request"] in reserved:
            slot = reserved[fact.body["request"]]
            found[str(slot.body["subject"])] = (int(slot.body["slot"]), str(fact.body["arm"]))
    return found


def _counts(arms: dict[str, tuple[int, str]]) -> Iterator[Violation]:
    counts = Counter(arm for _, arm in arms.values())
    for arm, count in counts.items():
        if arm not in ARMS or count > OF_EACH:
            yield Violation("I5", f"{count} subjects in {arm}, at most {OF_EACH} in each of {', '.join(ARMS)}")
    if len(arms) == TARGET and set(counts.values()) != {OF_EACH}:
        yield Violation("I5", f"{dict(counts)} at {TARGET} subjects")


def _refusals(facts: list[Fact]) -> Iterator[Violation]:
    """Give who was told that the trial is full while it was not, and who got a slot after it was."""
    used = 0
    for fact in facts:
        if fact.kind == "SlotReserved":
            used += 1
            if used > TARGET:
                yield Violation("I5", f"{fact.name}: subject {used} of {TARGET}")
        if fact.kind == "AllocationDeclined" and fact.body["why"] == "FULL" and used < TARGET:
            yield Violation("I5", f"{fact.name}: told full at {used} of {TARGET}")


def _subjects(evidence: Evidence, arms: dict[str, tuple[int, str]]) -> Iterator[Violation]:
    """Give the subjects whose own stream says another slot or arm than the register."""
    for stream, facts in evidence.subjects.items():
        subject = stream.rsplit("-", 1)[1]
        for fact in facts:
            if fact.kind == "Randomized" and arms.get(subject) != (fact.body["slot"], fact.body["arm"]):
                told = (fact.body["slot"], fact.body["arm"])
                yield Violation("I5", f"{fact.name}: {told}, in the register {arms.get(subject)}")
