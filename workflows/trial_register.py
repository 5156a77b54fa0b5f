"""One trial as a durable workflow."""

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

from workflows.interpreter import Interpreter

with workflow.unsafe.imports_passed_through():
    from activities.contract import Start


@workflow.defn(name="TrialRegister")
class TrialRegister:
    """A trial's register: sites, staff, registration, enrolment, allocation.

    Send: any command of `domain.trial.commands` as update (answers) or signal, under its kind or as `submit`.
    Ask: `show` (counts, sites, the published hash of the list), `facts` (all of them, as stored). `wake` makes it look
    at the journal.
    Expect: no message can fail, wedge or cancel it. A request that comes twice gets the same number and the same slot.
    """

    @workflow.init
    def __init__(self, start: Start) -> None:
        """Begin."""
        self._interpreter = Interpreter(start)

    @workflow.run
    async def run(self, start: Start) -> dict[str, Any]:  # noqa: ARG002 - taken by the initializer
        """Run as long as the trial does."""
        return await self._interpreter.run()

    @workflow.update(dynamic=True, description="Send a command; the answer tells the fact numbers or the refusal")
    async def submit(self, name: str, args: Sequence[RawValue]) -> dict[str, Any]:
        """Take a command and answer it."""
        return await self._interpreter.update(name, args)

    @workflow.signal(dynamic=True, description="Send a command without waiting for the answer")
    def report(self, name: str, args: Sequence[RawValue]) -> None:
        """Take a command."""
        self._interpreter.signal(name, args)

    @workflow.query(description="Counts and settings")
    def show(self) -> dict[str, Any]:
        """Give the state."""
        return self._interpreter.show()

    @workflow.query(description="All facts as stored")
    def facts(self) -> list[dict[str, Any]]:
        """Give the facts."""
        return self._interpreter.facts()

    def details(self) -> str:
        """Give the state in Markdown: the UI shows it."""
        return self._interpreter.details()
