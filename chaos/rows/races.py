"""Two commands at the same moment whose order matters: on record is what one of the two orders gives, in full.

What the orders give is decided here on the pure core, from the facts that stood before. Both workers are killed then:
who comes next must replay, and tell the same.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from typing import Any

from temporalio.client import WorkflowHandle

from chaos.clinic import Act, adverse_event
from chaos.rows import Fault, Stage
from chaos.rows.common import until
from domain.decider import PATIENT, patient_stream
from domain.patient.history import Entry, effective, fold
from domain.submission import Refused, Sender, Submission
from journal.store import StoredFact
from workflows.client import Submitted

RACES = ("two corrections of one event", "withdrawal beside an event", "hold beside resumption of a drug")
TRIES = 3
"""A race in which something else was recorded as well is run anew."""
SETTLED_SECONDS = 30.0
DRUG = "ETOPOSIDE"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one command: applied or why not, and the facts that came of it."""

    outcome: str
    facts: tuple[Any, ...]


Order = tuple[tuple[Submitted, datetime], ...]
Outcome = dict[str, Taken]
Made = tuple[str, list[Act]]
"""A subject and the two commands."""


async def raced(stage: Stage, way: str) -> Fault:
    """Send two commands at once, hold what is on record against both orders, and against a replay."""
    name, load = f"at once: {way}", stage.load
    for _ in range(TRIES):
        made = await MADE[way](stage)
        if made is None:
            return Fault(name, hit=False, evidence="nobody is on treatment", way=way)
        subject, acts = made
        stream = patient_stream(load.trial, subject)
        before = await asyncio.to_thread(load.journal.facts, stream)
        sent = [load.submitted(act) for act in acts]
        await asyncio.gather(*(load.calls.insist(subject, one, gateway=number) for number, one in enumerate(sent)))
        after = await asyncio.to_thread(load.journal.facts, stream)
        between = {fact.submission_id for fact in after[len(before) :]} - {one.id for one in sent}
        if not between:
            break
    else:
        return Fault(name, hit=False, evidence=f"something else was recorded of {subject} each time", way=way)
    rows = await asyncio.to_thread(_rows, stage, stream, sent)
    wrong, evidence, bites = judged(before, after, [(one, *rows[one.id]) for one in sent])
    wrong += await _replayed(stage, stream, len(after))
    evidence = f"{subject}: {evidence}; the two orders differ: {bites}"
    return Fault(name, bites, evidence, len(load.open), None, tuple(f"{subject}: {what}" for what in wrong), way)


def judged(
    before: Sequence[StoredFact], after: Sequence[StoredFact], sent: Sequence[tuple[Submitted, str, datetime]]
) -> tuple[list[str], str, bool]:
    """Hold what is on record against both orders; say what is wrong, what came, and whether the orders differ.

    `sent`: each command, what its row says came of it, and the instant at which it was recorded.
    """
    stood = [_entry(fact) for fact in before]
    new = [_entry(fact) for fact in after[len(before) :]]
    found = {one.id: Taken(told, tuple(row.fact for row in new if row.act == one.id)) for one, told, _ in sent}
    instants = sorted(at for _, _, at in sent)
    orders: list[Order] = [
        tuple((one, at) for (one, _, _), at in zip(order, instants, strict=True)) for order in permutations(sent)
    ]
    given = [serial(stood, order) for order in orders]
    told = ", ".join(f"{one.kind} {found[one.id].outcome}" for one, _, _ in sent)
    wrong = [] if found in given else [f"{told}: on record is what neither order of the two gives"]
    return wrong, told, _end(stood, orders[0], given[0]) != _end(stood, orders[1], given[1])


def serial(stood: Sequence[Entry], order: Order) -> Outcome:
    """Decide commands one after the other on the pure core."""
    record, found = list(stood), dict[str, Taken]()
    for submitted, at in order:
        command = PATIENT.people[submitted.kind].model_validate_json(json.dumps(submitted.fields))
        sender = Sender(staff=submitted.staff or "", role=submitted.role or "")
        submission = Submission(id=submitted.id, sender=sender, command=command)
        outcome = "applied"
        try:
            if PATIENT.revises(command):
                facts = PATIENT.revise(record, submission, at)
            else:
                facts = PATIENT.decide(fold(entry.fact for entry in record), submission, at)
        except Refused as no:
            outcome, facts = str(no.reason), tuple(no.facts)
        facts = tuple(PATIENT.read(fact.model_dump_json()) for fact in facts)
        found[submitted.id] = Taken(outcome, facts)
        record += [Entry(fact, sender.staff, submitted.id, at) for fact in facts]
    return found


def _end(stood: Sequence[Entry], order: Order, given: Outcome) -> object:
    """Give what an order leaves: what came of each command, how the facts before them read now, which drugs wait."""
    facts = [*(entry.fact for entry in stood), *(fact for one, _ in order for fact in given[one.id].facts)]
    read = [fact.model_dump() for fact in effective(facts)[: len(stood)]]
    return {one.id: given[one.id].outcome for one, _ in order}, read, fold(facts).held


def _entry(fact: StoredFact) -> Entry:
    return Entry(PATIENT.read(fact.body), fact.staff, fact.submission_id, datetime.fromisoformat(fact.recorded_at))


def _rows(stage: Stage, stream: str, sent: Sequence[Submitted]) -> dict[str, tuple[str, datetime]]:
    """Give what the row of each command says came of it, and when it was recorded."""
    with stage.load.journal.reading(stream) as known:
        rows = [known.submission(one.id) for one in sent]
    return {
        row["submission_id"]: (row["reason"] or row["outcome"], datetime.fromisoformat(row["recorded_at"]))
        for row in rows
        if row is not None
    }


async def _replayed(stage: Stage, stream: str, known: int) -> list[str]:
    """Kill both workers: the next one replays, and must tell the facts as the journal has them."""
    rig = stage.rig
    await asyncio.gather(*(worker.kill() for worker in rig.workers))
    await asyncio.gather(*(rig.up(worker) for worker in rig.workers))
    handle: WorkflowHandle[object, object] = (await rig.client()).get_workflow_handle(stream)
    told: list[dict[str, Any]] = await handle.query("facts")
    stored = await asyncio.to_thread(stage.load.journal.facts, stream)
    theirs, ours = [row["body"] for row in told][:known], [fact.body for fact in stored][:known]
    return [] if theirs == ours else [f"after a replay its workflow tells other facts, {len(theirs)} of {len(ours)}"]


async def _quiet(stage: Stage, subject: str) -> None:
    """Wait until a subject that nobody looks after has no effect open."""

    def look() -> bool:
        journey = stage.load.charts.journey(subject)
        return bool(journey.seq) and all(one.fact.kind == "LabsOrdered" for one in journey.intents.values())

    await until(look, SETTLED_SECONDS)


async def _corrections(stage: Stage) -> Made:
    """Have two people correct the grade of one event, each to another one."""
    load = stage.load
    subject = await load.enrol()
    called = await load.report(subject, "rash")
    await _quiet(stage, subject)
    fact = called.answer.first_seq if called.answer else None
    return subject, [
        Act("correct", "INVESTIGATOR", {"fact": fact, "fields": {"grade": grade}, "why": f"it was grade {grade}"})
        for grade in (2, 3)
    ]


async def _withdrawal(stage: Stage) -> Made:
    """Have a consent withdrawn while somebody reports an event: after it nothing new is collected."""
    load = stage.load
    subject = await load.enrol()
    await _quiet(stage, subject)
    gone = {"withdrawn_on": str(load.pace.today()), "level": "CONSENT"}
    return subject, [Act("withdrawal", "COORDINATOR", gone), adverse_event(load.pace.today(), "headache")]


async def _resumption(stage: Stage) -> Made | None:
    """Have a drug held and resumed: what was not held yet cannot go on."""
    load = stage.load
    treated = [subject for subject, journey in load.open.items() if journey.is_on_treatment and not journey.held]
    if not treated:
        return None
    about = {"drug": DRUG, "decided_on": str(load.pace.today()), "why": "at once"}
    return treated[0], [Act(kind, "INVESTIGATOR", about) for kind in ("hold_drug", "resume_drug")]


MADE = dict(zip(RACES, (_corrections, _withdrawal, _resumption), strict=True))
