"""Begins the workflow of a stream anew from the journal, and finds the streams that must have one.

It decides nothing and adds no fact: what runs afterwards reads its stream and goes on with the same keys.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.contract import TASK_TIMEOUT, Start
from activities.recorder import Recorder
from domain.decider import PATIENT, Due, decider_of, intents, patient_stream, trial_of, trial_stream
from domain.intake import derived_id, system_message
from domain.patient.journey import Journey
from domain.trial.facts import SubjectEnrolled
from domain.trial.register import Register
from domain.values import Clock
from journal.store import Journal, StoredFact

BEGINNINGS = ("TrialOpened", "SubjectRegistered")
"""The facts that hold a stream's clock. Without its own clock nothing is ever begun: another would shift every date."""
REGISTER = "trial-"


class Unreadable(Exception):
    """A stream cannot be begun from the journal; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Known:
    """A stream as the journal has it: its state, how its workflow begins, and what is still to come of it."""

    stream: str
    seq: int
    state: Any
    start: Start
    due: Due | None
    effects: tuple[str, ...]
    is_over: bool
    """Nothing is left to do: its run has closed, or would close at once. A late report opens it on demand."""


def clock_of(facts: Sequence[StoredFact]) -> Clock | None:
    """Give the clock a stream runs by, from the fact that began it."""
    for fact in facts:
        if fact.kind in BEGINNINGS:
            return Clock.model_validate(json.loads(fact.body)["clock"])
    return None


def workflow_of(stream: str) -> str:
    """Name the type of a stream's workflow. Raises ValueError for a name that is no stream."""
    return "PatientJourney" if decider_of(stream) is PATIENT else "TrialRegister"


class Streams:
    """The streams of a journal, folded; each is read again only beyond what is known."""

    def __init__(self, journal: Journal, recorder: Recorder | None = None) -> None:
        """Read this journal, over the folded streams of a recorder when there is one."""
        self.journal = journal
        self._recorder = recorder or Recorder(journal)

    def heads(self) -> dict[str, int]:
        """Give each stream with its highest fact number: registers first, enrolled subjects without a fact at 0."""
        heads = self.journal.heads()
        registers = {stream: head for stream, head in heads.items() if stream.startswith(REGISTER)}
        enrolled = dict.fromkeys((subject for register in registers for subject in self._subjects(register)), 0)
        return registers | enrolled | heads

    def look(self, stream: str) -> Known:
        """Fold a stream. Raises Unreadable."""
        try:
            decider = decider_of(stream)
            state: Journey | Register = self._recorder.state(stream)
            return Known(
                stream=stream,
                seq=state.seq,
                state=state,
                start=self._start(stream, state),
                due=decider.due(state),
                effects=tuple(f"{intent.fact.kind} {intent.seq}" for intent in intents(state)),
                is_over=state.seq > 0 and decider.is_over(state) and not state.intents,
            )
        except ValidationError as problem:
            first = problem.errors(include_url=False, include_input=False)[0]
            detail = (
                f"a fact cannot be read: {'.'.join(map(str, first['loc']))}: {first['msg']}; run the newest release"
            )
        except KeyError as problem:
            detail = f"{' version '.join(problem.args[0])} is not in this release's catalogue; run the newest release"
        except ValueError as problem:
            detail = str(problem)
        raise Unreadable(detail)

    def _subjects(self, register: str) -> list[str]:
        try:
            state = self.look(register).state
        except Unreadable:
            return []
        return [patient_stream(state.trial, subject) for subject in state.subjects]

    def _start(self, stream: str, state: Journey | Register) -> Start:
        """Say how a workflow begins: from its facts, by its own clock; without any fact, as it was enrolled.

        That the register believes a journey was started does not mean that the journey recorded anything.
        """
        if state.trial:
            return Start(stream=stream, clock=state.clock)
        register, subject = trial_stream(trial_of(stream)), stream.rsplit("-", 1)[1]
        for row in self.journal.facts(register) if isinstance(state, Journey) else ():
            if row.kind == "SubjectEnrolled":
                fact = SubjectEnrolled.model_validate_json(row.body)
                if fact.subject == subject:
                    fields = fact.begin.model_dump(mode="json", exclude={"kind"})
                    first = system_message("begin", fields, derived_id(f"{register}/{row.seq}", "begin"))
                    return Start(stream=stream, clock=fact.begin.clock, first=first)
        raise Unreadable("no fact says by which clock it runs; restore the journal first")


async def begin(client: Client, task_queue: str, start: Start) -> bool:
    """Begin a stream's workflow, and say whether it did: one that runs already is left alone. Raises RPCError."""
    trial, subject = trial_of(start.stream), start.stream.rsplit("-", 1)[1]
    try:
        await client.start_workflow(
            workflow_of(start.stream),
            start,
            id=start.stream,
            task_queue=task_queue,
            task_timeout=TASK_TIMEOUT,
            static_summary=f"Register of {trial}" if start.stream.startswith(REGISTER) else f"{subject} of {trial}",
        )
    except WorkflowAlreadyStartedError:
        return False
    return True
