"""A mail server and a laboratory that fail in every way they can, each towards one subject."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

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
from domain.patient.journey import Journey

MAIL = ("refused", *MAIL_MODES)
LAB = ("away", *LAB_MODES)
NEVER_ELIGIBLE = ("away", "html", "truncated", "wrong_patient", "wrong_unit", "tomorrow")
"""What a laboratory says in these modes must never make anybody eligible."""
PATIENCE_SECONDS = 90.0


async def mail_hostile(stage: Stage, trial: int) -> Fault:
    """Let the mail server fail towards one subject while a serious event is told; then let it behave."""
    rig, load, mode = stage.rig, stage.load, MAIL[trial % len(MAIL)]
    await enough(stage)
    subject, since = await load.enrol(), datetime.now(UTC).isoformat()
    if mode == "refused":
        await rig.mail_server.kill()
    else:
        rig.mail_modes.set(subject, mode, stage.outage_seconds)
    await load.report(subject, "febrile neutropenia", serious=True)

    def seen() -> int:
        if mode == "refused":
            return is_gone(rig, rig.mail_server) and logged(rig, "notice.not_accepted", since, f"-{subject}/")
        rows = lines(rig.folder / "mail.jsonl")
        return sum(row["mode"] == mode and f"-{subject}/" in row["key"] for row in rows)

    hits = await until(seen, PATIENCE_SECONDS) or 0
    await asyncio.sleep(stage.outage_seconds)
    hits = max(hits, await asyncio.to_thread(seen))
    in_flight = len(load.open)
    if mode == "refused":
        await rig.up(rig.mail_server)
    else:
        rig.mail_modes.set(subject, WELL)
    seconds, journey = await _when(stage, subject, lambda known: not _open(known, "NoticeRequested"))
    wrong = () if journey else (f"{subject}: a notice has no outcome {PATIENCE_SECONDS:.0f} s after the outage",)
    missed = sum(notice.missed for notice in journey.notices.values()) if journey else 0
    evidence = f"{subject}: {hits} mails met it; {missed} notices missed their use"
    return Fault(f"mail server: {mode}", hits > 0, evidence, in_flight, seconds, wrong)


async def laboratory_hostile(stage: Stage, trial: int) -> Fault:
    """Let the laboratory fail towards one subject in screening: nobody becomes eligible on it; then let it behave."""
    rig, load, mode = stage.rig, stage.load, LAB[trial % len(LAB)]
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
    await asyncio.sleep(stage.outage_seconds)
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
    wrong += [] if journey_after else [f"{subject}: no results {PATIENCE_SECONDS:.0f} s after the laboratory is back"]
    evidence = f"{subject}: {hits} answers of that kind; {told} times told as trouble; eligible meanwhile: {tried}"
    return Fault(f"laboratory: {mode}", hits > 0, evidence, in_flight, seconds, tuple(wrong))


async def _judged(stage: Stage, subject: str) -> bool:
    """Have the investigator confirm eligibility, and say whether that was taken."""
    act = Act("confirm_eligibility", "INVESTIGATOR", {"judged_on": str(stage.load.pace.today())})
    called = await stage.load.calls.insist(subject, stage.load.submitted(act))
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
    Row("F7", "mail server fails in seven ways", 14, 350, mail_hostile, seconds=15, at_once=7, full_seconds=13),
    Row("F8", "laboratory fails in eight ways", 16, 200, laboratory_hostile, seconds=15, at_once=8, full_seconds=11),
)
