"""The effects: fetch laboratory results, send notices, ask for and open allocations, start journeys.

Each returns what came of it as a command of the product itself. Each may run twice; its key makes it count once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities import measuring, telling
from activities.contract import TASK_TIMEOUT, EffectRequest, Outcome, Start
from activities.ports import Laboratory, LaboratoryTrouble, LaboratoryUnfit, Notice, NoticeSink, SealedList
from activities.recorder import Recorder
from domain.amended import is_amendment, latest_reports
from domain.decider import patient_stream, trial_of, trial_stream
from domain.intake import derived_id, system_message
from domain.labs import ReportedResult, analyte_of, is_final
from domain.patient.facts import AllocationRequested, LabsOrdered, NoticeRequested
from domain.patient.journey import Journey
from domain.trial.facts import ActPassedOn
from domain.trial.register import Register

LAB_POLL = timedelta(hours=6)
SHORTEST_POLL = timedelta(milliseconds=250)
"""However fast a training clock goes: open orders that poll more often crowd out everything else."""
LAB_MENDING = timedelta(minutes=10)
"""Real time between two tries while somebody has to mend the laboratory's side or our settings."""
LAB_LOOK_BACK = timedelta(days=3 * 366)
"""How far before an order samples are asked for: later reports of any sample of this trial, not of a life."""
ALLOCATION_PAUSES = (*(0.05 * 1.4**number for number in range(9)), *(1.0,) * 6)
"""Seconds between two looks for the register's answer. One subject has it soon; many at once must not crowd it out."""


class World:
    """The activities of subjects and trials, over the ports they need."""

    def __init__(
        self, *, client: Client, recorder: Recorder, laboratory: Laboratory, sink: NoticeSink, sealed_list: SealedList
    ) -> None:
        """Work with these."""
        self._client = client
        self._recorder = recorder
        self._laboratory = laboratory
        self._sink = sink
        self._sealed_list = sealed_list

    @activity.defn(name="fetch_labs", no_thread_cancel_exception=True)
    def fetch_labs(self, request: EffectRequest) -> Outcome:
        """Give the results an order asks for, and later reports of earlier samples.

        Not there yet: tried again in six hours of trial time, until given up. So is a laboratory that cannot be asked;
        six hours after its order was to be given up it brought nothing, so that a person is asked.
        """
        order = LabsOrdered.model_validate(request.payload)
        subject = request.stream.rsplit("-", 1)[1]
        now = request.clock.trial_time(activity.info().started_time)  # Temporal's clock, as the workflow's is
        try:
            reports = [r for r in self._reports(subject, order) if r.collected_at <= now]
        except (OSError, ApplicationError) as problem:
            if now < order.give_up_at + LAB_POLL:
                raise
            activity.logger.error("lab.given_up", extra={"subject": subject, "kind": type(problem).__name__})
            reports = []
        wanted = [r for r in reports if r.collected_at > order.after]
        complete = set(order.analytes) <= {analyte_of(r.code, r.system) for r in wanted if is_final(r)}
        if not complete and now < order.give_up_at:
            pause = request.clock.real_time(now + LAB_POLL) - request.clock.real_time(now)
            raise _not_yet("results are not there yet", max(pause, SHORTEST_POLL))
        amended = [r for r in reports if r.collected_at <= order.after and is_amendment(r)]
        results = [result.model_dump(mode="json") for result in (*wanted, *amended)]
        return Outcome(kind="labs_reported", fields={"order": request.seq, "results": results, "complete": complete})

    def _reports(self, subject: str, order: LabsOrdered) -> Sequence[ReportedResult]:
        """Ask the laboratory. Trouble is tried again: as soon as it asks, or slowly while operations must mend it."""
        try:
            return latest_reports(self._laboratory.results(subject, order.after - LAB_LOOK_BACK))
        except LaboratoryTrouble as trouble:
            slowly = None
            if isinstance(trouble, LaboratoryUnfit):
                slowly = LAB_MENDING
                telling.laboratory_unfit(self._sink, trouble, subject)
            pause = trouble.pause or slowly
            raise ApplicationError(str(trouble), type=type(trouble).__name__, next_retry_delay=pause) from None

    @activity.defn(name="send_notice", no_thread_cancel_exception=True)
    def send_notice(self, request: EffectRequest) -> Outcome:
        """Deliver a notice; one that is not urgent waits for the site's working hours.

        One that is of no use any more is not sent: it is told as missed, unless it had been accepted before. While the
        sink cannot say whether it had, that waits too.
        """
        notice = self._notice(request)
        now = request.clock.trial_time(activity.info().started_time)
        if notice.useful_until is not None and now > notice.useful_until and not self._sink.has(notice):
            measuring.missed(notice.notice)
            return Outcome(kind="notice_too_late", fields={"notice": request.seq, "why": _why_late()})
        opens_at = self._sink.opens_at(notice, now)
        if opens_at > now:
            pause = request.clock.real_time(opens_at) - request.clock.real_time(now)
            raise _not_yet(f"waits for working hours until {opens_at:%Y-%m-%d %H:%M} UTC", pause)
        try:
            self._sink.deliver(notice)
        except OSError:
            measuring.refused(notice.notice, urgent=notice.urgent)
            raise
        measuring.delivered(notice.notice, urgent=notice.urgent, after=now - request.at)
        return Outcome(kind="notice_delivered", fields={"notice": request.seq, "sink": self._sink.name})

    def _notice(self, request: EffectRequest) -> Notice:
        fact, journey = NoticeRequested.model_validate(request.payload), self._recorder.state(request.stream)
        return Notice(
            key=request.key,
            subject=request.stream.rsplit("-", 1)[1],
            notice=fact.notice,
            to=fact.to,
            text=fact.text,
            urgent=fact.urgent,
            at=request.at,
            site=journey.site.code,
            workflow=request.stream,
            words=journey.protocol.notice_words.get(fact.notice),
            useful_until=fact.useful_until,
        )

    @activity.defn(name="ask_allocation")
    async def ask_allocation(self, request: EffectRequest) -> Outcome:
        """Ask the register for a slot, and give its answer as the register's record shows it."""
        AllocationRequested.model_validate(request.payload)
        trial, subject = trial_of(request.stream), request.stream.rsplit("-", 1)[1]
        register: WorkflowHandle[object, object] = self._client.get_workflow_handle(trial_stream(trial))
        envelope = {
            "id": derived_id(request.key, "allocate_slot"),
            "staff": "SYSTEM",
            "role": "SYSTEM",
            "command": {"kind": "allocate_slot", "subject": subject, "request": request.seq},
        }
        if await asyncio.to_thread(self._answer, trial, subject, request.seq) is None:
            await _told(register, envelope)
        for pause in ALLOCATION_PAUSES:
            outcome = await asyncio.to_thread(self._answer, trial, subject, request.seq)
            if outcome is not None:
                return outcome
            await asyncio.sleep(pause)
        raise _not_yet("the register has not answered yet")

    def _answer(self, trial: str, subject: str, request: int) -> Outcome | None:
        register: Register = self._recorder.state(trial_stream(trial))
        allocation = register.allocations.get(subject)
        if allocation is not None and allocation.arm:
            fields = {"slot": allocation.slot, "arm": allocation.arm, "randomized_on": str(allocation.randomized_on)}
            return Outcome(kind="slot_allocated", fields=fields)
        declined = register.declined.get(subject)
        if allocation is None and declined is not None and declined[0] == request:
            return Outcome(kind="allocation_denied", fields={"why": declined[1]})
        return None

    @activity.defn(name="seal_list", no_thread_cancel_exception=True)
    def seal_list(self, request: EffectRequest) -> Outcome:
        """Make and seal the allocation list."""
        if self._sealed_list.demonstration and request.clock.is_real:
            detail = "a list from a seed is for demonstrations: unset TRIALPATH_DEMO_SEED for a trial in real time"
            raise ApplicationError(detail, type="DemonstrationList")
        arms = [(str(code), int(cap)) for code, cap in request.payload["arms"]]
        slots, sha256 = self._sealed_list.seal(trial_of(request.stream), arms, request.payload["block_sizes"])
        return Outcome(kind="list_sealed", fields={"request": request.seq, "slots": slots, "sha256": sha256})

    @activity.defn(name="open_slot", no_thread_cancel_exception=True)
    def open_slot(self, request: EffectRequest) -> Outcome:
        """Open the slot reserved for a subject."""
        arm = self._sealed_list.open_slot(trial_of(request.stream), int(request.payload["slot"]))
        return Outcome(kind="slot_opened", fields={"request": request.seq, "arm": arm})

    @activity.defn(name="start_journey")
    async def start_journey(self, request: EffectRequest) -> Outcome:
        """Start the journey of an enrolled subject. One that runs, or ran, is left alone."""
        begin = request.payload["begin"]
        stream = patient_stream(begin["trial"], begin["subject"])
        fields = {name: value for name, value in begin.items() if name != "kind"}
        message = system_message("begin", fields, derived_id(request.key, "begin"))
        try:
            await self._client.start_workflow(
                "PatientJourney",
                Start(stream=stream, clock=request.clock, first=message),
                id=stream,
                task_queue=activity.info().task_queue,
                task_timeout=TASK_TIMEOUT,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"{begin['subject']} of {begin['trial']}",
            )
        except WorkflowAlreadyStartedError:
            activity.logger.info("journey runs already", extra={"stream": stream})
        return Outcome(kind="journey_started", fields={"request": request.seq})

    @activity.defn(name="pass_on")
    async def pass_on(self, request: EffectRequest) -> Outcome:
        """Let a subject's journey record an act of the sponsor. One that is over is left alone."""
        fact = ActPassedOn.model_validate(request.payload)
        stream = patient_stream(trial_of(request.stream), fact.subject)
        command = fact.word.model_copy(update={"request": request.seq}).model_dump(mode="json")
        heard = derived_id(request.key, "pass_on")
        envelope = {"id": heard, "staff": "SYSTEM", "role": "SYSTEM", "command": command}
        outcome = Outcome(kind="act_delivered", fields={"request": request.seq})
        if await asyncio.to_thread(self._has_heard, stream, heard):
            return outcome
        await _told(self._client.get_workflow_handle(stream), envelope)
        for pause in ALLOCATION_PAUSES:
            if await asyncio.to_thread(self._has_heard, stream, heard):
                return outcome
            await asyncio.sleep(pause)
        detail = "the journey has not recorded it yet"
        raise ApplicationError(detail, type="NotYet", category=ApplicationErrorCategory.BENIGN)

    def _has_heard(self, stream: str, submission_id: str) -> bool:
        journey: Journey = self._recorder.state(stream)
        return journey.is_over or self._recorder.has_taken(stream, submission_id)


async def _told(workflow: WorkflowHandle[Any, Any], envelope: Mapping[str, object]) -> None:
    """Send a workflow a message. Raises ApplicationError where nothing runs there: the watchdog begins it anew."""
    try:
        await workflow.signal("submit", envelope)
    except RPCError as problem:
        if problem.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise _not_yet(f"{workflow.id} does not run now; the watchdog begins it anew") from None


def _why_late() -> str:
    """Say what kept a notice, as far as the activity's own count of its tries tells."""
    tries = activity.info().attempt - 1
    times = "once" if tries == 1 else f"{tries} times"
    return f"tried {times} before, and not accepted" if tries else "no worker tried it in time"


def _not_yet(why: str, pause: timedelta | None = None) -> ApplicationError:
    """Give the error with which an activity is tried again, after a pause of its own where one is given."""
    return ApplicationError(why, type="NotYet", next_retry_delay=pause, category=ApplicationErrorCategory.BENIGN)
