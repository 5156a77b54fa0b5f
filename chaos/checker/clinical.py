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
TIMES = ("T2.2", "T7")
"""Every departure has its own item: TURN/C4D1 (nobody awaited it), HELD/C4D1/DRUG or, taken at home, HELD/C4/DRUG,
DRUG/C4D1/DRUG (not in this arm), RAND/C4, C4 (day 1 outside its window), GATE/C4, FIRST_DOSE/RULE (before C1 alone),
SURGERY (its window), WASHOUT/DRUG, EVALUATION. One excuses what it names, and nothing else.
"""
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
        if not SURGERY[0] <= after <= SURGERY[1] and not _tells_late(record, "SURGERY", "T4", on):
            yield f"surgery on {on}, {after} d after the last {ANCHOR} (T4)"
    last = _last(record, ANLOTINIB, on)
    told = record.tells(f"WASHOUT/{ANLOTINIB}", "T3", on)
    if last is not None and (on - last).days < WASHOUT_DAYS and not told:
        yield f"surgery on {on}, {(on - last).days} d after the last {ANLOTINIB} (T3)"


def _last(record: Record, drug: str, until: date) -> date | None:
    return max((dose.on for dose in record.doses if dose.drug == drug and dose.on <= until), default=None)


def _doses(record: Record) -> Iterator[str]:
    """Give the doses that should not have been given, of which no deviation tells."""
    for dose in record.doses:
        for why, told in _breaches(record, dose):
            if not told:
                yield f"{dose.drug} on {dose.on} (C{dose.cycle}D{dose.day}) {why}"


def _breaches(record: Record, dose: Dose) -> Iterator[tuple[str, bool]]:
    """Give why a dose should not have been given, and whether its own departure tells that."""
    ended = [on for on in (record.withdrawn_on, record.treatment_ended_on) if on is not None and on < dose.on]
    turn = _out_of_turn(record, dose)
    if dose.drug == ANLOTINIB and record.arm not in ("", WITH_ANLOTINIB):
        yield f"in {record.arm} (T2.1)", _of_drug(record, "DRUG", "T2", dose)
    if _is_held(record, dose):
        yield "while it was held (T9)", _of_drug(record, "HELD", "T9", dose)
    if ended:
        yield f"after {min(ended)}, when treatment had ended", turn is not None and turn > min(ended)
    if dose.cycle > NEOADJUVANT and not record.is_resected:
        why = record.pathology or record.resection or "no surgery"
        yield f"without R0: {why} (T6)", turn is not None
    if dose.cycle > NEOADJUVANT and record.surgery_on and dose.on < record.surgery_on:
        yield f"before surgery on {record.surgery_on}: more than {NEOADJUVANT} cycles (T2)", turn is not None
    if not 1 <= dose.cycle <= CYCLES:
        yield f"of {CYCLES} cycles (T7)", False
    if record.randomized_on is None or dose.on < record.randomized_on:
        told = record.tells(f"RAND/C{dose.cycle}", "T1.1", dose.on)
        yield "before randomization (T1.1)", told or turn is not None


def _of_drug(record: Record, word: str, rule: str, dose: Dose) -> bool:
    """Say whether a departure of this drug on this day is on record, or of its course at home in this cycle."""
    on_the_day = record.tells(f"{word}/C{dose.cycle}D{dose.day}/{dose.drug}", rule, dose.on)
    item = f"{word}/C{dose.cycle}/{dose.drug}"
    return on_the_day or (item in record.deviations and record.deviations[item]["rule"] == rule)


def _out_of_turn(record: Record, dose: Dose) -> date | None:
    """Give the date of the departure that a dose was out of turn, its own or that of an earlier day of its cycle."""
    for day in range(dose.day, 0, -1):
        on = dose.on - timedelta(days=dose.day - day)
        if record.tells(f"TURN/C{dose.cycle}D{day}", "T2.2", on):
            return on
    return None


def _tells_late(record: Record, item: str, rule: str, on: date) -> bool:
    """Say whether a window's departure tells of this date: one that says that it was missed tells of none."""
    return record.tells(item, rule, on) and record.deviations[item].get("actual_on") is not None


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
        unplanned = record.planned.get(cycle, dose.seq) >= dose.seq and _out_of_turn(record, dose) is not None
        if unplanned:  # nobody had planned it: it has neither window nor gate, and being out of turn tells all
            continue
        if previous is not None and cycle != NEOADJUVANT + 1:
            after = (dose.on - previous.on).days
            told = any(_tells_late(record, label, rule, dose.on) for rule in TIMES)
            if abs(after - CYCLE_DAYS) > WINDOW_DAYS and not told:
                yield f"{label}D1 on {dose.on}, {after} d after C{cycle - 1}D1 (T2.2)"
        wrong = _unfit(record, dose)
        if wrong and cycle not in record.overridden and not record.tells(f"GATE/{label}", "T11", dose.on):
            yield f"{label}D1 on {dose.on} with {', '.join(wrong)} (T11)"


def _unfit(record: Record, dose: Dose) -> list[str]:
    """Name what fails on day 1; before the first dose a sample too old has a departure of its own criterion."""
    return [
        row.text
        for row in laboratory.failures(record, dose.on, laboratory.BEFORE_A_DOSE, dose.seq)
        if not (dose.cycle == 1 and row.too_old and record.tells(f"FIRST_DOSE/{row.rule}", row.rule, dose.on))
    ]


def _evaluation(record: Record) -> Iterator[str]:
    """Give an evaluation outside its window. Source: T5."""
    for on in record.evaluations[-1:]:
        after = (on - record.surgery_on).days if record.surgery_on else None
        inside = after is not None and EVALUATION[0] <= after <= EVALUATION[1]
        if not inside and not _tells_late(record, "EVALUATION", "T5", on):
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
