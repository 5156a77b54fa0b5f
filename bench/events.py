"""What each kind of history event buys that we have more of than the bare floor. The sentences; the program counts."""

from collections import Counter
from collections.abc import Mapping

from temporalio.client import Client

TASK = "A step that is recorded has a workflow task of its own: no other message waits for it or fails with it."
ACTIVITY = "A notice, a laboratory check or a question to the register, each asked for by a fact."
RUN = "A run for each epoch: a journey of two years never nears a history's limits; a release takes over there."
BOUGHT = {
    "workflow_execution_update_accepted": "A message stands in Temporal's history before anything is decided.",
    "workflow_execution_update_completed": "Its answer stands there too, or the refusal with rule and field.",
    "workflow_task_scheduled": TASK,
    "workflow_task_started": TASK,
    "workflow_task_completed": TASK,
    "marker_recorded": "`record`: the message is decided once and journalled in one transaction; its facts "
    "stand in the history. Replay decides nothing again; a lost journal is made again from these.",
    "upsert_workflow_search_attributes": "Phase, arm, cycle and next due can be searched: the watchdog, the UI and "
    "`list` find a patient without asking it.",
    "workflow_properties_modified": "The state in plain words on the patient's page in the UI.",
    "workflow_execution_started": RUN,
    "workflow_execution_continued_as_new": RUN,
    "timer_started": "A timer for each due instant: reminders, windows and deadlines.",
    "timer_canceled": "What was done in time needs no reminder: its timer is taken back.",
    "timer_fired": "A due instant came, and was acted on.",
    "activity_task_scheduled": ACTIVITY,
    "activity_task_started": ACTIVITY,
    "activity_task_completed": ACTIVITY,
    "workflow_execution_signaled": "The register tells the patient that an answer is there.",
}
UNNAMED = "No sentence stands here yet."
ROWS = {
    "workflow": "SELECT count(*) FROM {0}workflow_status WHERE workflow_uuid = :id",
    "input": "SELECT count(*) FROM {0}workflow_input WHERE workflow_uuid = :id",
    "output": "SELECT count(*) FROM {0}workflow_output WHERE workflow_uuid = :id",
    "notification": "SELECT count(*) FROM {0}notifications WHERE destination_uuid = :id",
}
STEPS = "SELECT function_name, count(*) FROM {0}operation_outputs WHERE workflow_uuid = :id GROUP BY function_name"


def differences(ours: Mapping[str, int], floor: Mapping[str, int]) -> list[tuple[str, int, int, int, str]]:
    """Give each kind with both counts, the difference, and what the difference buys; the largest first."""
    rows = []
    for kind in {*ours, *floor}:
        here, there = ours.get(kind, 0), floor.get(kind, 0)
        bought = BOUGHT.get(kind, UNNAMED) if here > there else ""
        rows.append((kind, here, there, here - there, bought))
    return sorted(rows, key=lambda row: (-row[3], row[0]))


async def events_of(client: Client, workflow_id: str) -> Counter[str]:
    """Count a workflow's events by kind over all its runs."""
    counts: Counter[str] = Counter()
    async for run in client.list_workflows(f"WorkflowId='{workflow_id}'"):
        history = await client.get_workflow_handle(workflow_id, run_id=run.run_id).fetch_history()
        counts.update(str(event.WhichOneof("attributes")).removesuffix("_event_attributes") for event in history.events)
    return counts
