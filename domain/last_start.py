"""The last C1D1 from which treatment still ends by the trial's completion date. It follows from protocol data alone."""

from datetime import date, timedelta
from typing import Literal

from domain.protocol import EvaluationEpoch, ProcedureEpoch, Protocol, TreatmentEpoch, Window

Stretch = Literal["FULL", "NO_ALLOWANCE", "MINIMUM"]
"""Every window used up; so, but each further treatment begins at once; every window at its first day."""


def last_first_dose_on(protocol: Protocol, stretch: Stretch = "FULL") -> date:
    """Give the last date of C1D1 that fits. Source: clinical specification, fact 5."""
    return protocol.completion_on - timedelta(days=treatment_days(protocol, stretch))


def treatment_days(protocol: Protocol, stretch: Stretch = "FULL") -> int:
    """Count the days from C1D1 to the end of the last cycle, without delays. Unit: d."""
    total, first = 0, protocol.treatments[0]
    before = first
    for epoch in protocol.epochs[protocol.epochs.index(first) :]:
        match epoch:
            case TreatmentEpoch():
                if epoch is not first:
                    total += _wait(epoch.start, before, latest=stretch == "FULL")
                total += (epoch.cycles - 1) * epoch.cycle_days + (epoch.completes_after_days or 0)
                before = epoch
            case ProcedureEpoch() | EvaluationEpoch():
                total += _wait(epoch.window, before, latest=stretch != "MINIMUM")
            case _:
                continue
    return total


def _wait(window: Window, before: TreatmentEpoch, *, latest: bool) -> int:
    """Count the days a window adds: those behind the day of the cycle on which its drug is last given at the site."""
    spent = 0
    if window.anchor == "LAST_DOSE":
        lines = [line for regimen in before.regimens.values() for line in regimen if window.drug in line.drugs]
        spent = max((0 if line.self_administered else line.days[-1] - 1 for line in lines), default=0)
    return spent + (window.latest_days if latest else window.earliest_days)
