"""I8: the clinical rules by the checker's own numbers. A breach must have its deviation; a decision must not breach."""

from collections.abc import Iterator
from datetime import date, timedelta

from chaos.checker import laboratory
from chaos.checker.evidence import Evidence, Fact, Violation
from chaos.checker.record import Dose, Record, walk

ANCHOR, ANLOTINIB = "BENMELSTOBART", "ANLOTINIB"
WITH_ANLOTINIB = "COHORT_1"
"""Source: T2.1, T7."""
SURGERY, EVALUATION = (28, 42), (28, 42)
"""Days after the last actual dose of benmelstobart, and after surgery. Source: T4, T5."""
WASHOUT_DAYS = 7
"""Source: T3."""
CYCLE_DAYS, WINDOW_DAYS = 21, 3
"""Source: T2.2."""
NEOADJUVANT, CYCLES = 3, 15
"""At most 3 cycles before surgery and 12 after. Source: T2, T7."""
AGES = (18, 75)
"""Source: I2."""
FIXED_MG, LARGEST_CARBOPLATIN_MG = "1200", 750
"""Benmelstobart is never another amount; AUC 5 with a clearance of at most 125. Source: T2, T9, 3.4."""
OUT_OF_TURN = ("TURN",)
"""The departure of a dose that nobody awaited. It has no window and no gate of its own."""
UNFIT, TIMES = ("GATE", "FIRST_DOSE", *OUT_OF_TURN), ("T2.2", "T7")
CLEAR = ("MET", "NOT_APPLICABLE", "NOT_TRIGGERED")


def check(evidence: Evidence) -> Iterator[Violation]:
    """Hold each subject's record against the rules."""
    for stream, facts in evidence.subjects.items():
        record = Record.of(facts)
        found = [*_surgery(record), *_doses(record), *_timing(record), *_evaluation(record)]
        for what in found:
            yield Violation("I8", f"{stream}: {what}; no deviation is on record")
        for before, fact in walk(facts):
            for what in _decision(before, fact):
                step = evidence.step_of(stream, str(fact.row["submission_id"]))
                yield Violation("I8", f"{fact.name}: {what}", step)


def _surgery(record: Record) -> Iterator[str]:
    """Give how a surgery departs from its window and from anlotinib's wash-out. Source: T3, T4."""
    on = record.surgery_on
    if on is None:
        return
    anchor = _last(record, ANCHOR, on)
    if anchor is not None:
        after = (on - anchor).days
        if not SURGERY[0] <= after <= SURGERY[1] and not record.has_deviation(
            ("SURGERY", "SURGERY_PHASE"), ("T4",), on
        ):
            yield f"surgery on {on}, {after} d after the last {ANCHOR} (T4)"
    last = _last(record, ANLOTINIB, on)
    if last is not None and (on - last).days < WASHOUT_DAYS and not record.has_deviation(("WASHOUT",), ("T3",), on):
        yield f"surgery on {on}, {(on - last).days} d after the last {ANLOTINIB} (T3)"


def _last(record: Record, drug: str, until: date) -> date | None:
    return max((dose.on for dose in record.doses if dose.drug == drug and dose.on <= until), default=None)


def _doses(record: Record) -> Iterator[str]:
    """Give the doses that should not have been given, of which no deviation tells."""
    for dose in record.doses:
        for why, items, rules in _breaches(record, dose):
            if not record.has_deviation(items, rules, dose.on, f"C{dose.cycle}"):
                yield f"{dose.drug} on {dose.on} (C{dose.cycle}D{dose.day}) {why}"


def _breaches(record: Record, dose: Dose) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Give why a dose should not have been given; which departures tell it, and by which rules (none named: any)."""
    ended = [on for on in (record.withdrawn_on, record.treatment_ended_on) if on is not None and on < dose.on]
    if dose.drug == ANLOTINIB and record.arm not in ("", WITH_ANLOTINIB):
        yield f"in {record.arm} (T2.1)", ("DRUG",), ("T2", "T2.1", "T7")
    if _is_held(record, dose):
        yield "while it was held (T9)", ("HELD",), ("T9",)
    if ended:
        yield f"after {min(ended)}, when treatment had ended", OUT_OF_TURN, ()
    if dose.cycle > NEOADJUVANT and not record.is_resected:
        yield f"without R0: {record.pathology or record.resection or 'no surgery'} (T6)", OUT_OF_TURN, ()
    if dose.cycle > NEOADJUVANT and record.surgery_on and dose.on < record.surgery_on:
        yield f"before surgery on {record.surgery_on}: more than {NEOADJUVANT} cycles (T2)", OUT_OF_TURN, ()
    if not 1 <= dose.cycle <= CYCLES:
        yield f"of {CYCLES} cycles (T7)", OUT_OF_TURN, ("T2", "T2.2", "T7")
    if record.randomized_on is None or dose.on < record.randomized_on:
        yield "before randomization (T1.1)", ("RAND", *OUT_OF_TURN), ("T1.1", "T2.2")


def _is_held(record: Record, dose: Dose) -> bool:
    """Say whether a drug was on hold, as was known when it was reported, with a day to spare at both ends."""
    return any(
        hold.drug == dose.drug and hold.seq < dose.seq and hold.since < dose.on < hold.until for hold in record.holds
    )


def _timing(record: Record) -> Iterator[str]:
    """Give each day 1 outside its window, and each without passing results or an override. Source: T2.2, T11."""
    first = {dose.cycle: dose for dose in reversed(record.doses) if dose.day == 1}
    for cycle, dose in sorted(first.items()):
        label, previous = f"C{cycle}", first.get(cycle - 1)
        if previous is not None and cycle != NEOADJUVANT + 1:
            after = (dose.on - previous.on).days
            if abs(after - CYCLE_DAYS) > WINDOW_DAYS and not record.has_deviation(
                (label, *OUT_OF_TURN), TIMES, dose.on, label
            ):
                yield f"{label}D1 on {dose.on}, {after} d after C{cycle - 1}D1 (T2.2)"
        wrong = laboratory.failing(record, dose.on, laboratory.BEFORE_A_DOSE, dose.seq)
        told = record.has_deviation(UNFIT, ("T11", "I10.2", "T2.2"), dose.on, label)
        if wrong and cycle not in record.overridden and not told:
            yield f"{label}D1 on {dose.on} with {', '.join(wrong)} (T11)"


def _evaluation(record: Record) -> Iterator[str]:
    """Give an evaluation outside its window. Source: T5."""
    for on in record.evaluations[-1:]:
        after = (on - record.surgery_on).days if record.surgery_on else None
        inside = after is not None and EVALUATION[0] <= after <= EVALUATION[1]
        if not inside and not record.has_deviation(("EVALUATION",), ("T5",), on):
            yield f"adjuvant evaluation on {on}, {after} d after surgery (T5)"


def _decision(record: Record, fact: Fact) -> Iterator[str]:
    """Give what was decided against a rule. What people report may break one; what the product decides may not."""
    body = fact.body
    if fact.kind in ("CyclePlanned", "DosesPlanned", "GateChecked") and record.withdrawn_on is not None:
        yield f"decided after the withdrawal of {record.withdrawn_on}"
    if fact.kind == "EpochEntered" and body["epoch"] == "ADJUVANT" and not record.is_resected:
        yield f"entered without R0: {record.pathology or record.resection or 'no surgery'} (T6)"
    if fact.kind == "CyclePlanned" and not 1 <= body["cycle"] <= CYCLES:
        yield f"cycle {body['cycle']} of {CYCLES} (T7)"
    if fact.kind == "CyclePlanned" and body["cycle"] > NEOADJUVANT and not record.is_resected:
        yield f"cycle {body['cycle']} without R0 (T6)"
    if fact.kind == "GateChecked" and body["passed"] and body.get("day_1_on"):
        on = date.fromisoformat(body["day_1_on"])
        wrong = laboratory.failing(record, on, laboratory.BEFORE_A_DOSE, fact.seq)
        if wrong:
            yield f"C{body['cycle']}'s gate passed with {', '.join(wrong)} (T11)"
    if fact.kind == "DosesPlanned":
        yield from _amounts(record, fact)
    if fact.kind == "EligibilityConfirmed":
        yield from _eligible(record, fact)
    if fact.kind in ("AllocationRequested", "Randomized") and record.eligible_on is None:
        yield "without an eligibility verdict (T1.1)"


def _amounts(record: Record, fact: Fact) -> Iterator[str]:
    for row in fact.body["administrations"]:
        if row["drug"] == ANLOTINIB and record.arm != WITH_ANLOTINIB:
            yield f"{ANLOTINIB} planned in {record.arm or 'no arm'} (T2.1)"
        if row["drug"] == ANCHOR and (row["amount"], row["unit"]) != (FIXED_MG, "mg"):
            yield f"{ANCHOR} {row['amount']} {row['unit']} planned (T9)"
        if row["drug"] == "CARBOPLATIN" and float(row["amount"]) > LARGEST_CARBOPLATIN_MG:
            yield f"carboplatin {row['amount']} mg planned (3.4)"


def _eligible(record: Record, fact: Fact) -> Iterator[str]:
    """Give why somebody must not have been found eligible: a criterion that is open, age, consent, results."""
    on = date.fromisoformat(fact.body["judged_on"])
    yield from (f"{row['rule']} was {row['verdict']}" for row in fact.body["findings"] if row["verdict"] not in CLEAR)
    if record.consent_on is None or record.born_on is None:
        yield "without consent (I1.1)"
    elif not _at_age(record.born_on, AGES[0]) <= record.consent_on < _at_age(record.born_on, AGES[1] + 1):
        yield f"born on {record.born_on}, consent on {record.consent_on} (I2)"
    yield from laboratory.failing(record, on, laboratory.BEFORE_RANDOMIZATION, fact.seq)


def _at_age(born_on: date, years: int) -> date:
    """Give a birthday. Who was born on 29 February has it on 1 March in other years. Source: I2."""
    try:
        return born_on.replace(year=born_on.year + years)
    except ValueError:
        return date(born_on.year + years, 2, 28) + timedelta(days=1)
