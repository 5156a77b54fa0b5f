"""Warnings beside a verdict that lets the subject pass. They decide nothing."""

from collections.abc import Sequence
from dataclasses import replace

from domain import evidence as e
from domain.criteria.case import Case, Reading
from domain.criteria.laboratory import limit_of
from domain.findings import Finding
from domain.protocol import Caution, Criterion


def with_cautions(reading: Reading, criterion: Criterion, found: Finding) -> Finding:
    """Give a clear finding with what a person is warned of. Source: I5.1, I11.4, I12.3."""
    if not found.is_clear or not criterion.cautions:
        return found
    texts = (_text(reading, criterion, caution) for caution in criterion.cautions)
    return replace(found, warnings=tuple(filter(None, texts)))


def about_drugs(criteria: Sequence[Criterion], case: Case, drugs: Sequence[str]) -> tuple[str, ...]:
    """Give the warnings about drugs on this evidence, for their plan and order sheet, each with its rule."""
    return tuple(
        f"{criterion.rule}: {text}"
        for criterion in criteria
        for caution in criterion.cautions
        if caution.drug in drugs and (text := _text(Reading(case), criterion, caution))
    )


def _text(reading: Reading, criterion: Criterion, caution: Caution) -> str:
    """Give the words of a warning, or nothing when it does not apply."""
    if caution.limit is not None:
        limb = limit_of(reading, criterion, caution.limit)
        return "" if limb.verdict == "MET" else f"{caution.text} ({limb.sentence})"
    prior = reading.section(e.PriorTreatment)
    cycles = 0 if prior is None else prior.chemotherapy_cycles
    return caution.text if caution.from_cycles is not None and cycles >= caution.from_cycles else ""
