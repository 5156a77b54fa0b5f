"""Counts what the journal holds of a trial. Counts come from facts alone, so that one seed always gives one tally."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from demo.charts import Charts
from domain.decider import PATIENT
from domain.patient import facts as f
from domain.patient.journey import Journey
from domain.protocol import Protocol

Row = tuple[str, str, str]
"""A group, a name in it, and its count as shown."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one trial came to. Each counter is by the word the journal uses."""

    screened: int
    randomized: Mapping[str, int]
    caps: Mapping[str, int]
    epochs: Mapping[str, int]
    treatment_ends: Mapping[str, int]
    study_ends: Mapping[str, int]
    doses: Mapping[str, int]
    deviations: Mapping[str, int]
    notices: Mapping[str, int]
    refusals: Mapping[str, int]

    def rows(self) -> list[Row]:
        """Give the rows of the final table, in a fixed order."""
        rows: list[Row] = [("Screened", "", str(self.screened))]
        rows += [("Randomized", arm, f"{self.randomized[arm]}/{cap}") for arm, cap in self.caps.items()]
        rows += _rows("Entered", self.epochs)
        rows += _rows("End of treatment", self.treatment_ends)
        rows += _rows("End of study", self.study_ends)
        rows += _rows("Doses given", self.doses)
        rows += _rows("Deviations, by rule", self.deviations)
        rows += _rows("Notices", self.notices)
        rows += _rows("Refusals on record", self.refusals)
        return rows


def tally(charts: Charts, protocol: Protocol) -> Tally:
    """Count the facts read so far."""
    journeys = charts.refresh()
    facts = [PATIENT.read(row.body) for subject in journeys for row in charts.facts(subject)]
    return Tally(
        screened=len(charts.register().subjects),
        randomized=charts.register().arm_counts(),
        caps={arm.code: arm.cap for arm in protocol.arms},
        epochs=_in_order(
            (fact.epoch for fact in facts if isinstance(fact, f.EpochEntered)),
            [epoch.code for epoch in protocol.epochs],
        ),
        treatment_ends=_sorted(fact.reason for fact in facts if isinstance(fact, f.TreatmentEnded)),
        study_ends=_sorted(fact.reason for fact in facts if isinstance(fact, f.StudyEnded)),
        doses=_sorted(drug.drug for fact in facts if isinstance(fact, f.DoseGiven) for drug in fact.drugs),
        deviations=_sorted(deviation.rule for deviation in _deviations(journeys.values())),
        notices=_sorted(fact.notice for fact in facts if isinstance(fact, f.NoticeRequested)),
        refusals=_sorted(row["reason"] for row in charts.refused()),
    )


def _deviations(journeys: Iterable[Journey]) -> list[f.DeviationRecorded]:
    """Give each deviation once, however often more was said of it."""
    return [deviation for journey in journeys for deviation in journey.deviations.values()]


def _sorted(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def _in_order(words: Iterable[str], order: Iterable[str]) -> dict[str, int]:
    found = Counter(words)
    return {word: found[word] for word in order}


def _rows(group: str, counts: Mapping[str, int]) -> list[Row]:
    rows = [(group, name, str(count)) for name, count in counts.items()]
    return [*rows, (group, "all", str(sum(counts.values())))] if group != "Entered" and len(rows) > 1 else rows
