"""The state in plain words on a workflow's page in the UI, written when somebody opens the page.

The SDK keeps a text that the workflow must set anew at each step, replayed ones too: a fifth of a replay's time.
"""

from typing import Any, Protocol, runtime_checkable

from temporalio import workflow
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.worker import HandleQueryInput, WorkflowInboundInterceptor

from workflows.inbound import InboundInterceptor


@runtime_checkable
class Detailed(Protocol):
    """A workflow that can say in Markdown how things stand."""

    def details(self) -> str: ...  # noqa: D102 - its name says it


class _Inbound(WorkflowInboundInterceptor):
    async def handle_query(self, input: HandleQueryInput) -> Any:  # noqa: ANN401 - whatever a query gives
        answer, asked = await super().handle_query(input), workflow.instance()
        if isinstance(answer, WorkflowMetadata) and isinstance(asked, Detailed):
            answer.current_details = asked.details()
        return answer


class DetailsInterceptor(InboundInterceptor):
    """Puts the state into the answer to the UI's question about a workflow."""

    around = _Inbound
