"""Reported laboratory results as values; and recorded ones as a later report, or a person's correction, reads them."""

from collections.abc import Sequence

from domain.labs import LabValue, ReportedResult, UnusedResult, analyte_of, read
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.patient.history import effective

Row = LabValue | UnusedResult


def read_results(
    draft: Draft, results: tuple[ReportedResult, ...]
) -> tuple[tuple[LabValue, ...], tuple[UnusedResult, ...]]:
    """Give the results that can be used, and those that cannot with the reason."""
    accepted: list[LabValue] = []
    unused: list[UnusedResult] = []
    for result in results:
        value = read(result, draft.protocol.lab_bounds)
        if isinstance(value, LabValue) and value.collected_at > draft.at:
            value = UnusedResult(
                code=result.code,
                reported=value.reported,
                why="the sample is dated in the future",
                collected_at=value.collected_at,
                document=value.document,
                observation=value.observation,
            )
        if isinstance(value, LabValue):
            accepted.append(value)
        else:
            unused.append(value)
    return tuple(accepted), tuple(unused)


def rows_of(known: f.LabResultsRecorded) -> tuple[Row, ...]:
    """Give the recorded results, those that are not used last."""
    return (*known.accepted, *known.unused)


def is_of(result: ReportedResult, row: Row) -> bool:
    """Say whether a report is one of a recorded result: by the laboratory's id, else by test and instant of sample."""
    if result.observation and row.observation:
        return result.observation == row.observation
    return _same_test(result, row) and result.collected_at == row.collected_at


def _same_test(result: ReportedResult, row: Row) -> bool:
    code = analyte_of(result.code, result.system)
    if isinstance(row, LabValue):
        return code == row.analyte
    return result.code == row.code or (code is not None and code == analyte_of(row.code, result.system))


def replaced(
    draft: Draft, known: f.LabResultsRecorded, reports: Sequence[tuple[Row, ReportedResult]]
) -> f.LabResultsRecorded:
    """Give recorded results with each report in the place of the result it stands beside; the others stand."""
    accepted: list[LabValue] = []
    unused: list[UnusedResult] = []
    for row in rows_of(known):
        values: tuple[Row, ...] = (row,)
        report = next((report for place, report in reports if place == row), None)
        if report is not None:
            used, left = read_results(draft, (report,))
            values = (*used, *left)
        accepted += [value for value in values if isinstance(value, LabValue)]
        unused += [value for value in values if isinstance(value, UnusedResult)]
    return known.model_copy(update={"accepted": tuple(accepted), "unused": tuple(unused)})


def found_in(known: f.LabResultsRecorded, report: ReportedResult) -> Row | None:
    """Give the laboratory's result that a typed-in one is about; None when there is none, or no telling which.

    The instant of the sample may be what was wrong, when there is one result of the test.
    """
    rows = [row for row in rows_of(known) if _same_test(report, row)]
    same = [row for row in rows if row.collected_at == report.collected_at] or rows
    return same[0] if len(same) == 1 else None


def mirror(draft: Draft, number: int, old: f.LabResultsRecorded, new: f.LabResultsRecorded | None) -> None:
    """Let the same results read the same in every other fact that holds them: an order may bring known ones again."""
    gone = [row for row in old.accepted if row.observation and (new is None or row not in new.accepted)]
    for seq, fact in enumerate(effective(draft.every_fact), start=1):
        same = [row for row in gone if isinstance(fact, f.LabResultsRecorded) and row in fact.accepted]
        if seq == number or not isinstance(fact, f.LabResultsRecorded) or not same:
            continue
        kept = tuple(row for row in fact.accepted if row not in same)
        codes = {row.analyte for row in same}
        read = tuple(row for row in new.accepted if row.analyte in codes and row not in old.accepted) if new else ()
        draft.supersede(seq, fact.model_copy(update={"accepted": (*kept, *read)}), number)


def set_aside(known: f.LabResultsRecorded, why: str) -> f.LabResultsRecorded:
    """Give an order's results as entered in error: kept and not used. The order stays answered."""
    aside = tuple(
        UnusedResult(
            code=row.analyte,
            reported=row.reported,
            why=f"entered in error: {why}",
            collected_at=row.collected_at,
            document=row.document,
            observation=row.observation,
        )
        for row in known.accepted
    )
    return known.model_copy(update={"accepted": (), "unused": (*known.unused, *aside)})
