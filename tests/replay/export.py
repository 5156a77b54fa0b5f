"""Plays the journeys and writes what is not there yet: histories, and one stored fact of every kind.

Run it from the repository's root: `python -m tests.replay.export`. What is there already is never written again: it is
what an older release left behind, and must replay and parse for ever. `python -m tests.replay.export golden` plays the
ways that the golden set of this release lacks, and no more.
"""

import asyncio
import gzip
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from temporalio.client import WorkflowHistory

from domain import catalogue
from domain.decider import trial_stream
from journal.store import StoredFact
from observability import traces
from tests.given import TRIAL_ID
from tests.journeys.scripts import ARMS, SCRIPTS, Script, deny, hasty, miss, sex_of
from tests.journeys.stage import Stage, protocol_is, stage
from tests.journeys.ways import NO_ARM, WAYS, Way
from tests.replay import corpus
from workflows.client import Submitted

HERE = Path(__file__).parent
HISTORIES = HERE / "histories"
FACTS = HERE / "facts.jsonl"
OTHER_ARM = f"{SCRIPTS[0].name}-{ARMS[1]}"


def keep_history(name: str, history: WorkflowHistory) -> None:
    """Write a history unless there is one of this name. The same input gives the same file."""
    path = HISTORIES / f"{name}.json.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        lean = json.dumps(json.loads(history.to_json()), separators=(",", ":"))
        path.write_bytes(gzip.compress(lean.encode(), mtime=0))


def keep_facts(stream: str, facts: list[StoredFact]) -> None:
    """Add the first fact of each kind that the file does not hold yet, behind the fact its stream begins with."""
    lines = [json.loads(line) for line in FACTS.read_text().splitlines()] if FACTS.exists() else []
    union = stream.split("-", maxsplit=1)[0]
    known = {line["kind"] for line in lines if line["stream"].startswith(union)}
    new = {fact.kind: fact for fact in reversed(facts) if fact.kind not in known}
    if not new:
        return
    first = next(fact for fact in facts if fact.seq == 1)
    wanted = sorted({first, *new.values()}, key=lambda fact: fact.seq)
    with FACTS.open("a") as file:
        file.writelines(json.dumps({"stream": stream, **fact._asdict()}) + "\n" for fact in wanted)


async def export(script: Script, arm: str, name: str) -> None:
    """Play a script; keep its closed runs, and the run as it stood open before the last two acts."""
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder), arm) as played:
            await played.enroll(sex_of(script.acts))
            for left, act in zip(range(len(script.acts), 0, -1), script.acts, strict=True):
                if left <= 2:
                    keep_history(f"{name}.open-{left}", await played.history(played.stream))
                await act.play(played)
            await played.assert_over()
            for number, history in enumerate(await played.histories(), start=1):
                keep_history(f"{name}.closed-{number}", history)
            await acknowledge(played)
            keep_facts(played.stream, played.facts())
            keep_facts(trial_stream(TRIAL_ID), played.journal.facts(trial_stream(TRIAL_ID)))


async def export_denied() -> None:
    """Play the denied allocation; keep the subject's open run and the register's."""
    with tempfile.TemporaryDirectory() as folder, _protocol("denied"):
        async with stage(Path(folder)) as played:
            await deny(played)
            keep_history("denied.open-1", await played.history(played.stream))
            await register(played)
            keep_history("register.open-1", await played.history(trial_stream(TRIAL_ID)))
            keep_facts(played.stream, played.facts())
            keep_facts(trial_stream(TRIAL_ID), played.journal.facts(trial_stream(TRIAL_ID)))


async def export_missed() -> None:
    """Play the notice that nobody got in time; keep its facts."""
    with tempfile.TemporaryDirectory() as folder, protocol_is(hasty()):
        async with stage(Path(folder)) as played:
            await miss(played)
            keep_facts(played.stream, played.facts())


async def acknowledge(played: Stage) -> None:
    """Acknowledge the latest notice, after the end."""
    notices = played.facts("NoticeRequested")
    if notices:
        role = json.loads(notices[-1].body)["to"][0]
        staff = {"COORDINATOR": "CRC1", "INVESTIGATOR": "INV1"}[role]
        await played.send("acknowledge", staff, notice=notices[-1].seq)


async def register(played: Stage) -> None:
    """Let the register say everything else it can."""
    ended = Submitted("end_delegation", {"staff": "SUR1", "valid_to": "2025-12-31"}, staff="SPO1")
    assert (await played.client.to_trial(ended)).outcome == "applied"
    handle = played.client.client.get_workflow_handle(trial_stream(TRIAL_ID))
    await handle.cancel()
    await played.recorded(trial_stream(TRIAL_ID), "CancellationAsked")


@contextmanager
def _protocol(mode: str) -> Iterator[None]:
    """Let the protocol be the one a mode needs."""
    latest = catalogue.latest(TRIAL_ID)
    changed = {"denied": latest.model_copy(update={"target": 1}), "missed": hasty()}.get(mode, latest)
    with protocol_is(changed):
        yield


class _Collector(BaseHTTPRequestHandler):
    """Takes spans and keeps none."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@asynccontextmanager
async def _stage(way: Way) -> AsyncIterator[Stage]:
    """Give the stage of a way; with traces there is somebody who takes them."""
    arm = ARMS[0] if way.arm == NO_ARM else way.arm
    with tempfile.TemporaryDirectory() as folder, ThreadingHTTPServer(("127.0.0.1", 0), _Collector) as collector:
        Thread(target=collector.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{collector.server_port}/v1/traces" if way.mode == "traced" else ""
        async with stage(Path(folder), arm, traces(address)) as played:
            yield played
        collector.shutdown()


async def export_way(way: Way) -> tuple[corpus.Golden, dict[str, object]]:
    """Play a way to its end and keep its closed runs: all of them, or those from the exit on. Give its row and end."""
    for left_over in (corpus.GOLDEN / corpus.RELEASE).glob(f"{way.name}.closed-*"):
        left_over.unlink()
    with _protocol(way.mode):
        async with _stage(way) as played:
            match way.mode:
                case "denied":
                    await deny(played)
                case "missed":
                    await miss(played)
                case _:
                    await played.enroll(sex_of(way.acts))
            for act in way.acts:
                await act.play(played)
            await played.assert_over()
            await played.assert_healthy()
            kept = []
            for number, history in enumerate(await played.histories(), start=1):
                name = f"golden/{corpus.RELEASE}/{way.name}.closed-{number}"
                keep_history(name, history)
                kept.append(f"{name}.json.gz")
    while len(kept) > 1 and not way.is_whole and not list(corpus.exits(corpus.facts_of(kept[:1]))):
        (HISTORIES / kept.pop(0)).unlink()
    return corpus.described(way.name, corpus.RELEASE, kept)


async def export_golden() -> None:
    """Play every way that the set of this release has not."""
    rows, ends = corpus.manifest(corpus.RELEASE), corpus.ends(corpus.RELEASE)
    for way in WAYS:
        if way.name not in ends:
            row, ends[way.name] = await export_way(way)
            rows.append(row)
            corpus.write(corpus.RELEASE, rows, ends)
            sys.stderr.write(f"export: {row.name}, {row.facts} facts, {len(row.runs)} runs\n")


async def main(only: str = "") -> None:
    """Export everything. A step names no arm but in its data, so one arm will do; the whole way is kept in each."""
    HISTORIES.mkdir(exist_ok=True)
    await export_golden()
    if only == "golden":
        return
    for script in SCRIPTS:
        await export(script, ARMS[0], script.name)
    await export(SCRIPTS[0], ARMS[1], OTHER_ARM)
    await export_denied()
    await export_missed()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
