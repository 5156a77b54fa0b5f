"""Later reports of the laboratory: they replace or withdraw results on record, as a correction of its own."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.amended import is_amendment
from domain.labs import ReportedResult
from domain.patient import facts as f
from domain.patient import follow
from domain.patient.draft import Draft
from domain.patient.expected import expected
from domain.patient.history import effective
from domain.patient.readings import is_of, replaced, rows_of


def take(draft: Draft, results: Sequence[ReportedResult], after: datetime) -> tuple[ReportedResult, ...]:
    """Correct the recorded results that later reports replace or withdraw; give the results that are new to an order.

    The laboratory is the source: what hangs on the result is evaluated again as after any correction.
    """
    amended = [result for result in results if is_amendment(result)]
    known = [row for _, fact in _recorded(draft) for row in rows_of(fact)] if amended else []
    taken = [result for result in amended if any(is_of(result, row) for row in known)]
    for seq, fact in tuple(_recorded(draft)) if taken else ():
        _amend(draft, seq, fact, taken)
    new = [result for result in results if result not in taken]
    return tuple(result for result in new if result.collected_at > after or not is_amendment(result))


def _recorded(draft: Draft) -> Iterator[tuple[int, f.LabResultsRecorded]]:
    """Give the results on record, as they count, by fact number."""
    for seq, fact in enumerate(effective(draft.every_fact)[: len(draft.record)], start=1):
        if isinstance(fact, f.LabResultsRecorded):
            yield seq, fact


def _amend(draft: Draft, seq: int, known: f.LabResultsRecorded, results: Sequence[ReportedResult]) -> None:
    reports = [(row, result) for row in rows_of(known) for result in results if is_of(result, row)]
    new = replaced(draft, known, reports)
    if new == known:
        return
    before, was = draft.journey, effective(draft.every_fact)
    showed = expected(draft.record, was, before, draft.at)
    words = ", ".join(sorted({result.status for _, result in reports}))
    draft.add(f.FactCorrected(fact=seq, of=known.kind, content=new, why=f"report of the laboratory: {words}"))
    draft.event("LABORATORY_AMENDED", f"the laboratory changed results of fact {seq}: {', '.join(_named(known, new))}")
    follow.settle(draft, before, follow.Corrected(seq, known, new, tuple(was)), showed)


def _named(known: f.LabResultsRecorded, new: f.LabResultsRecorded) -> Iterator[str]:
    """Name what reads otherwise, in coded words and without values."""
    for row in new.accepted:
        if row not in known.accepted:
            yield f"{row.analyte} {row.status}"
    for unused in new.unused:
        if unused not in known.unused:
            yield f"{unused.code} not used"
