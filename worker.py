"""The composition root: settings, journal, adapters, worker. It stops gracefully on SIGTERM and SIGINT."""

import asyncio
import contextlib
import gc
import os
import random
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from functools import partial

import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities import checks
from activities.adapters.fhir_access import Access, WrongSetting
from activities.adapters.fhir_folder import FhirFolder
from activities.adapters.fhir_server import FhirServer
from activities.adapters.file_sink import FileSink
from activities.adapters.sealed_list import JournalSealedList
from activities.amended import Amendments
from activities.beating import BeatingInterceptor
from activities.exporting import Exporter
from activities.histories import HistoryFolder
from activities.ports import Laboratory, NoticeSink
from activities.rebuild import Streams
from activities.recorder import Recorder
from activities.watchdog import Watchdog
from activities.world import World
from domain import units
from health_page import health_page, keep_looking, outside
from journal.store import Journal
from observability import configure, runtime, traces
from preflight import make_folder, require_usable
from settings import Settings, wrong_settings
from workflows import versions
from workflows.details import DetailsInterceptor
from workflows.fitness import fit_client
from workflows.identity import IdentityInterceptor, IdentityRunner
from workflows.patient_journey import PatientJourney
from workflows.setting_up import keep, set_up
from workflows.trial_register import TrialRegister
from workflows.waking import wake_those_behind
from workflows.walks import skip_idle_walks
from workflows.watch import MovingWatch, Watch

PAST_THE_SDK = True
"""The SDK's own check of sizes is off. It fails a task that accepts an update above 2 MB, and each later try. The
server refuses such an acceptance and forgets the update, so that its sender is told and the subject goes on."""
THREADS = 200
"""Activities at once. Those that ask for an allocation hold their place until another has opened the slot."""

POLLS = 10
TASKS_AT_ONCE = 8
"""Workflow tasks at once. They share one interpreter: a hundred replays at once would all exceed the task's time-out,
and be tried again for ever (measured with 40 open subjects under load). Eight of the usual length do not."""
RECORDS_AT_ONCE = 16
SWITCH_SECONDS = 0.0005
"""A record makes ten short database calls and wants the interpreter back after each: with 5 ms it waits 50 for them."""
GARBAGE_AFTER = 20_000
"""Objects made before the youngest are looked through for garbage: with the usual 700 that is done all the time."""
UNVERSIONED = "unversioned"
"""Name of the program where no release is named. Without one the SDK hashes every module at each start: 0.4 s."""
CANNOT_START = 4
_log = structlog.stdlib.get_logger("trialpath.worker")


def open_journal(settings: Settings) -> Journal:
    """Open the journal, its schema brought up to date by its owner. Raises JournalAway, JournalUnusableError."""
    for name, folder in (("DATA", settings.data), ("LAB_FOLDER", settings.labs)):
        make_folder(name, folder)
    with closing(Journal(settings.journal_owner_url or settings.url)) as owners:
        owners.migrate()
    journal = Journal(settings.url)
    journal.check()
    return journal


def laboratory_of(settings: Settings) -> Laboratory:
    """Give the laboratory: a server where one is set, else a folder. Raises WrongSetting, saying how to mend it."""
    files = {
        "LAB_TOKEN_FILE": settings.lab_token_file,
        "LAB_CLIENT_CERTIFICATE": settings.lab_client_certificate,
        "LAB_CLIENT_KEY": settings.lab_client_key,
        "LAB_CA_FILE": settings.lab_ca_file,
    }
    if not settings.lab_url:
        for name in (name for name, file in files.items() if file):
            raise WrongSetting(f"TRIALPATH_{name} is set without TRIALPATH_LAB_URL: set both, or neither")
        return FhirFolder(settings.labs)
    access = Access(
        url=settings.lab_url,
        token_file=settings.lab_token_file,
        client_certificate=settings.lab_client_certificate,
        client_key=settings.lab_client_key,
        ca_file=settings.lab_ca_file,
        identifier_system=settings.lab_identifier_system,
        search=settings.lab_search,
        connect_seconds=settings.lab_connect_seconds,
        read_seconds=settings.lab_read_seconds,
        whole_seconds=settings.lab_timeout_seconds,
    )
    return FhirServer(access)


def notice_sink(settings: Settings) -> NoticeSink:
    """Give where notices go. Raises BadNoticeSettingsError."""
    if settings.notice_settings is None:
        return FileSink(settings.notices)
    from activities.adapters import channels, notice_settings  # noqa: PLC0415 - a second of imports, where used

    return channels.Channels(notice_settings.read(settings.notice_settings), settings.deliveries)


def build(client: Client, journal: Journal, settings: Settings, threads: ThreadPoolExecutor) -> Worker:
    """Put a worker together."""
    skip_idle_walks()
    chance = random.Random(settings.demo_seed) if settings.demo_seed else None  # noqa: S311 - a demonstration's list
    recorder = Recorder(journal)
    sink = notice_sink(settings)
    exporter = Exporter(client, HistoryFolder(settings.histories))
    laboratory = laboratory_of(settings)
    amendments = Amendments(laboratory, recorder, timedelta(seconds=settings.lab_again_seconds))
    watchdog = Watchdog(
        client,
        Streams(journal, recorder),
        sink=sink,
        task_queue=settings.task_queue,
        exporter=exporter,
        amendments=amendments,
    )
    world = World(
        client=client,
        recorder=recorder,
        laboratory=laboratory,
        sink=sink,
        sealed_list=JournalSealedList(journal, settings.allocation_key, chance),
    )
    deployment = versions.config(settings.versioned_as, settings.build)
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=[PatientJourney, TrialRegister, MovingWatch if deployment else Watch],
        activities=[
            recorder.record,
            world.fetch_labs,
            world.send_notice,
            world.ask_allocation,
            world.seal_list,
            world.open_slot,
            world.start_journey,
            world.pass_on,
            watchdog.watch,
        ],
        activity_executor=threads,
        max_concurrent_activities=THREADS,
        max_concurrent_local_activities=RECORDS_AT_ONCE,
        max_concurrent_workflow_tasks=TASKS_AT_ONCE,
        max_concurrent_workflow_task_polls=POLLS,
        max_concurrent_activity_task_polls=POLLS,
        max_cached_workflows=settings.max_cached_workflows,
        disable_payload_error_limit=PAST_THE_SDK,
        workflow_runner=IdentityRunner(),
        interceptors=[IdentityInterceptor(), DetailsInterceptor(), BeatingInterceptor()],
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=3),
        graceful_shutdown_timeout=timedelta(seconds=10),
        identity=f"worker:{settings.task_queue}",
        deployment_config=deployment,
        build_id=None if deployment else UNVERSIONED,
    )


async def serve(settings: Settings) -> None:
    """Work until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    laboratory, sink = laboratory_of(settings), notice_sink(settings)
    loading = asyncio.create_task(asyncio.to_thread(units.load))  # while Temporal and the journal are waited for
    client = await fit_client(runtime(settings.metrics_address), traces(settings.trace_address))
    journal = await asyncio.to_thread(open_journal, settings)
    require_usable(settings)
    with ThreadPoolExecutor(THREADS, "activity") as threads:
        await set_up(client, settings)
        page = health_page(settings)
        await loading
        async with build(client, journal, settings, threads):
            _log.info("worker.ready", task_queue=settings.task_queue, namespace=client.namespace)
            print("worker ready", flush=True)  # noqa: T201 - whoever started it waits for this line
            beside = [
                asyncio.create_task(wake_those_behind(client, journal)),
                asyncio.create_task(keep(client, settings)),
            ]
            if page is not None:
                of_journal = partial(checks.journal, journal, settings.trial)
                looks = {"journal": of_journal} | outside(settings, laboratory, sink)
                beside.append(asyncio.create_task(keep_looking(page, client, settings, looks)))
            with page or contextlib.nullcontext():
                await stop.wait()
            for task in beside:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            _log.info("worker.stopping")
    journal.close()


def main() -> int:
    """Run the worker. Exit code 4: it cannot start, and the log says why."""
    try:
        settings = Settings()
    except ValidationError as problem:
        print(*wrong_settings(problem), sep="\n", file=sys.stderr)  # noqa: T201 - before logging is set up
        return CANNOT_START
    configure(settings.log_level)
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    try:
        asyncio.run(serve(settings))
    except (RuntimeError, ValueError, RPCError, OSError, SQLAlchemyError) as problem:
        _log.error("worker.cannot_start", problem=str(problem)[:500])
        return CANNOT_START
    return 0


if __name__ == "__main__":
    code = main()
    if code:
        sys.stderr.flush()
        os._exit(
            code
        )  # the SDK's threads may abort an interpreter that tears itself down: 134 instead of 4 (sdk-python 300)
    sys.exit(code)
