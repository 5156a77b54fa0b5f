"""The one interpreter of recorded steps, shared by subjects and trials.

Handlers only put messages in the inbox and wait. One loop takes them in order through `record` and does what the step
says: keep the facts, start the effects, show the attributes, set the one timer. Nothing here depends on any rule.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

with workflow.unsafe.imports_passed_through():
    from activities.contract import Carry, DueStep, Effect, EffectRequest, RecordRequest, Start, Step, pack, unpack
    from domain.decider import decider_of
    from domain.intake import derived_id, known_kind, system_message
    from workflows.attributes import all_of, change_of
    from workflows.effects import outcome_of
    from workflows.inbox import Pending, message_from
    from workflows.kept import KeptLines
    from workflows.recording import matched, record

BATCH = 20
SHORTEST_WAIT = timedelta(seconds=1)
TO_CURRENT = workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE
"""A run that hands over in a release begins on the current version of the workers, and is pinned to that one."""


class Interpreter:
    """Runs one stream: its inbox, its effects and its timer."""

    def __init__(self, start: Start) -> None:
        """Begin from a workflow's input."""
        self._start = start
        self._decider = decider_of(start.stream)
        self._inbox: list[Pending] = []
        self._wake = start.carry is None
        self._step = Step(seq=0, facts=[], answers=[])
        self._facts = KeptLines()
        self._state: Any = self._decider.initial
        self._effects: dict[str, asyncio.Task[None]] = {}
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_key = ""
        self._ticks = 0
        self._hand_over = False
        self._other_version = False
        if start.first is not None:
            self._inbox.append(Pending(start.first))

    async def run(self) -> dict[str, Any]:
        """Run until the stream is over, or hand over to a new run. A cancel request is recorded and the run goes on."""
        if self._start.carry is not None:
            self._unpack(self._start.carry)
        loop = asyncio.create_task(self._loop())
        while True:
            try:
                await workflow.wait_condition(loop.done)
                break
            except asyncio.CancelledError:
                cancel = derived_id(workflow.info().run_id, "cancel")
                self._inbox.append(Pending(system_message("cancel_requested", {}, cancel)))
        if loop.result() == "hand over":
            workflow.continue_as_new(
                self._start.model_copy(update={"first": None, "carry": self._pack()}),
                search_attributes=all_of(self._step.attributes),
                initial_versioning_behavior=TO_CURRENT if self._moves() else None,
            )
        return self.show()

    async def update(self, name: str, arguments: Sequence[RawValue]) -> dict[str, Any]:
        """Take an update: give its answer, or fail it (and nothing else) with the refusal."""
        info = workflow.current_update_info()
        pending = Pending(message_from("update", name, arguments, info.id if info else ""))
        self._inbox.append(pending)
        await workflow.wait_condition(lambda: pending.answer is not None)
        answer = pending.answer
        if answer is None or answer.outcome == "applied":
            return answer.told() if answer else {}
        raise ApplicationError(
            answer.sentence(),
            answer.told(),
            type=answer.reason,
            non_retryable=True,
            category=ApplicationErrorCategory.BENIGN,
        )

    def signal(self, name: str, arguments: Sequence[RawValue]) -> None:
        """Take a signal. `wake` only makes the loop look at the journal; anything else is a message."""
        if name == "wake":
            self._wake = True
        else:
            self._inbox.append(Pending(message_from("signal", name, arguments, "")))

    def show(self) -> dict[str, Any]:
        """Give the state in plain words and dates."""
        shown: dict[str, Any] = self._decider.show(self._state)
        return shown

    def details(self) -> str:
        """Give the state in Markdown, for its page in the UI; nothing before the first fact."""
        return self._decider.details(self._state) if self._facts else ""

    def facts(self) -> list[dict[str, Any]]:
        """Give every fact as stored."""
        return [json.loads(fact) for fact in self._facts.every()]

    async def _loop(self) -> str:
        while True:
            if self._inbox or self._wake:
                await self._record()
            elif self._is_done():
                return "over"
            elif self._hands_over():
                return "hand over"
            else:
                await workflow.wait_condition(lambda: bool(self._inbox) or self._wake or self._settles())

    def _settles(self) -> bool:
        """Say whether the run can end or hand over: no message waits and no handler still runs."""
        return self._is_done() or self._hands_over()

    def _is_done(self) -> bool:
        """Say whether nothing is left to do. Effects that a hand-over left to the next run are left to do."""
        nothing_open = not self._effects and not self._step.effects
        return self._step.over and nothing_open and workflow.all_handlers_finished()

    def _hands_over(self) -> bool:
        if self._step.seq == 0 or not workflow.all_handlers_finished():
            return False
        return self._hand_over or workflow.info().is_continue_as_new_suggested()

    def _moves(self) -> bool:
        """Say whether the workers' current version is another than this run's: never so without versions.

        It is asked around a record alone, which a wake brings about: a run that cannot move hands over once a wake, not
        in a loop. A task that was told so once need not be told again.
        """
        changed = workflow.info().is_target_worker_deployment_version_changed()
        self._other_version = self._other_version or changed
        return self._other_version

    async def _record(self) -> None:
        """Take what waits, in order."""
        batch, self._inbox = self._inbox[:BATCH], self._inbox[BATCH:]
        woken, self._wake = self._wake, False
        self._moves()
        request = RecordRequest(
            stream=self._start.stream,
            seq=self._step.seq,
            at=self._now(),
            messages=[pending.message for pending in batch],
            chapter=self._step.chapter,
            events=workflow.info().get_current_history_length(),
        )
        known = self._decider.people, self._decider.system
        step = await record(request, ", ".join(known_kind(pending.message, *known) for pending in batch))
        pairs, self._inbox = matched(batch, self._inbox, step.answers)
        self._take(step, ticked=any(pending.message.name == "time_passed" for pending, _ in pairs), woken=woken)
        for pending, answer in pairs:
            pending.answer = answer

    def _take(self, step: Step, *, ticked: bool, woken: bool = False) -> None:
        """Do what a recorded step says."""
        self._keep(unpack(step.packed) if step.packed else step.facts)
        before, self._step = self._step.attributes, step.model_copy(update={"facts": [], "packed": "", "answers": []})
        self._hand_over = self._hand_over or step.hand_over or self._moves()
        changed = {name: value for name, value in step.attributes.items() if before.get(name) != value}
        if changed and not self._hand_over:
            workflow.upsert_search_attributes([change_of(name, value) for name, value in changed.items()])
        wanted = {effect.key for effect in step.effects}
        for key in [key for key in self._effects if key not in wanted]:
            self._effects.pop(key).cancel()
        if not self._hand_over:
            self._begin(ticked=ticked, woken=woken)

    def _begin(self, *, ticked: bool = False, woken: bool = False) -> None:
        """Start the effects that do not run yet, and set the timer. Before a hand-over that is left to the new run."""
        for effect in self._step.effects:
            if effect.key not in self._effects:
                self._effects[effect.key] = asyncio.create_task(self._carry_out(effect))
        due = self._step.due
        key = f"{due.key}@{due.at}" if due else ""
        if key == self._alarm_key and not ticked and not (woken and self._is_lost(due)):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        shortest = SHORTEST_WAIT if key == self._alarm_key and ticked else timedelta(0)
        self._alarm_key = key
        self._alarm = asyncio.create_task(self._ring(due, key, shortest)) if due else None

    def _is_lost(self, due: DueStep | None) -> bool:
        """Say whether the timer of a due instant that has come still waits: Temporal lost it. A wake sets a new one."""
        late = due is not None and due.at <= self._now() and self._alarm is not None and not self._alarm.done()
        return late and workflow.patched("lost timer")  # without its marker a recorded run goes as it went

    async def _ring(self, due: DueStep, key: str, shortest: timedelta) -> None:
        """Wait for a due instant, then say that time has passed. One that stays due is tried again, never in haste."""
        wait = max(self._start.clock.real_time(due.at) - workflow.now(), shortest)
        if wait > timedelta(0):
            await workflow.sleep(wait, summary=due.text[:200])
        passed = derived_id(self._start.stream, "time", key, str(self._step.seq), str(self._ticks))
        self._ticks += 1
        self._inbox.append(Pending(system_message("time_passed", {}, passed)))

    async def _carry_out(self, effect: Effect) -> None:
        """Carry out an effect until it has an outcome, and put that in the inbox."""
        request = EffectRequest(
            stream=self._start.stream,
            key=effect.key,
            seq=effect.seq,
            at=self._now(),
            clock=self._start.clock,
            payload=effect.payload,
        )
        outcome = await outcome_of(effect, request)
        if outcome is not None:
            message = system_message(outcome.kind, outcome.fields, derived_id(effect.key, "outcome"))
            self._inbox.append(Pending(message))

    def _keep(self, facts: list[str]) -> None:
        self._facts.add(facts)
        self._state = self._decider.fold_on(self._state, self._read(facts), lambda: self._read(self._facts.every()))

    def _read(self, facts: list[str]) -> list[Any]:
        return [self._decider.read(json.loads(fact)["body"]) for fact in facts]

    def _pack(self) -> Carry:
        return Carry(facts=pack(self._facts.every()), step=self._step)

    def _unpack(self, carry: Carry) -> None:
        self._keep(unpack(carry.facts))
        self._step = carry.step
        self._begin()

    def _now(self) -> datetime:
        return self._start.clock.trial_time(workflow.now().astimezone(UTC))
