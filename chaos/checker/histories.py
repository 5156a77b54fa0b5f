"""Exported histories, read from their JSON alone: each run's facts, how it ended, and which of its tasks failed."""

import base64
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOCAL, RECORD = "core_local_activity", "record"
ENDS = {
    "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED": "completed",
    "EVENT_TYPE_WORKFLOW_EXECUTION_FAILED": "failed",
    "EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT": "timed out",
    "EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED": "cancelled",
    "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED": "terminated",
    "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW": "handed over",
}
HARMLESS = ("UNHANDLED_COMMAND", "RESET_WORKFLOW", "FORCE_CLOSE_COMMAND")
"""Why a task may fail: a message overtook a hand-over and it is tried again; an operator reset or ended the run."""


@dataclass(slots=True)
class Run:
    """One run: the facts its history tells by their numbers, and what became of it."""

    workflow: str
    run_id: str
    began: str
    ended: str = ""
    """When its last event was."""
    end: str = ""
    facts: dict[int, dict[str, Any]] = field(default_factory=dict)
    contradicted: list[int] = field(default_factory=list)
    failed_tasks: list[str] = field(default_factory=list)
    longest_attempt: int = 0
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def keep(self, lines: list[str]) -> None:
        """Take facts as a step or a hand-over tells them."""
        for line in lines:
            fact = json.loads(line)
            if self.facts.setdefault(fact["seq"], fact) != fact:
                self.contradicted.append(fact["seq"])


def read_runs(folder: Path) -> dict[str, list[Run]]:
    """Read every run below a folder, the oldest of each workflow first."""
    found: dict[str, list[Run]] = {}
    files = {(file.parent.name, file.name.split(".")[0]): file for file in folder.glob("*/*.json.gz")}
    files |= {(file.parent.name, file.stem): file for file in folder.glob("*/*.json")}
    for _, file in sorted(files.items()):
        history = document(file)
        run = read_run(file.parent.name, file.name.split(".")[0], history["events"])
        found.setdefault(run.workflow, []).append(run)
    for runs in found.values():
        runs.sort(key=lambda run: (run.began, run.ended))  # a run that was reset begins as the one it came from
    return found


def document(file: Path) -> dict[str, Any]:
    """Read a history's file, compressed or not."""
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    found: dict[str, Any] = json.loads(raw)
    return found


def read_run(workflow: str, run_id: str, events: list[dict[str, Any]]) -> Run:
    """Read one run from its events."""
    run = Run(workflow, run_id, events[0]["eventTime"], events[-1].get("eventTime", ""))
    activities: dict[str, str] = {}
    for event in events:
        kind = str(event["eventType"])
        about = _attributes(event)
        if kind.endswith("WORKFLOW_EXECUTION_STARTED"):
            carry = _value(about.get("input")).get("carry")
            run.keep(_unpacked(carry["facts"]) if carry else [])
        elif kind.endswith("ACTIVITY_TASK_SCHEDULED"):
            activities[str(event["eventId"])] = about["activityType"]["name"]
        elif kind.endswith("ACTIVITY_TASK_COMPLETED"):
            if activities.get(str(about.get("scheduledEventId"))) == RECORD:
                _take(run, _value(about.get("result")))
        elif kind.endswith("MARKER_RECORDED") and about.get("markerName") == LOCAL:
            if _value(about["details"].get("data")).get("activity_type") == RECORD:
                _take(run, _value(about["details"].get("result")))
        elif kind.endswith("WORKFLOW_TASK_SCHEDULED"):
            run.longest_attempt = max(run.longest_attempt, int(about.get("attempt", 1)))
        elif kind.endswith("WORKFLOW_TASK_FAILED") and not str(about.get("cause", "")).endswith(HARMLESS):
            why = about.get("failure", {}).get("message", "")
            run.failed_tasks.append(f"event {event['eventId']}: {about.get('cause', '')} {why}"[:300])
        run.end = ENDS.get(kind, run.end)
    return run


def payloads(value: object) -> Iterator[str]:
    """Give every payload inside a JSON value as text, and what it holds packed."""
    if isinstance(value, Mapping):
        data = value.get("data")
        if isinstance(data, str) and "metadata" in value:
            text = base64.b64decode(data).decode("utf-8", "replace")
            yield text
            yield from _packed_in(text)
        else:
            for inner in value.values():
                yield from payloads(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from payloads(inner)


def _packed_in(text: str) -> Iterator[str]:
    """Give what a payload holds in further wrappings: messages in base64, facts in base64 of zlib."""
    try:
        found = json.loads(text)
    except ValueError:
        return
    waiting = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and len(value) > len("eJw="):
            yield from _opened(value)


def _opened(text: str) -> Iterator[str]:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return
    try:
        yield zlib.decompress(raw).decode("utf-8", "replace")
    except zlib.error:
        yield raw.decode("utf-8", "replace")


def _take(run: Run, step: Mapping[str, Any]) -> None:
    run.keep(_unpacked(step["packed"]) if step.get("packed") else step.get("facts", []))
    for answer in step.get("answers", []):
        run.answers.setdefault(answer["submission_id"], answer)


def _attributes(event: Mapping[str, Any]) -> dict[str, Any]:
    return next((value for name, value in event.items() if name.endswith("EventAttributes")), {})


def _value(found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Give the first payload as an object; an empty one when there is none."""
    for payload in (found or {}).get("payloads", []):
        value = json.loads(base64.b64decode(payload.get("data", "")))
        return value if isinstance(value, dict) else {}
    return {}


def _unpacked(text: str) -> list[str]:
    return zlib.decompress(base64.b64decode(text)).decode().splitlines()
