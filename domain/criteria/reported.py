"""What staff reported beside the evidence: coded adverse events, pregnancies, live vaccines, progression.

It turns the finding that the evidence document alone would give. A report never betters a finding.
"""

from collections.abc import Iterator

from domain.criteria.case import Reading, Reported, within_days, within_months
from domain.findings import EvidenceUsed, Finding, Verdict
from domain.protocol import Criterion, ReportLimit


def with_reports(reading: Reading, criterion: Criterion, found: Finding) -> Finding:
    """Give a finding with what was reported: what keeps the subject out, and what makes its evidence outdated."""
    out = [(row, limit) for limit in criterion.reports for row in _counted(reading, limit)]
    if out:
        verdict = Verdict.TRIGGERED if criterion.is_exclusion else Verdict.NOT_MET
        sentence = "; ".join(dict.fromkeys(_sentence(row) for row, _ in out))
        return _turned(found, verdict, sentence, tuple(dict.fromkeys(_used(row) for row, _ in out)))
    progressed_on = reading.case.progressed_on
    if progressed_on is None or not found.is_clear:
        return found
    older = [row.on for name in criterion.after_progression for row in reading.case.sections.get(name, ())
             if row.on < progressed_on]  # fmt: skip
    if not older:
        return found
    sentence = f"progression was found on {progressed_on}, after the evidence of {max(older)}: assess again"
    used = EvidenceUsed(what="progression", value="reported", on=progressed_on)
    return _turned(found, Verdict.UNKNOWN, sentence, (used,))


def _turned(found: Finding, verdict: Verdict, sentence: str, used: tuple[EvidenceUsed, ...]) -> Finding:
    said = f"{sentence}; {found.sentence}"
    return Finding(rule=found.rule, verdict=verdict, sentence=said, evidence=(*used, *found.evidence))


def _counted(reading: Reading, limit: ReportLimit) -> Iterator[Reported]:
    """Give the reports a limit is about that lie within its look-back; what goes on counts to this day."""
    for row in reading.case.reported:
        if row.event != limit.event or row.grade < limit.grade_from:
            continue
        last = row.until
        if (
            last is None
            or (limit.days is None and limit.months is None)
            or (limit.days is not None and within_days(reading, last, limit.days))
            or (limit.months is not None and within_months(reading, last, limit.months))
        ):
            yield row


def _sentence(row: Reported) -> str:
    grade = f" grade {row.grade}" if row.grade else ""
    until = "" if row.until == row.on else f" to {row.until}" if row.until else ", not over yet"
    return f"{_label(row)}{grade} of {row.on}{until} is reported (fact {row.number})"


def _used(row: Reported) -> EvidenceUsed:
    value = f"grade {row.grade}" if row.grade else "reported"
    return EvidenceUsed(what=_label(row), value=f"{value}, fact {row.number}", on=row.until or row.on)


def _label(row: Reported) -> str:
    return row.event if row.event.isupper() and len(row.event) <= len("ILD") else row.event.replace("_", " ").lower()
