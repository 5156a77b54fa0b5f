"""What an operator can do to a run by hand: terminate, cancel, reset, start it twice, start it anew."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.contract import TASK_TIMEOUT, Start
from chaos.rows import Fault, Row, Stage
from chaos.rows.common import enough, lines, until
from domain.decider import patient_stream
from journal.store import StoredFact
from workflows.patient_journey import PatientJourney

WAYS = ("terminate", "cancel", "reset", "started twice", "started anew")
ANOTHER = ("terminate", "reset", "started anew")
"""What leaves another run in place of the first."""
BACK_SECONDS = 60.0
REST_SECONDS = 1.0
LOOK_SECONDS = 0.2
SIGNALS = 3
Run = WorkflowHandle[PatientJourney, object]


async def by_hand(stage: Stage, trial: int) -> Fault:
    """Do one of these to a subject's run, and see the subject take a command after it."""
    subjects, way = await enough(stage), stage.way("F21", trial, WAYS)
    subject = stage.chance("F21", trial).choice(subjects)
    client = stage.load.calls.gateways[0].client
    handle: Run = client.get_workflow_handle(patient_stream(stage.load.trial, subject))
    before, in_flight, loop = await _run_of(handle), len(stage.load.open), asyncio.get_running_loop()
    begun, since, wrong = loop.time(), datetime.now(UTC).isoformat(), list[str]()
    if way == "terminate":
        stage.load.hold()  # whoever calls a terminated subject begins it anew before the watchdog sees it
        await asyncio.sleep(REST_SECONDS)
    try:
        known = await asyncio.to_thread(stage.load.journal.facts, handle.id)
        evidence = await DONE[way](stage, subject, handle)
        if way == "terminate":
            told = await until(lambda: is_reported(stage.rig.folder, since, handle.id), BACK_SECONDS)
            wrong += [] if told else [f"{subject}: terminated, and nobody was told within {BACK_SECONDS:.0f} s"]
        if way in ANOTHER:
            back = await _another(handle, before)
            wrong += [] if back else [f"{subject}: no run came in place of {before} within {BACK_SECONDS:.0f} s"]
            wrong += [f"{subject}: {what}" for what in forgotten(known, await handle.query("facts"))]
        elif await _run_of(handle) != before and way == "cancel":
            wrong.append(f"{subject}: a cancel request ended run {before}: a record must not end by it")
    finally:
        stage.load.go_on()
    seconds = loop.time() - begun + await stage.load.probe([subject])
    once = await _once(stage, subject, f"by hand {trial}") if way == "reset" else ""
    wrong += [once] if once else []
    evidence = f"{subject}: {evidence}; run {before}, then {await _run_of(handle)}"
    return Fault(f"operator: {way}", evidence != "", evidence, in_flight, seconds, tuple(wrong), way)


def is_reported(folder: Path, since: str, stream: str) -> bool:
    """Say whether the watchdog told since an instant that a stream's run has ended."""
    rows = (row for file in folder.glob("worker-*.log") for row in lines(file))
    wanted = {"event": "watchdog.found", "stream": stream, "what": "ENDED"}
    return any(wanted.items() <= row.items() and str(row.get("timestamp")) >= since for row in rows)


def forgotten(known: Sequence[StoredFact], told: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which facts of before a run that came in place of another does not tell as they are."""
    theirs = {row["seq"]: row["body"] for row in told}
    lost = [fact.seq for fact in known if theirs.get(fact.seq) != fact.body]
    return [f"its new run does not tell its facts {lost[:5]}, {len(lost)} in all"] if lost else []


async def _terminated(_stage: Stage, _subject: str, handle: Run) -> str:
    await handle.terminate("an operator's mistake")
    return "terminated"


async def _cancelled(_stage: Stage, _subject: str, handle: Run) -> str:
    await handle.cancel()
    return "cancel requested"


async def _reset(stage: Stage, subject: str, handle: Run) -> str:
    """Send the same signal three times, then set the run back to its first task: signals are delivered again."""
    trial = sum(row.submitted.kind == "adverse_event" for row in stage.load.calls.rows)
    term = {"term": f"by hand {trial}", "grade": 1, "serious": False, "onset_on": str(stage.load.pace.today())}
    for _ in range(SIGNALS):
        await handle.signal("adverse_event", term)
    _logged(stage, subject)
    await stage.load.probe([subject])
    events = [event async for event in handle.fetch_history_events(page_size=50)]
    done = [event.event_id for event in events if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
    client = stage.load.calls.gateways[0].client
    described = await handle.describe()
    request = ResetWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=handle.id, run_id=described.run_id),
        reason="an operator's mistake",
        workflow_task_finish_event_id=done[0],
        request_id=str(uuid4()),
    )
    await client.workflow_service.reset_workflow_execution(request)
    facts = await asyncio.to_thread(stage.load.journal.facts, patient_stream(stage.load.trial, subject))
    found = sum(f'"by hand {trial}"' in fact.body for fact in facts)
    if found != 1:
        stage.load.wrong.append(f"{subject}: one signal sent {SIGNALS} times is {found} times on record")
    return f"one signal {SIGNALS} times, then set back from event {events[-1].event_id} to {done[0]}"


async def _started_twice(stage: Stage, subject: str, handle: Run) -> str:
    """Start the workflow of a subject whose run is open: Temporal must say no."""
    try:
        await _start(stage, subject, handle)
    except WorkflowAlreadyStartedError:
        return "a second start was refused"
    stage.load.wrong.append(f"{subject}: a second workflow was started beside the first")
    return "a second start was taken"


async def _started_anew(stage: Stage, subject: str, handle: Run) -> str:
    """Terminate the run and start another of the same id at once, as a hasty operator would."""
    await handle.terminate("an operator's mistake")
    with suppress(WorkflowAlreadyStartedError):
        await _start(stage, subject, handle)
        return "terminated, and started again by hand under the same id"
    return "terminated; the watchdog was quicker than the operator"


async def _start(stage: Stage, _subject: str, handle: Run) -> None:
    await stage.load.calls.gateways[0].client.start_workflow(
        PatientJourney.run,
        Start(stream=handle.id, clock=stage.load.clock),
        id=handle.id,
        task_queue=stage.rig.settings.task_queue,
        task_timeout=TASK_TIMEOUT,
    )


DONE = dict(zip(WAYS, (_terminated, _cancelled, _reset, _started_twice, _started_anew), strict=True))


async def _run_of(handle: Run) -> str:
    return (await handle.describe()).run_id or ""


async def _another(handle: Run, before: str) -> bool:
    """Wait until another run of the workflow is open; say whether one came in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + BACK_SECONDS
    while loop.time() < end:
        with suppress(RPCError):
            found = await handle.describe()
            if found.run_id != before and found.status is WorkflowExecutionStatus.RUNNING:
                return True
        await asyncio.sleep(LOOK_SECONDS)
    return False


async def _once(stage: Stage, subject: str, term: str) -> str:
    """Say what stands twice among a subject's events told by hand; nothing when each stands once."""
    facts = await asyncio.to_thread(stage.load.journal.facts, patient_stream(stage.load.trial, subject))
    bodies = [fact.body for fact in facts if '"by hand ' in fact.body]
    return "" if len(bodies) == len(set(bodies)) else f"{subject}: {term} stands twice on record"


def _logged(stage: Stage, subject: str) -> None:
    """Log what went by signal, which has no answer."""
    step = stage.load.calls.rows[-1].step if stage.load.calls.rows else 0
    row = {"step": step, "stream": patient_stream(stage.load.trial, subject), "submission": None, "answer": None}
    row |= {"kind": "adverse_event", "fields": {}, "outcome": "unknown", "again_of": None}
    with (stage.rig.folder / "calls.jsonl").open("a") as log:
        log.write(json.dumps(row) + "\n")


ROWS = (
    Row("F21", "operator: terminate, cancel, reset, start", 5, 100, by_hand, seconds=45, full_seconds=15, ways=WAYS),
)
