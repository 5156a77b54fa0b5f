"""The samples a gate's verdict rests on: which verdict counts for a day 1, and until when its samples are young."""

from collections.abc import Iterator
from datetime import date

from domain.findings import EvidenceUsed, Verdict
from domain.patient import facts as f
from domain.patient.cycle import Cycle
from domain.patient.windows import days
from domain.protocol import Protocol


def counted(cycle: Cycle, on: date) -> tuple[f.GateChecked | None, bool]:
    """Give the verdict that counts for a day 1 on a date, and whether it was overridden.

    It is the latest on samples of that date or before; without one the latest of all.
    """
    found: f.GateChecked | None = None
    latest: f.GateChecked | None = None
    overridden = False
    for fact in cycle.checks:
        if isinstance(fact, f.GateOverridden):
            overridden = overridden or latest is found
            continue
        latest = fact
        if found is None or not _is_of_later(fact, on) or _is_of_later(found, on):
            found, overridden = fact, False
    return found, overridden


def _is_of_later(check: f.GateChecked, on: date) -> bool:
    """Say whether a verdict is about a later day 1: on later samples, or on samples that were too old only then."""
    if check.sampled_on is not None and check.sampled_on > on:
        return True
    failing = [finding for finding in check.findings if not finding.is_clear]
    aged = bool(failing) and all(finding.verdict == Verdict.UNKNOWN for finding in failing)
    return aged and check.day_1_on is not None and check.day_1_on > on


def expires_on(protocol: Protocol, cycle: Cycle) -> date | None:
    """Give the first day on which a sample of the passed gate is too old; None while none is known."""
    check, _ = counted(cycle, date.max)
    rows = _samples(protocol, cycle, check)
    return min((on + days(limit + 1) for _, _, on, limit in rows), default=None)


def too_old_on(
    protocol: Protocol, cycle: Cycle, check: f.GateChecked | None, on: date, *, gate_only: bool = False
) -> Iterator[tuple[str, str]]:
    """Give what was too old on a date: of the gate in one text, else of each criterion of the first dose by rule."""
    gate = protocol.treatment_of(cycle.number).gate
    old: dict[str, dict[str, str]] = {}
    for rule, row, sampled_on, limit in _samples(protocol, cycle, check):
        age = (on - sampled_on).days
        if age > limit and (rule in gate.criteria) is gate_only:
            about = "" if gate_only else rule
            old.setdefault(about, {})[row.what] = f"{row.what} of {sampled_on} ({age} d old, at most {limit} d)"
    for about, texts in old.items():
        yield about, ", ".join(texts.values())


def _samples(
    protocol: Protocol, cycle: Cycle, check: f.GateChecked | None
) -> Iterator[tuple[str, EvidenceUsed, date, int]]:
    """Give each sample of a verdict with its criterion, its date and the days it may be old."""
    gate = protocol.treatment_of(cycle.number).gate
    criteria = {row.rule: row for row in protocol.screening.criteria if row.limits}
    for finding in check.findings if check else ():
        criterion = criteria.get(finding.rule)
        if criterion is None:
            continue
        limit = gate.max_age_days if finding.rule in gate.criteria else criterion.max_age_days
        for row in finding.evidence:
            if row.on is not None and limit is not None:
                yield finding.rule, row, row.on, limit


def awaits_sample(protocol: Protocol, check: f.GateChecked) -> bool:
    """Say whether a verdict holds the dose for something that a laboratory sample can change."""
    return any(not finding.is_clear and _is_measured(protocol, check, finding.rule) for finding in check.findings)


def unstated(protocol: Protocol, check: f.GateChecked) -> tuple[str, ...]:
    """Give the criteria of a verdict that no sample decides and for which a statement is missing or too old."""
    unknown = [finding.rule for finding in check.findings if finding.verdict == Verdict.UNKNOWN]
    return tuple(code for code in unknown if not _is_measured(protocol, check, code))


def _is_measured(protocol: Protocol, check: f.GateChecked, code: str) -> bool:
    return code in (*protocol.treatment_of(check.cycle).gate.criteria, *protocol.screening.analytes_by_rule)
