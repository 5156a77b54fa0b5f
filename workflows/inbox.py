"""What waits in a workflow's inbox: a message as it came in, and its answer once it has one."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.contract import Answer
    from domain.intake import Message, argument_of
    from workflows.identity import current_identity


class Pending:
    """A message in the inbox, and its answer once it has one."""

    __slots__ = ("answer", "message")

    def __init__(self, message: Message) -> None:
        """Wait for the answer to a message."""
        self.message = message
        self.answer: Answer | None = None


def message_from(channel: str, name: str, arguments: Sequence[RawValue], message_id: str) -> Message:
    """Wrap what came in, whatever it is. The bytes are looked at in `record`, never here."""
    wrapped = [
        argument_of(value.payload.data, value.payload.metadata.get("encoding", b"").decode("ascii", "replace"))
        for value in arguments[:5]
    ]
    return Message(channel=channel, name=name, arguments=tuple(wrapped), id=message_id, identity=current_identity())
