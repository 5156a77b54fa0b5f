"""The connection to Temporal is cut between a command and its answer: it is applied once, and that can be found out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from temporalio.client import Client

import workflows.client
from tests.server.bad import RASH
from tests.server.installation import Installation, until
from tests.server.past import TRIAL
from workflows.client import Submitted, TrialClient, Unreachable
from workflows.connection import CONVERTER

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]


class Line:
    """A line to the server that can fall silent (what is sent arrives, no answer comes back), be cut, and mended."""

    def __init__(self, address: str) -> None:
        """Lead to this address."""
        self._host, self._port = address.split(":")
        self._writers: set[asyncio.StreamWriter] = set()
        self._answers = asyncio.Event()
        self._answers.set()
        self.is_dead = False
        self.cuts = 0

    async def open(self) -> str:
        """Begin to listen; give the address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_dead:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection(self._host, int(self._port))
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer, None), self._pump(far_reader, writer, self._answers))

    async def _pump(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, gate: asyncio.Event | None) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if gate is not None and not gate.is_set():
                    continue
                to.write(data)
                await to.drain()
        to.close()

    def fall_silent(self) -> None:
        """Let no answer through any more."""
        self._answers.clear()

    def cut(self, *, for_good: bool) -> None:
        """Cut every connection; new ones get through again, unless it is for good."""
        self.is_dead = for_good
        self.cuts += len(self._writers)
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self._answers.set()

    async def close(self) -> None:
        """Stop listening."""
        self.cut(for_good=True)
        self._server.close()
        await self._server.wait_closed()


@pytest_asyncio.fixture(loop_scope="session")
async def line(place: Installation) -> AsyncIterator[Line]:
    """A line to the server of the installation."""
    made = Line(place.server.address)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def caller(place: Installation, line: Line) -> TrialClient:
    """A client at the other end of the line."""
    client = await Client.connect(await line.open(), namespace=place.namespace, data_converter=CONVERTER)
    return TrialClient(client, TRIAL, place.settings.task_queue, place.journal)


async def sent_into_silence(
    place: Installation, line: Line, caller: TrialClient, subject: str, *, for_good: bool
) -> tuple[Submitted, "asyncio.Task[object]"]:
    """Send a report whose answer never comes back: it is recorded, then the line is cut."""
    report = Submitted("adverse_event", RASH, staff="INV1")
    line.fall_silent()
    call = asyncio.create_task(caller.to_subject(subject, report))

    async def recorded() -> bool:
        return bool(place.journal.submission(report.id))

    await until(recorded)
    assert not call.done()
    line.cut(for_good=for_good)
    return report, call


async def test_a_client_whose_line_was_cut_asks_again_with_the_same_id(
    place: Installation, line: Line, caller: TrialClient
) -> None:
    """By itself: the caller gets the answer, and the journal holds one fact."""
    subject = await place.enroll()

    report, call = await sent_into_silence(place, line, caller, subject, for_good=False)
    answer = await asyncio.wait_for(call, 20)

    assert line.cuts > 0
    assert answer == await place.trial.to_subject(subject, report)
    assert len(place.facts(subject, "AdverseEventReported")) == 1


async def test_a_caller_who_got_no_answer_can_ask_what_became_of_it(
    place: Installation, line: Line, caller: TrialClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line stays cut: the client gives up; `submission ID` says applied; the same call again adds nothing."""
    monkeypatch.setattr(workflows.client, "TRIES", 1)
    subject = await place.enroll()

    report, call = await sent_into_silence(place, line, caller, subject, for_good=True)
    with pytest.raises(Unreachable):
        await asyncio.wait_for(call, 20)
    told = await asyncio.to_thread(place.cli, "submission", report.id)
    unknown = await asyncio.to_thread(place.cli, "submission", "never-sent-0001")
    again = await place.trial.to_subject(subject, report)

    assert (told.returncode, "applied" in told.stdout, "AdverseEventReported" in told.stdout) == (0, True, True)
    assert (unknown.returncode, "unknown" in unknown.stdout) == (5, True)
    assert again.outcome == "applied"
    assert len(place.facts(subject, "AdverseEventReported")) == 1
