"""Where a pathology report contradicts itself. It is asked back, never refused for good."""

from collections.abc import Iterator

from domain.patient import commands as c
from domain.protocol import PathologicalResponse


def contradictions(limits: PathologicalResponse, report: c.ReportPathology) -> Iterator[tuple[str, str]]:
    """Give each field that contradicts another, with what is odd. Source: T6 (MPR, pCR, R as of UICC and IASLC)."""
    viable = report.viable_tumour_percent
    if report.pcr:
        if viable is not None and viable > limits.complete_at_most:
            yield "pcr", f"pCR with {viable} % viable tumour"
        if report.mpr is False:
            yield "mpr", "pCR without MPR"
        if report.yp_t not in (None, "T0") or report.yp_n not in (None, "N0"):
            yield "pcr", f"pCR with yp{report.yp_t or ''}{report.yp_n or ''}"
    if viable is not None and report.mpr is not None and report.mpr != (viable <= limits.major_at_most):
        yield "mpr", f"MPR {'yes' if report.mpr else 'no'} with {viable} % viable tumour"
    if report.resection == "R0" and report.margin_mm is not None and report.margin_mm == 0:
        yield "margin_mm", "R0 with tumour at the margin"
    if report.residual_uncertain and report.resection in ("R1", "R2"):
        yield "residual_uncertain", f"R(un) with {report.resection}"
