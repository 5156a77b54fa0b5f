"""Drives journeys that only have the shape of the reference: the floor's and the peer's, alike but for the calls."""

import asyncio
import json
import uuid
from abc import ABC, abstractmethod
from datetime import timedelta
from typing import Any

from dbos import DBOSClient, WorkflowHandleAsync
from temporalio.client import Client

from bench import floor, peer
from bench.journeys import GAP_SECONDS, STAGES, Watched

TASK_TIMEOUT = timedelta(seconds=2)


class BareDriver(ABC):
    """Drives bare journeys; hears of their activities over a datagram port."""

    def __init__(self, ms_per_day: float) -> None:
        """Drive at this pace."""
        self.ms_per_day = ms_per_day
        self.subjects: dict[str, Watched] = {}
        self.in_flight: set[str] = set()
        """The messages that are sent and not answered."""
        self.port = 0

    @abstractmethod
    async def begin(self, name: str, stages: list[dict[str, Any]]) -> None:
        """Start a journey."""

    @abstractmethod
    async def say(self, name: str, message: str) -> None:
        """Send a message; it is stored when this returns."""

    @abstractmethod
    async def ended(self, name: str) -> None:
        """Wait until a journey is over."""

    async def listen(self) -> asyncio.DatagramTransport:
        """Open the port."""
        driver = self

        class Ears(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, _address: object) -> None:
                name, stage = json.loads(data)
                if (watched := driver.subjects.get(name)) is not None:
                    watched.seen[str(stage)] += 1
                    watched.changed.set()

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Ears, local_addr=("127.0.0.1", 0))
        self.port = transport.get_extra_info("sockname")[1]
        return transport

    async def idle(self, messages: int) -> str:
        """Start a journey that waits for so many messages and does nothing; give its id."""
        name = f"bare-{uuid.uuid4().hex}"
        await self.begin(name, [{"timer_days": 0, "activities": 0, "then": 0, "messages": ["x"] * messages}])
        return name

    async def run(self) -> str:
        """Drive one bare journey, and give its id."""
        name = f"bare-{uuid.uuid4().hex}"
        watched = self.subjects.setdefault(name, Watched())
        await self.begin(name, STAGES)
        for number, stage in enumerate(STAGES):
            await watched.until(str(number), stage["activities"] + stage["then"])
            for message in stage["messages"]:
                await asyncio.sleep(GAP_SECONDS)
                self.in_flight.add(sent := f"{name} {message}")
                await self.say(name, message)
                self.in_flight.discard(sent)
        await self.ended(name)
        return name


class FloorDriver(BareDriver):
    """Drives the bare Temporal floor."""

    def __init__(self, client: Client, ms_per_day: float) -> None:
        """Drive over this client."""
        super().__init__(ms_per_day)
        self._client = client

    async def begin(self, name: str, stages: list[dict[str, Any]]) -> None:
        """Start a workflow."""
        await self._client.start_workflow(
            floor.BareJourney.run,
            args=[stages, self.ms_per_day, self.port],
            id=name,
            task_queue=floor.QUEUE,
            task_timeout=TASK_TIMEOUT,
        )

    async def say(self, name: str, message: str) -> None:
        """Send an update and wait for its answer."""
        await self._client.get_workflow_handle(name).execute_update(floor.BareJourney.message, message)

    async def ended(self, name: str) -> None:
        """Wait for the workflow's result."""
        await self._client.get_workflow_handle(name).result()


class PeerDriver(BareDriver):
    """Drives journeys on DBOS."""

    def __init__(self, client: DBOSClient, ms_per_day: float) -> None:
        """Drive over this client."""
        super().__init__(ms_per_day)
        self._client = client

    async def begin(self, name: str, stages: list[dict[str, Any]]) -> None:
        """Put a workflow into the worker's queue."""
        await self._client.enqueue_async(
            {"workflow_name": "journey", "queue_name": peer.QUEUE, "workflow_id": name},
            stages,
            self.ms_per_day,
            self.port,
        )

    async def say(self, name: str, message: str) -> None:
        """Send a message; its row is committed when this returns."""
        await self._client.send_async(name, message, peer.TOPIC, idempotency_key=uuid.uuid4().hex)

    async def ended(self, name: str) -> None:
        """Wait for the workflow's result."""
        handle: WorkflowHandleAsync[None] = await self._client.retrieve_workflow_async(name)
        await handle.get_result(polling_interval_sec=peer.LOOK_SECONDS)
