"""A mail server and a laboratory that fail in every way they can, each towards one subject."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetActivityRequest
from temporalio.service import RPCError

from chaos.clinic import Act, observations, sample_of
from chaos.laboratory import MODES as LAB_MODES
from chaos.mail_server import MODES as MAIL_MODES
from chaos.modes import WELL
from chaos.rows import Fault, Row, Stage
from chaos.rows.common import enough, is_gone, lines, logged, until
from domain.decider import patient_stream
from domain.patient.asks import asks
from domain.patient.journey import Journey

MAIL = ("refused", *MAIL_MODES)
LAB = ("away", *LAB_MODES)
NEVER_ELIGIBLE = ("away", "html", "truncated", "wrong_patient", "wrong_unit", "tomorrow")
"""What a laboratory says in these modes must never make anybody eligible."""
PATIENCE_SECONDS = 90.0
PUTS_OFF, PUT_OFF_DAYS = "later", 16
"""All mail of whoever is in flight is put off for longer than a reminder is of use; days of the trial."""
TOLD_SECONDS = 10.0
LAST_ASKED_DAYS = 22
"""A laboratory that brings nothing of use in screening is given up after three weeks; days of the trial."""
NOT_TODAY, RESULTS_IN = "tomorrow", "SCREENING_LABS_IN"
TELLS_MISSING = (NOT_TODAY, "wrong_unit")
"""Where the laboratory answers and brings nothing of use, a person is told what is missing."""


async def mail_hostile(stage: Stage, trial: int) -> Fault:
    """Let the mail server fail towards one subject while a serious event is told; then let it behave."""
    rig, load, mode = stage.rig, stage.load, stage.way("F7", trial, MAIL)
    await enough(stage)
    subject, since = await load.enrol(), datetime.now(UTC).isoformat()
    if mode == "refused":
        await rig.mail_server.kill()
    whom = (subject, *load.open) if mode == PUTS_OFF else (subject,)
    for one in whom if mode != "refused" else ():
        rig.mail_modes.set(one, mode, stage.outage_seconds)
    await load.report(subject, "febrile neutropenia", serious=True)

    def seen() -> int:
        if mode == "refused":
            return is_gone(rig, rig.mail_server) and logged(rig, "notice.not_accepted", since, f"-{subject}/")
        rows = lines(rig.folder / "mail.jsonl")
        return sum(row["mode"] == mode and f"-{subject}/" in row["key"] for row in rows)

    hits = await until(seen, PATIENCE_SECONDS) or 0
    days = PUT_OFF_DAYS if mode == PUTS_OFF else 0
    await asyncio.sleep(max(stage.outage_seconds, days * load.day_seconds))
    hits = max(hits, await asyncio.to_thread(seen))
    in_flight = len(load.open)
    if mode == "refused":
        await rig.up(rig.mail_server)
    for one in whom:
        rig.mail_modes.set(one, WELL)
    seconds, journey = await _when(stage, subject, lambda known: not _open(known, "NoticeRequested"))
    wrong = [] if journey else [f"{subject}: a notice has no outcome {PATIENCE_SECONDS:.0f} s after the outage"]
    again = [notice for notice in journey.notices.values() if notice.repeats] if journey else []
    wrong += [] if again or not journey else [f"{subject}: nobody read of the event for days, and nobody else was told"]
    charts = await asyncio.to_thread(load.charts.refresh)
    missed = sum(notice.missed for known in charts.values() for notice in known.notices.values())
    evidence = (
        f"{subject}: {hits} mails met it; told again {len(again)} times; {missed} reminders missed their use so far"
    )
    return Fault(f"mail server: {mode}", hits > 0, evidence, in_flight, seconds, tuple(wrong), mode)


async def laboratory_hostile(stage: Stage, trial: int) -> Fault:
    """Let the laboratory fail towards one subject in screening: nobody becomes eligible on it; then let it behave."""
    rig, load, mode = stage.rig, stage.load, stage.way("F8", trial, LAB)
    await enough(stage)
    subject, since = await load.enrol(), datetime.now(UTC).isoformat()
    await _when(stage, subject, lambda known: _open(known, "LabsOrdered"))
    if mode == "away":
        await rig.laboratory.kill()
    else:
        rig.lab_modes.set(subject, mode, stage.outage_seconds)
    journey = await load.chart(subject) or Journey()
    load.results(subject, sample_of(journey, load.seed, load.pace.now()) or [])

    def seen() -> int:
        if mode == "away":
            return is_gone(rig, rig.laboratory) and logged(rig, "lab.trouble", since, subject)
        rows = lines(rig.lab / "requests.jsonl")
        return sum(row["mode"] == mode and row["subject"] == subject and row["results"] > 0 for row in rows)

    hits = await until(seen, PATIENCE_SECONDS) or 0
    days = LAST_ASKED_DAYS if mode == NOT_TODAY else 0
    await asyncio.sleep(max(stage.outage_seconds, days * load.day_seconds))
    tasks = untasked(mode, *await _record(stage, subject))
    unfit = await until(lambda: not untold(rig.folder), TOLD_SECONDS)
    tried = await _judged(stage, subject)
    told = await asyncio.to_thread(logged, rig, "lab.trouble", since, subject)
    in_flight = len(load.open)
    if mode == "away":
        await rig.up(rig.laboratory)
    else:
        rig.lab_modes.set(subject, WELL)
    later = load.pace.now() - timedelta(minutes=1)
    load.results(subject, observations(subject, load.seed, later))
    await _asked_again(stage, subject)
    seconds, journey_after = await _when(stage, subject, lambda known: not _open(known, "LabsOrdered"))
    wrong = [f"{subject}: eligible on a laboratory that is {mode}"] if tried and mode in NEVER_ELIGIBLE else []
    wrong += [f"{subject}: {what}" for what in tasks] + ([] if unfit else untold(rig.folder))
    wrong += [] if journey_after else [f"{subject}: no results {PATIENCE_SECONDS:.0f} s after the laboratory is back"]
    evidence = f"{subject}: {hits} answers of that kind; {told} times told as trouble; eligible meanwhile: {tried}"
    return Fault(f"laboratory: {mode}", hits > 0, evidence, in_flight, seconds, tuple(wrong), mode)


def untasked(mode: str, journey: Journey, notices: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say that a laboratory brings nothing of use and no person has a task by it."""
    wrong = [] if any(ask.to for ask in asks(journey)) else [f"the laboratory is {mode}, and nobody is asked to act"]
    told = any(body["notice"] == RESULTS_IN and "missing" in body["text"] for body in notices)
    if mode in TELLS_MISSING and not told:
        wrong.append(f"the laboratory is {mode}, and nobody was told which results are missing")
    return wrong


def untold(folder: Path) -> list[str]:
    """Say how many causes that somebody must mend the workers met, when operations were told of fewer."""
    rows = [row for file in folder.glob("worker-*.log") for row in lines(file) if row.get("event") == "lab.trouble"]
    causes = {str(row["why"]).replace(row["subject"], "") for row in rows if row["kind"] == "LaboratoryUnfit"}
    keys = {row["key"].split(" ")[0] for row in lines(folder / "deliveries.jsonl")}
    told = sum(key.startswith("laboratory/") for key in keys)
    return [] if told >= len(causes) else [f"{len(causes)} causes to mend, operations were told {told}"]


async def _record(stage: Stage, subject: str) -> tuple[Journey, list[dict[str, Any]]]:
    """Give a subject's chart, and the notices on its record."""
    journey = await stage.load.chart(subject) or Journey()
    facts = await asyncio.to_thread(stage.load.journal.facts, patient_stream(stage.load.trial, subject))
    return journey, [json.loads(fact.body) for fact in facts if fact.kind == "NoticeRequested"]


async def sent_late(stage: Stage) -> list[str]:
    """Name the reminders that were sent by an attempt that began after they were of use."""
    useful, clock, journal = dict[str, datetime](), stage.load.clock, stage.load.journal
    for stream in journal.heads():
        bodies = [(fact.seq, json.loads(fact.body)) for fact in journal.facts(stream) if fact.kind == "NoticeRequested"]
        found = {seq: body["useful_until"] for seq, body in bodies if body.get("useful_until")}
        useful |= {f"{stream}/{seq}": clock.real_time(datetime.fromisoformat(at)) for seq, at in found.items()}
    return late(useful, list(lines(stage.rig.attempts_file)), list(lines(stage.rig.folder / "mail.jsonl")))


def late(
    useful: Mapping[str, datetime], attempts: Sequence[Mapping[str, Any]], mails: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Name the mails whose attempt began after their use was over; real time."""
    began: dict[str, list[datetime]] = {}
    for row in attempts:
        for key in row["keys"]:
            began.setdefault(key, []).append(datetime.fromisoformat(row["began"]))
    wrong = []
    for mail in mails:
        at, key = datetime.fromisoformat(mail["at"]), mail["key"]
        before = [instant for instant in began.get(key, []) if instant <= at]
        if mail["kept"] and key in useful and before and max(before) > useful[key]:
            wrong.append(f"{key} was of use until {useful[key]:%H:%M:%S}, and was sent at {at:%H:%M:%S}")
    return wrong


async def _judged(stage: Stage, subject: str) -> bool:
    """Have the investigator confirm eligibility, and say whether that was taken."""
    act = Act("confirm_eligibility", "INVESTIGATOR", {"judged_on": str(stage.load.pace.today())})
    called = await stage.load.calls.insist(subject, stage.load.submitted(act, subject))
    return called.outcome == "applied"


async def _asked_again(stage: Stage, subject: str) -> None:
    """Have the laboratory asked anew, as operations do once they mended it: by itself that takes minutes."""
    client = await stage.rig.client()
    execution = WorkflowExecution(workflow_id=patient_stream(stage.load.trial, subject))
    request = ResetActivityRequest(namespace=client.namespace, execution=execution, type="fetch_labs", identity="desk")
    try:
        await client.workflow_service.reset_activity(request)
    except RPCError:
        return  # it brought its results meanwhile


async def _when(stage: Stage, subject: str, holds: Callable[[Journey], bool]) -> tuple[float, Journey | None]:
    """Give the seconds until something holds of a subject's chart, and the chart; None when it never does."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while loop.time() - begun < PATIENCE_SECONDS:
        journey = await stage.load.chart(subject)
        if journey is not None and journey.seq and holds(journey):
            return loop.time() - begun, journey
        await asyncio.sleep(0.1)
    return loop.time() - begun, None


def _open(journey: Journey, kind: str) -> bool:
    """Say whether an effect of a kind has no outcome yet."""
    return any(intent.fact.kind == kind for intent in journey.intents.values())


ROWS = (
    Row(
        "F7", "mail server fails in seven ways", 14, 350, mail_hostile, seconds=15, at_once=7, full_seconds=13,
        ways=MAIL, after=sent_late,
    ),
    Row(
        "F8", "laboratory fails in eight ways", 16, 200, laboratory_hostile, seconds=15, at_once=8, full_seconds=11,
        ways=LAB,
    ),
)  # fmt: skip
