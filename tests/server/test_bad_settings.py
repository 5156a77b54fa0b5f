"""Wrong settings: a worker says what is wrong and how to mend it before it takes work; exit code 4, no traceback."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from preflight import UnusableSettingError, make_folder, require_usable
from settings import Settings
from tests.server.rig import PROGRAMS, ROOT, Server
from workflows import search_attributes
from workflows.attributes import KEYS
from workflows.fitness import UnfitServerError, fit_client, require_fit
from workflows.search_attributes import UnregisteredError, is_known, register

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(server: Server) -> AsyncIterator[Client]:
    """A connection to the server."""
    yield await Client.connect(server.address, namespace="crash")


async def said(server: Server, folder: Path, **env: str) -> str:
    """Start a worker with these settings; give what it said when it ended with exit code 4 and no traceback."""
    known = {"TEMPORAL_ADDRESS": server.address, "TRIALPATH_DATA": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "worker.py"]
    whole = {**os.environ, **known, **env}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=ROOT, env=whole, capture_output=True, text=True, timeout=60, check=False)

    done = await asyncio.to_thread(run)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (4, "", False), done.stderr
    return done.stderr


async def test_a_worker_says_what_is_wrong_and_how_to_mend_it(server: Server, tmp_path: Path) -> None:
    """A misspelled name, a namespace that is not there, an address that is taken, and nobody at Temporal's."""
    told = await asyncio.gather(
        said(server, tmp_path, TRIALPATH_WATCHDOG_SECOND="3"),
        said(server, tmp_path, TEMPORAL_NAMESPACE="nowhere"),
        said(server, tmp_path, TRIALPATH_HEALTH_ADDRESS=server.address),
        said(server, tmp_path, TEMPORAL_ADDRESS="127.0.0.1:1"),
    )

    assert told[0] == "setting: TRIALPATH_WATCHDOG_SECOND is none; is TRIALPATH_WATCHDOG_SECONDS meant?\n"
    assert "temporal operator namespace create --namespace nowhere" in told[1]
    assert f"TRIALPATH_HEALTH_ADDRESS {server.address}: Address already in use" in told[2]
    assert (
        "no Temporal server answers at 127.0.0.1:1 (connection refused): start it, or set TEMPORAL_ADDRESS" in told[3]
    )


async def test_a_worker_that_cannot_start_ends_without_tearing_the_interpreter_down() -> None:
    """Threads of the SDK abort it then, with 134 or 139 in one run of two on a busy machine: never exit code 4."""
    program = (
        "import atexit, runpy; atexit.register(print, 'torn down'); runpy.run_path('worker.py', run_name='__main__')"
    )
    env = {**os.environ, "TEMPORAL_ADDRESS": "127.0.0.1:1"}

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)

    done = await asyncio.to_thread(run)
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert "no Temporal server answers" in done.stderr


@pytest.mark.parametrize(
    ("env", "words"),
    [
        (
            {"TEMPORAL_CONFIG_FILE": "/nowhere/temporal.toml"},
            "TEMPORAL_CONFIG_FILE /nowhere/temporal.toml: there is no",
        ),
        ({"TEMPORAL_PROFILE": "nobody"}, "'nobody' not found"),
        ({"TEMPORAL_ADDRESS": "not an address"}, "invalid target URL"),
        ({"TEMPORAL_TLS": "true"}, "Temporal answers without TLS: unset TEMPORAL_TLS"),
        ({"TEMPORAL_TLS": "maybe"}, "TEMPORAL_TLS is 'maybe': true or false is expected"),
        ({"TEMPORAL_NAMESPAC": "trial"}, "TEMPORAL_NAMESPAC is no setting of Temporal; is TEMPORAL_NAMESPACE meant?"),
        ({"TEMPORAL_TLS_CLIENT_CERT_PATH": "/nowhere/pem"}, "/nowhere/pem"),
    ],
)
async def test_temporals_own_settings_are_told(
    server: Server, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], words: str
) -> None:
    """Each names the variable, or what it holds."""
    for name, value in {"TEMPORAL_ADDRESS": server.address, **env}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UnfitServerError, match=words.replace("(", "\\(")):
        await fit_client()


async def test_a_server_that_cannot_do_what_we_need_is_refused() -> None:
    """The time-skipping server has no schedules and tells no version, as one that is too old."""
    program = str(PROGRAMS / "temporal-test-server")
    async with await WorkflowEnvironment.start_time_skipping(test_server_existing_path=program) as old:
        with pytest.raises(UnfitServerError, match=r"1\.28 or later is needed, with schedules and updates"):
            await require_fit(old.client)


async def test_a_fit_server_gives_its_client(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one of these tests, in the namespace that is set."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "crash")
    assert (await fit_client()).namespace == "crash"


async def test_missing_search_attributes_are_told_where_we_may_not_register_them(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A managed server answers no operator; whether one is there, a query tells. With the command that makes it."""

    async def closed(_: Client) -> list[str]:
        raise RPCError("not for you", RPCStatusCode.PERMISSION_DENIED, b"")

    assert set(await register(client)) <= set(KEYS)
    assert await register(client) == []
    assert not await is_known(client, "NeverMade")
    monkeypatch.setattr(search_attributes, "KEYS", {**KEYS, "NeverMade": KEYS["NextDue"]})
    monkeypatch.setattr(search_attributes, "_registered", closed)

    with pytest.raises(UnregisteredError, match=f"--namespace {client.namespace} --name NeverMade --type Datetime"):
        await register(client)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TRIALPATH_HEALTH_ADDRESS", "127.0.0.1:99999", "host:port is expected"),
        ("TRIALPATH_METRICS_ADDRESS", "localhost:9090", "IP:port is expected"),
        ("TRIALPATH_WATCHDOG_SECONDS", "soon", "valid integer"),
        ("TRIALPATH_NO_SUCH_THING_AT_ALL", "x", "TRIALPATH_NO_SUCH_THING_AT_ALL is none"),
    ],
)
async def test_a_setting_that_is_wrong_in_itself_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    """With what is expected."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=words):
        Settings()


async def test_a_setting_that_cannot_be_used_here_is_named(tmp_path: Path) -> None:
    """A trial we have no protocol of, a file where a folder is wanted, a key in no folder."""
    (tmp_path / "file").write_text("x")
    wrong = {
        "TRIAL": Settings(trial="NCT00000000"),
        "HISTORY_FOLDER": Settings(data=tmp_path, history_folder=tmp_path / "file"),
        "KEY_FILE": Settings(data=tmp_path, key_file=tmp_path / "none" / "key"),
    }
    for name, settings in wrong.items():
        with pytest.raises(UnusableSettingError, match=f"TRIALPATH_{name}"):
            require_usable(settings)
    with pytest.raises(UnusableSettingError, match=r"TRIALPATH_DATA .*name one in which this user may write"):
        make_folder("DATA", tmp_path / "file" / "below")
