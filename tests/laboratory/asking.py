"""Asks a laboratory as the effect of an order does."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.contract import EffectRequest, Outcome
from activities.ports import Laboratory, Notice, SealedList
from activities.recorder import Recorder
from activities.world import World
from domain.patient.facts import LabsOrdered
from domain.values import Clock

NOW = datetime.now(UTC).replace(microsecond=0)


def ago(**span: float) -> str:
    """Give the instant so long ago."""
    return (NOW - timedelta(**span)).isoformat()


class Told:
    """Where operations are told: it takes everything."""

    name = "told"

    def opens_at(self, notice: Notice, now: datetime) -> datetime:  # noqa: ARG002 - a sink's
        """Take it now."""
        return now

    def has(self, notice: Notice) -> bool:  # noqa: ARG002 - a sink's
        """Know nothing."""
        return False

    def deliver(self, notice: Notice) -> None:
        """Take it."""

    def check(self) -> str:
        """Be well."""
        return ""


def fetched(laboratory: Laboratory, *analytes: str, gives_up_in: timedelta = timedelta(days=1)) -> Outcome:
    """Ask for results of the last two days."""
    order = LabsOrdered(
        purpose="GATE",
        cycle=2,
        analytes=analytes or ("HB",),
        after=NOW - timedelta(days=2),
        give_up_at=NOW + gives_up_in,
    )
    nobody = cast("Any", None)
    world = World(
        client=cast("Client", nobody),
        recorder=cast("Recorder", nobody),
        laboratory=laboratory,
        sink=Told(),
        sealed_list=cast("SealedList", nobody),
    )
    payload = order.model_dump(mode="json")
    stream = "patient-NCT06978153-S001"
    request = EffectRequest(stream=stream, key="x/1", seq=1, at=NOW, clock=Clock.real(), payload=payload)
    environment = ActivityEnvironment()
    environment.info = environment.info.__class__(**{**environment.info.__dict__, "started_time": NOW})
    return environment.run(world.fetch_labs, request)


def values(outcome: Outcome) -> list[tuple[str, str]]:
    """Give status and value of each result of an answer."""
    return sorted((row["status"], row["value"]) for row in outcome.fields["results"])
