"""The golden histories: closed ones, a set a release, kept for ever; and the manifest that says what each of them is.

A history's facts stand in it: those its first run took over, and those of its steps. What they fold to is the end
state, in coded words, numbers and dates: texts may be reworded, what a recorded fact means may not change.
"""

import gzip
import hashlib
import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python

from domain.decider import PATIENT
from domain.dosing import DoseCalculation
from domain.patient import facts as f
from domain.patient.cycle import Cycle
from domain.patient.journey import Journey
from tests.journeys.ways import NO_ARM
from tests.replay.recorded import HERE, began, carried, facts_in, history, steps

GOLDEN = HERE / "histories" / "golden"
MANIFEST, ENDS = "manifest.json", "ends.gz"
"""Beside the histories, of which a name ends with .json.gz."""
RELEASE = str(tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text())["project"]["version"])
RELEASES = sorted(path.name for path in GOLDEN.glob("*") if path.is_dir())
TRACE = "_tracer-data"
"""The header that Temporal's interceptor of traces adds."""

Cell = tuple[str, str, str, str]
"""Phase, arm, what ended there (TREATMENT or STUDY), and how."""


@dataclass(frozen=True, slots=True)
class Golden:
    """One row of a manifest. `runs` are the names of the closed runs kept, in order, below the folder of histories."""

    name: str
    release: str
    arm: str
    exits: tuple[tuple[str, str, str], ...]
    """Phase, what ended, how: in order."""
    runs: tuple[str, ...]
    kinds: tuple[str, ...]
    facts: int
    traced: bool
    end_sha256: str

    @property
    def cells(self) -> set[Cell]:
        """The cells of the matrix it covers."""
        return {(phase, self.arm, what, how) for phase, what, how in self.exits}


def manifest(release: str) -> list[Golden]:
    """Give the manifest of a release; none yet is an empty one."""
    path = GOLDEN / release / MANIFEST
    rows = json.loads(path.read_text()) if path.exists() else []
    return [
        Golden(
            **{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
            | {"exits": tuple((phase, what, how) for phase, what, how in row["exits"])}
        )
        for row in rows
    ]


def ends(release: str) -> dict[str, dict[str, Any]]:
    """Give the stored end states of a release, by name."""
    path = GOLDEN / release / ENDS
    stored: dict[str, dict[str, Any]] = json.loads(gzip.decompress(path.read_bytes())) if path.exists() else {}
    return stored


def write(release: str, rows: Sequence[Golden], states: dict[str, dict[str, Any]]) -> None:
    """Write manifest and end states, ordered by name."""
    in_order = sorted(rows, key=lambda row: row.name)
    lines = ",\n".join(json.dumps(to_jsonable_python(row)) for row in in_order)
    (GOLDEN / release / MANIFEST).write_text(f"[\n{lines}\n]\n")
    whole = json.dumps(dict(sorted(states.items())), separators=(",", ":"))
    (GOLDEN / release / ENDS).write_bytes(gzip.compress(whole.encode(), mtime=0))


def described(name: str, release: str, runs: Sequence[str]) -> tuple[Golden, dict[str, Any]]:
    """Work out the row of a history and its end state from what is stored of it, and from nothing else."""
    facts = facts_of(runs)
    end = end_of(PATIENT.fold(facts))
    row = Golden(
        name=name,
        release=release,
        arm=next((fact.arm for fact in facts if isinstance(fact, f.Randomized)), NO_ARM),
        exits=tuple(exits(facts)),
        runs=tuple(runs),
        kinds=tuple(sorted({fact.kind for fact in facts})),
        facts=len(facts),
        traced=any(is_traced(run) for run in runs),
        end_sha256=sha256(end),
    )
    return row, end


def facts_of(runs: Sequence[str]) -> list[f.Fact]:
    """Give every fact of a subject: those its first kept run took over, and those of the steps of all."""
    lines: dict[int, str] = {}
    for run in runs:
        for line in (*carried(began(run)), *(fact for step in steps(run) for fact in facts_in(step))):
            lines.setdefault(json.loads(line)["seq"], line)
    assert sorted(lines) == list(range(1, len(lines) + 1))
    return [PATIENT.fact.validate_json(json.loads(lines[seq])["body"]) for seq in sorted(lines)]


def exits(facts: Sequence[f.Fact]) -> Iterator[tuple[str, str, str]]:
    """Give where and how treatment ended, and the study."""
    phase = ""
    for fact in facts:
        match fact:
            case f.EpochEntered():
                phase = fact.epoch
            case f.TreatmentEnded():
                yield phase, "TREATMENT", fact.reason
            case f.StudyEnded():
                yield phase, "STUDY", fact.reason
            case _:
                pass


def is_traced(run: str) -> bool:
    """Say whether a message of the run carries a trace: it was recorded with Temporal's interceptor on."""
    accepted = (event.workflow_execution_update_accepted_event_attributes for event in history(run).events)
    return any(TRACE in update.accepted_request.input.header.fields for update in accepted)


def end_of(journey: Journey) -> dict[str, Any]:
    """Give what facts come to: coded words, numbers and dates, as JSON has them."""
    end = {
        "subject": [journey.trial, journey.subject, journey.site.code, journey.sex, journey.protocol_version],
        "consents": journey.consents,
        "epoch": [journey.epoch, journey.epoch_on],
        "randomized": [journey.arm, journey.slot, journey.randomized_on, journey.eligible_on, journey.screen_failed],
        "cycles": {
            cycle.number: [
                *(cycle.planned_on, cycle.earliest_on, cycle.latest_on, cycle.day_1_on, cycle.omitted, cycle.delayed),
                *(cycle.gate, cycle.given, sorted(cycle.omitted_drugs)),
                [[row.drug, row.amount, row.unit, row.days] for row in _planned(cycle)],
                [[course.drug, course.days] for course in cycle.courses],
            ]
            for cycle in journey.cycles.values()
        },
        "last_dose": journey.last_dose,
        "stops": [[stop.drug, stop.since, stop.until, stop.final] for stop in journey.stops],
        "labs": {code: [row.value, row.unit, row.collected_at] for code, row in journey.labs.items()},
        "baseline": {code: row.value for code, row in journey.baseline.items()},
        "evidence": {name: len(rows) for name, rows in journey.sections.items()},
        "judgements": sorted(journey.judgements),
        "rulings": sorted(journey.rulings),
        "surgery": [journey.operable, journey.surgery_on, journey.resection, journey.resection_why],
        "pathology": [journey.pathology, journey.residual_uncertain],
        "evaluated_on": journey.evaluated_on,
        "treatment_ended": [journey.treatment_ended, journey.treatment_ended_on],
        "study_ended": [journey.study_ended, journey.study_ended_on],
        "happened": [journey.progressed_on, journey.died_on, journey.withdrawn_on, journey.consent_withdrawn_on],
        "follow_up": [journey.contacted_on, journey.regained_on],
        "deviations": {item: [row.rule, row.important, row.days_off] for item, row in journey.deviations.items()},
        "notices": {
            seq: [row.notice, row.to, row.reached, row.acknowledged, row.missed, row.repeats]
            for seq, row in journey.notices.items()
        },
        "safety": {
            number: [event.grade, event.serious, event.outcome, event.aesi, sorted(event.classes), len(event.reports)]
            for number, event in journey.safety.events.items()
        },
        "dosing_stopped_by": sorted(journey.safety.stopped),
        "pauses": [[pause.since, pause.until] for pause in journey.pauses],
        "intents": sorted(journey.intents),
        "unsigned": sorted(journey.unsigned),
        "facts": journey.seq,
    }
    read: dict[str, Any] = json.loads(json.dumps(to_jsonable_python(end)))
    return read


def _planned(cycle: Cycle) -> tuple[DoseCalculation, ...]:
    return cycle.doses.administrations if cycle.doses else ()


def sha256(end: dict[str, Any]) -> str:
    """Give the hash of an end state."""
    return hashlib.sha256(json.dumps(end, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
