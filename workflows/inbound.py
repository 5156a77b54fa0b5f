"""An interceptor that only puts something around a workflow's handlers."""

from typing import ClassVar

from temporalio.worker import Interceptor, WorkflowInboundInterceptor, WorkflowInterceptorClassInput


class InboundInterceptor(Interceptor):
    """Puts its `around` around the handlers of each workflow."""

    around: ClassVar[type[WorkflowInboundInterceptor]]

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: ARG002 - Temporal's signature
    ) -> type[WorkflowInboundInterceptor]:
        """Give what goes around."""
        return self.around
