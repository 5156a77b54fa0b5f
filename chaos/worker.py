"""The product's worker with failpoints put in from outside; otherwise it is the product's own, line by line.

Points: `NAME.before`, `NAME.after` of each activity (`record`, `send_notice`, ...), `journal.before_commit`,
`journal.after_commit`, `notice.before_send`, `notice.after_send`, `workflow.task`, `workflow.replay`,
`workflow.completion`.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry, Pool
from temporalio import activity
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    WorkflowInstance,
    WorkflowInstanceDetails,
)

import worker
from activities.adapters.channels import Channels
from activities.adapters.notice_settings import Channel
from activities.contract import EffectRequest, RecordRequest
from activities.ports import Notice, NoticeSink
from chaos.failpoints import ATTEMPTS, Failpoints
from domain.intake import carried_id
from settings import Settings
from workflows.identity import IdentityInterceptor, IdentityRunner

POINTS = Failpoints.of_environment()
COMMITTED = "chaos.committed"
_real_sink = worker.notice_sink


def _attempted(name: str, arguments: Sequence[Any]) -> None:
    """Note an attempt of an activity: what it works on, and when Temporal says that it began."""
    file, about = os.environ.get(ATTEMPTS), arguments[0] if arguments else None
    if not file:
        return
    messages = about.messages if isinstance(about, RecordRequest) else []
    keys = [about.key] if isinstance(about, EffectRequest) else [carried_id(message) or "" for message in messages]
    began = activity.info().started_time.isoformat()
    line = {"activity": name, "stream": getattr(about, "stream", ""), "keys": keys, "pid": os.getpid(), "began": began}
    with Path(file).open("a") as log:
        log.write(json.dumps(line) + "\n")


class _Activity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> object:
        name = activity.info().activity_type
        _attempted(name, input.args)
        POINTS.reached(f"{name}.before")
        given = await super().execute_activity(input)
        POINTS.reached(f"{name}.after")
        return given


class ChaosInterceptor(IdentityInterceptor):
    """The product's interceptor, with points around each activity."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Put points around each activity."""
        return _Activity(super().intercept_activity(next))


class ChaosRunner(IdentityRunner):
    """The product's runner, with points around each activation."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Put points around an instance's activations."""
        instance = super().create_instance(det)
        activate = instance.activate

        def watched(act: WorkflowActivation) -> WorkflowActivationCompletion:
            POINTS.reached("workflow.replay" if act.is_replaying else "workflow.task")
            completion = activate(act)
            POINTS.reached("workflow.completion")
            return completion

        instance.activate = watched  # type: ignore[method-assign] # this one instance's
        return instance


def sink_of(settings: Settings) -> NoticeSink:
    """Give the product's sink, with points before and after a mail goes out."""
    sink = _real_sink(settings)
    if isinstance(sink, Channels):
        send = sink._sent  # noqa: SLF001 - between sending and the ledger there is no other place

        def sent(channel: Channel, notice: Notice, seconds: float) -> str:
            POINTS.reached("notice.before_send")
            why = send(channel, notice, seconds)
            POINTS.reached("notice.after_send")
            return why

        sink._sent = sent  # type: ignore[method-assign] # noqa: SLF001 - as above
    return sink


def _before_commit(connection: Connection) -> None:
    if connection.get_execution_options().get("trialpath_write"):
        POINTS.reached("journal.before_commit")
        connection.info[COMMITTED] = True


def _given_back(_connection: object, record: ConnectionPoolEntry) -> None:
    if record.info.pop(COMMITTED, False):
        POINTS.reached("journal.after_commit")


if __name__ == "__main__":
    event.listen(Engine, "commit", _before_commit)
    event.listen(Pool, "checkin", _given_back)
    vars(worker).update(IdentityInterceptor=ChaosInterceptor, IdentityRunner=ChaosRunner, notice_sink=sink_of)
    sys.exit(worker.main())
