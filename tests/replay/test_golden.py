"""The golden histories: at least 60 closed ones of each release, each phase, arm and exit among them, and their ends.

They are replayed, and their facts folded: what this release makes of them must hold all that was stored.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from opentelemetry.sdk.trace import TracerProvider
from temporalio.contrib.opentelemetry import TracingInterceptor

from domain.decider import PATIENT
from domain.nct06978153 import PROTOCOL
from domain.patient import facts as f
from domain.protocol import Resection
from tests.journeys.ways import NO_ARM
from tests.replay import corpus
from tests.replay.corpus import Cell, Golden
from tests.replay.recorded import HERE, began, failures, history
from workflows.identity import IdentityRunner

ROOT = Path(__file__).resolve().parents[2]
LEAST = 60
ANY_PHASE = (
    *("DEATH", "WITHDRAWAL", "WITHDRAWAL_OF_CONSENT", "LOST_TO_FOLLOW_UP"),
    *("PROGRESSION", "DISCONTINUED", "TRIAL_STOPPED"),
)
"""The ways out of every phase of treatment."""
OWN = {
    "NEOADJUVANT": (),
    "SURGERY": (
        *("NOT_OPERABLE", "NO_SURGERY"),
        *("RESECTION_R1", "RESECTION_R2", "RESECTION_RX", "RESECTION_NOT_RESECTED"),
    ),
    "EVALUATION": ("RESECTION_R1", "RESECTION_R2", "RESECTION_RX", "NOT_FIT"),
    "ADJUVANT": ("COMPLETED",),
}
"""The ways out that one phase alone has."""
AT_ONCE = ("DEATH", "WITHDRAWAL", "WITHDRAWAL_OF_CONSENT", "LOST_TO_FOLLOW_UP")
"""What ends the study together with the treatment."""
FOLLOW_UP = ("COMPLETED", *AT_ONCE)
SCREENING = ("SCREEN_FAILURE", "TRIAL_STOPPED", *AT_ONCE)
ROWS = [row for release in corpus.RELEASES for row in corpus.manifest(release)]


def wanted() -> Iterator[Cell]:
    """Give every cell of the matrix: phase, arm, what ends there, and how."""
    for how in SCREENING:
        yield "SCREENING", NO_ARM, "STUDY", how
    for arm in (row.code for row in PROTOCOL.arms):
        for phase, own in OWN.items():
            for how in (*ANY_PHASE, *own):
                yield phase, arm, "TREATMENT", how
            for how in AT_ONCE:
                yield phase, arm, "STUDY", how
        for how in FOLLOW_UP:
            yield "FOLLOW_UP", arm, "STUDY", how


def ends_in_the_core() -> set[str]:
    """Give every word by which the core ends treatment or the study, read from its source."""
    found: set[str] = set()
    for path in sorted((ROOT / "domain/patient").glob("*.py")):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            named = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            given = {
                "end_treatment": call.args[:1],
                "leave": call.args[1:2],
                "TreatmentEnded": [word.value for word in call.keywords if word.arg == "reason"],
                "StudyEnded": [word.value for word in call.keywords if word.arg == "reason"],
            }.get(named, [])
            found |= {node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return found


def test_every_release_has_its_set_and_this_one_too() -> None:
    """At least 60 closed histories of each release, kept for ever."""
    assert corpus.RELEASE in corpus.RELEASES
    assert {release: len(corpus.manifest(release)) for release in corpus.RELEASES if
            len(corpus.manifest(release)) < LEAST} == {}  # fmt: skip


def test_every_phase_arm_and_exit_has_its_history() -> None:
    """The matrix is worked out from the facts in the histories, not from what they are called."""
    assert corpus.RELEASE in corpus.RELEASES
    covered = {cell for row in corpus.manifest(corpus.RELEASE) for cell in row.cells}
    assert sorted(set(wanted()) - covered) == []


def test_every_word_of_an_end_in_the_core_is_in_the_matrix() -> None:
    """A new way out needs its histories. What the core works out, as RESECTION_R1, stands for its values."""
    known = {how for *_, how in wanted()}
    assert {"COMPLETED", "NOT_FIT", "DEATH"} <= ends_in_the_core() <= known
    assert {f"RESECTION_{result}" for result in get_args(Resection) if result != "R0"} <= known


def test_every_kind_of_fact_is_in_a_history() -> None:
    """Of this release's set: what is stored one by one in facts.jsonl, too, comes about in a whole journey."""
    kinds = {model.model_fields["kind"].default for model in get_args(get_args(f.Fact)[0])}
    assert sorted(kinds - {kind for row in corpus.manifest(corpus.RELEASE) for kind in row.kinds}) == []


def test_every_history_is_in_its_manifest_and_closed() -> None:
    """No history stands about without a row, no row without its histories; one set was recorded with traces on."""
    stored = {str(path.relative_to(HERE / "histories")) for path in corpus.GOLDEN.rglob("*.closed-*.json.gz")}
    assert {run for row in ROWS for run in row.runs} == stored
    assert len({(row.release, row.name) for row in ROWS}) == len(ROWS)
    assert any(row.traced for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_history_is_what_its_manifest_says_and_folds_to_its_end(row: Golden) -> None:
    """The row is worked out again from the history; the stored end is the stored hash's; the fold holds all of it.

    The last run closed and told its own end: the facts it tells are those that are folded here.
    """
    worked_out, end = corpus.described(row.name, row.release, row.runs)
    stored = corpus.ends(row.release)[row.name]
    assert corpus.sha256(stored) == row.end_sha256
    assert {name: end[name] for name in stored} == stored
    assert {**vars_of(worked_out), "end_sha256": ""} == {**vars_of(row), "end_sha256": ""}
    last = history(row.runs[-1]).events[-1].workflow_execution_completed_event_attributes
    told = json.loads(last.result.payloads[0].data)
    assert (told["facts"], told["phase"]) == (row.facts, row.exits[-1][2])


def vars_of(row: Golden) -> dict[str, object]:
    """Give the fields of a row."""
    return {name: getattr(row, name) for name in Golden.__slots__}


def test_a_changed_fold_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the deviations that facts tell of, the end is another one: the comparison above can fail."""
    row = next(row for row in ROWS if row.name.startswith("every-fact"))
    facts = [fact for fact in corpus.facts_of(row.runs) if not isinstance(fact, f.DeviationRecorded)]
    assert corpus.end_of(PATIENT.fold(facts)) != corpus.ends(row.release)[row.name]
    monkeypatch.setattr(corpus, "facts_of", lambda _: facts)
    assert corpus.described(row.name, row.release, row.runs)[0].end_sha256 != row.end_sha256


async def test_every_golden_history_replays_clean() -> None:
    """As a worker runs it: those of every release."""
    assert await failures([run for row in ROWS for run in row.runs], IdentityRunner()) == {}


async def test_traces_change_no_history() -> None:
    """What was recorded with traces on replays without them (above); both replay with them on."""
    (traced,) = [row for row in corpus.manifest(corpus.RELEASE) if row.name == "traced"]
    (plain,) = [row for row in corpus.manifest(corpus.RELEASE) if row.name == "unread"]
    spans = TracingInterceptor(TracerProvider().get_tracer("trialpath"))
    assert traced.traced
    assert not plain.traced
    assert await failures([*traced.runs, *plain.runs], IdentityRunner(), spans) == {}


@pytest.mark.parametrize("notice", ["NOT_ACKNOWLEDGED", "STILL_WAITING", "SIGNATURES_OVERDUE", "ALLOCATION_DENIED"])
def test_what_is_told_by_a_timer_or_by_the_register_is_told_in_a_history(notice: str) -> None:
    """Notices that no command asks for are in a whole journey too."""
    states = corpus.ends(corpus.RELEASE).values()
    assert notice in {told[0] for end in states for told in end["notices"].values()}


def test_a_run_that_was_terminated_is_among_them() -> None:
    """The run after it began from the journal, not from what the terminated one would have handed over."""
    (row,) = [row for row in corpus.manifest(corpus.RELEASE) if row.name == "terminated"]
    ends = [history(run).events[-1].WhichOneof("attributes") for run in row.runs]
    assert ends[0] == "workflow_execution_terminated_event_attributes"
    assert began(row.runs[1]).carry is None
