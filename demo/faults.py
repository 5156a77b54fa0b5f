"""Looks for what went wrong in a demonstration: in the journal, in Temporal, in the worker's log. It mends nothing."""

import asyncio
import json
from collections.abc import Sequence

from temporalio.client import Client

from demo.charts import Charts
from demo.programs import Program
from domain.decider import intents
from domain.patient.agenda import due
from domain.patient.asks import asks
from domain.protocol import Protocol

SETTLE_SECONDS = 20.0
LOOK_SECONDS = 0.25
FAILED_TASKS = 'TemporalReportedProblems IN ("category=WorkflowTaskFailed", "category=WorkflowTaskTimedOut")'
PATIENTS = 'WorkflowType = "PatientJourney"'
OPEN_PATIENTS = f'{PATIENTS} AND ExecutionStatus = "Running"'
ENDED_BADLY = f'{PATIENTS} AND ExecutionStatus IN ("Failed", "Terminated", "TimedOut", "Canceled")'
MOST_SHOWN = 5


async def settle(client: Client, charts: Charts) -> None:
    """Wait, for a while, until no effect is open and every patient's workflow has closed."""
    for _ in range(int(SETTLE_SECONDS / LOOK_SECONDS)):
        if not open_intents(charts) and (await client.count_workflows(OPEN_PATIENTS)).count == 0:
            return
        await asyncio.sleep(LOOK_SECONDS)


def open_intents(charts: Charts) -> list[str]:
    """Name the effects that were decided and have no outcome."""
    found = [f"trial: {intent.fact.kind} {intent.seq}" for intent in intents(charts.register())]
    for subject, journey in charts.refresh().items():
        found += [f"{subject}: {intent.fact.kind} {intent.seq}" for intent in intents(journey)]
    return found


def in_the_journal(charts: Charts, protocol: Protocol, randomized: int, expected_refusals: int) -> list[str]:
    """Say what the journal shows that should not be."""
    register, journeys = charts.register(), charts.refresh()
    if register.seq == 0:
        return ["the trial was never opened"]
    counts = register.arm_counts()
    wrong = [f"open effect: {found}" for found in open_intents(charts)]
    if sum(counts.values()) != randomized:
        wrong.append(f"{sum(counts.values())} randomized, not {randomized}")
    full = sum(arm.cap for arm in protocol.arms)
    wrong += [f"{arm.code}: {counts[arm.code]}/{arm.cap}" for arm in protocol.arms
              if randomized == full and counts[arm.code] != arm.cap]  # fmt: skip
    wrong += [f"{subject}: no journey began" for subject in register.subjects if subject not in journeys]
    for subject, journey in journeys.items():
        if not journey.is_over:
            stuck = "" if due(journey) or asks(journey) else ", with neither a due date nor anyone asked"
            wrong.append(f"{subject}: the study has not ended, phase {journey.epoch}{stuck}")
    refused = charts.refused()
    if len(refused) != expected_refusals:
        kinds = "; ".join(f"{row['kind']} {row['reason']}" for row in refused[:MOST_SHOWN])
        wrong.append(f"{len(refused)} refusals, {expected_refusals} expected: {kinds}")
    return wrong


async def in_temporal(client: Client) -> list[str]:
    """Say which workflows have a failing task or did not end well."""
    wrong = []
    for what, query in (
        ("a workflow task fails", FAILED_TASKS),
        ("ended badly", ENDED_BADLY),
        ("still open", OPEN_PATIENTS),
    ):
        found = [workflow.id async for workflow in client.list_workflows(query, limit=MOST_SHOWN)]
        wrong += [f"{workflow}: {what}" for workflow in found]
    return wrong


def in_the_logs(workers: Sequence[Program]) -> list[str]:
    """Say which errors the workers logged."""
    events = [_error(line) for worker in workers for line in worker.lines()]
    return _first([f"worker logged: {event}" for event in events if event])


def _error(line: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    return str(entry.get("event", ""))[:200] if entry.get("level") in ("error", "critical") else ""


def _first(found: Sequence[str]) -> list[str]:
    more = len(found) - MOST_SHOWN
    return [*found[:MOST_SHOWN], *([f"... and {more} more"] if more > 0 else [])]
