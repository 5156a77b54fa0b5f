"""What the parts of a criterion came to, and how they make its finding."""

from dataclasses import dataclass
from datetime import date

from domain import evidence as e
from domain.criteria.case import Judgement, Reading
from domain.ctcae import shown_grade
from domain.findings import EvidenceUsed, Finding, Verdict
from domain.labs import ANALYTES, LabValue
from domain.protocol import Criterion


@dataclass(frozen=True, slots=True)
class Limb:
    """What one part of a criterion came to. MET lets the subject pass, NOT_MET does not, whatever the criterion."""

    verdict: Verdict
    sentence: str
    evidence: tuple[EvidenceUsed, ...] = ()


WORST_FIRST = (Verdict.NOT_MET, Verdict.CONFLICT, Verdict.UNKNOWN, Verdict.JUDGEMENT_PENDING, Verdict.MET)


def passes(sentence: str, *used: EvidenceUsed) -> Limb:
    """Say that a part lets the subject pass."""
    return Limb(Verdict.MET, sentence, used)


def fails(sentence: str, *used: EvidenceUsed) -> Limb:
    """Say that a part keeps the subject out."""
    return Limb(Verdict.NOT_MET, sentence, used)


def holds(good: bool, sentence: str, *used: EvidenceUsed) -> Limb:  # noqa: FBT001 - reads as a statement
    """Say that a part lets the subject pass or keeps it out."""
    return (passes if good else fails)(sentence, *used)


def unknown(sentence: str, *used: EvidenceUsed) -> Limb:
    """Say that the evidence for a part is absent, too old or not usable."""
    return Limb(Verdict.UNKNOWN, sentence, used)


def conflict(sentence: str, *used: EvidenceUsed) -> Limb:
    """Say that rules or evidence contradict each other."""
    return Limb(Verdict.CONFLICT, sentence, used)


def pending(sentence: str, *used: EvidenceUsed) -> Limb:
    """Say that an investigator must decide."""
    return Limb(Verdict.JUDGEMENT_PENDING, sentence, used)


def not_applicable(criterion: Criterion, sentence: str, *used: EvidenceUsed) -> Finding:
    """Say that a criterion is not about this subject."""
    return Finding(rule=criterion.rule, verdict=Verdict.NOT_APPLICABLE, sentence=sentence, evidence=used)


def every(criterion: Criterion, *limbs: Limb) -> Finding:
    """Give the finding of a criterion all of whose parts must pass: the worst of them."""
    return _joined(criterion, limbs, min((limb.verdict for limb in limbs), key=WORST_FIRST.index))


def one_suffices(criterion: Criterion, *limbs: Limb) -> Finding:
    """Give the finding of a criterion of which one part must pass: the best of them."""
    order = (Verdict.MET, Verdict.UNKNOWN, Verdict.NOT_MET)
    return _joined(criterion, limbs, min((limb.verdict for limb in limbs), key=order.index))


def _joined(criterion: Criterion, limbs: tuple[Limb, ...], verdict: Verdict) -> Finding:
    if criterion.is_exclusion:
        words = {Verdict.MET: Verdict.NOT_TRIGGERED, Verdict.NOT_MET: Verdict.TRIGGERED}
        verdict = words.get(verdict, verdict)
    if len(limbs) == 1:
        return Finding(rule=criterion.rule, verdict=verdict, sentence=limbs[0].sentence, evidence=limbs[0].evidence)
    sentence = "; ".join(limb.sentence for limb in limbs)
    used = tuple(dict.fromkeys(used for limb in limbs for used in limb.evidence))
    return Finding(rule=criterion.rule, verdict=verdict, sentence=sentence, evidence=used)


def used_lab(reading: Reading, found: LabValue) -> EvidenceUsed:
    """Give a laboratory value as evidence."""
    limit = "" if found.upper_limit is None else f"{found.upper_limit} {found.unit}"
    value = f"{found.value} {found.unit} (reported {found.reported})"
    return EvidenceUsed(
        what=ANALYTES[found.analyte].label,
        value=value,
        on=reading.sampled_on(found),
        upper_limit=limit,
        document=found.document,
        ctcae=shown_grade(found, reading.case.baseline.get(found.analyte), anticoagulated=reading.anticoagulated),
    )


def used(what: str, value: object, section: e.Section, on: date | None = None) -> EvidenceUsed:
    """Give a statement of a section as evidence."""
    return EvidenceUsed(what=what, value=str(value), on=on or section.on, document=section.document)


def stale(reading: Reading, what: str, on: date, max_age_days: int | None, *evidence: EvidenceUsed) -> Limb | None:
    """Give what is wrong with the age of evidence, or None. It is held against randomization and C1D1."""
    case = reading.case
    if on > case.latest_anchor:
        return unknown(f"{what} of {on} is later than {case.latest_anchor}", *evidence)
    age = (case.latest_anchor - on).days
    if max_age_days is not None and age > max_age_days:
        anchor = "C1D1" if case.first_dose_on else "randomization"
        sentence = (
            f"{what} of {on} is {age} d old at {anchor} ({case.latest_anchor}), at most {max_age_days} d accepted"
        )
        return unknown(sentence, *evidence)
    return None


def fresh(reading: Reading, criterion: Criterion, what: str, section: e.Section) -> tuple[Limb, ...]:
    """Give what is wrong with the age of a statement, if anything. What it says against the subject stands anyway."""
    old = stale(reading, what, section.on, most_days(reading, criterion), used(what, "asked", section))
    return () if old is None else (old,)


def most_days(reading: Reading, criterion: Criterion) -> int | None:
    """Give how old a statement may be at the anchor it is held against: randomization, or C1D1."""
    later = criterion.max_age_at_first_dose_days
    return criterion.max_age_days if later is None or reading.case.first_dose_on is None else later


def deciding(reading: Reading, criterion: Criterion) -> tuple[Judgement, ...]:
    """Give the answers of the latest date that count: of those who may judge, else the newest of anybody."""
    newest = reading.case.judgements.get(criterion.rule)
    if newest is None:
        return ()
    every_one = reading.case.day_judgements.get(criterion.rule) or (newest,)
    return tuple(row for row in every_one if row.role in criterion.judged_by) or (newest,)


def judged(reading: Reading, criterion: Criterion, what: str) -> Limb:
    """Give an investigator's signed answer, or ask for it; answers of one day that differ are a CONFLICT."""
    rows = deciding(reading, criterion)
    roles = " or ".join(criterion.judged_by)
    if not rows:
        return pending(f"{what}: the judgement of {roles} is awaited")
    found, answer = rows[-1], rows[-1].answer
    evidence = tuple(_judgement_used(row) for row in rows)
    if found.role not in criterion.judged_by:
        how = "`judgement`"
        if found.entered_with is not None:
            how += f", or `sign` of fact {found.entered_with} with the meaning judged by me"
        sentence = f"{what}: {found.by} ({found.role}) answered; the judgement of {roles} is awaited: {how}"
        return pending(sentence, *evidence)
    if len({row.answer.verdict for row in rows}) > 1:
        said = ", ".join(f"{row.answer.verdict} by {row.by}" for row in rows)
        return conflict(f"{what}: judged differently on {answer.on}: {said}", *evidence)
    old = stale(reading, f"{what}: the judgement", answer.on, criterion.max_age_days, *evidence)
    if old is not None:
        return old
    why = f" ({answer.why})" if answer.why else ""
    good = answer.verdict in ("MET", "NOT_TRIGGERED")
    return holds(good, f"{what}: judged {answer.verdict} by {found.by}{why}", *evidence)


def _judgement_used(found: Judgement) -> EvidenceUsed:
    value = f"{found.answer.verdict} by {found.by} ({found.role})"
    return EvidenceUsed(what="judgement", value=value, on=found.answer.on)


def missing(what: str) -> Limb:
    """Say that a section is absent."""
    return unknown(f"{what} not documented")
