"""Wrong settings of the laboratory are refused before a worker takes work, in a sentence that says how to mend them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from activities.adapters.fhir_access import WrongSetting
from activities.adapters.fhir_folder import FhirFolder
from activities.adapters.fhir_server import FhirServer
from settings import Settings
from worker import laboratory_of

ROOT = Path(__file__).parents[2]
LAB = "https://lab.example.org/fhir"


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text("t0ken")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "many").write_text("t0ken other")
    (tmp_path / "folder").mkdir()


def said(**given: str) -> dict[str, str]:
    """Give settings as the environment holds them."""
    names = {"proof": "TOKEN_FILE", "certificate": "CLIENT_CERTIFICATE", "key": "CLIENT_KEY", "ca": "CA_FILE"}
    return {f"TRIALPATH_LAB_{names.get(name, name.upper())}": value for name, value in given.items()}


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no scheme": (said(url="lab.example.org/fhir"), "give its base"),
    "another scheme": (said(url="ftp://lab.example.org/fhir"), "give its base"),
    "no host": (said(url="https:///fhir"), "give its base"),
    "a port beyond ports": (said(url="https://lab.example.org:99999/fhir"), "give its base"),
    "a password in it": (said(url="https://me:pass@lab.example.org/fhir"), "give its base"),
    "a query": (said(url=f"{LAB}?x=1"), "give its base"),
    "half a host": (said(url="https://[::1/fhir"), "give its base"),
    "token over http": (said(url="http://lab.example.org/fhir", proof="token"), "Use https"),
    "token over http to a host named alike": (said(url="http://localhost.org/", proof="token"), "Use https"),
    "certificate over http": (said(url="http://127.0.0.1/", certificate="token"), "plain http, which has no"),
    "key without certificate": (said(url=LAB, key="token"), "LAB_CLIENT_KEY is set without"),
    "no token file": (said(url=LAB, proof="gone"), "TRIALPATH_LAB_TOKEN_FILE: there is no file gone"),
    "a folder": (said(url=LAB, proof="folder"), "there is no file folder"),
    "no CA file": (said(url=LAB, ca="gone"), "TRIALPATH_LAB_CA_FILE: there is no file gone"),
    "an empty token": (said(url=LAB, proof="empty"), "must hold one bearer token"),
    "two tokens": (said(url=LAB, proof="many"), "must hold one bearer token"),
    "no system": (said(url=LAB, identifier_system=""), "LAB_IDENTIFIER_SYSTEM is not a URI"),
    "a system with spaces": (said(url=LAB, identifier_system="subject no"), "LAB_IDENTIFIER_SYSTEM is not a URI"),
    "a token without a server": (said(proof="token"), "TRIALPATH_LAB_TOKEN_FILE is set without TRIALPATH_LAB_URL"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_setting_is_refused(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """The sentence names the setting; a secret in it is not shown."""
    given, words = WRONG[what]
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(WrongSetting, match=words) as raised:
        laboratory_of(Settings())

    assert "TRIALPATH_LAB_" in str(raised.value)
    assert not any(secret in str(raised.value) for secret in ("t0ken", "pass@"))


@pytest.mark.parametrize(
    "given",
    [said(url=LAB), said(url="http://lab.example.org:8080"), said(url=LAB, proof="token"),
     said(url="http://localhost:8080/fhir", proof="token"), said(url="http://127.0.0.9/", proof="token"),
     said(url="http://[::1]:8080/fhir/", proof="token"), said(url=LAB, search="patient", timeout_seconds="50")],
)  # fmt: skip
def test_a_server_is_used_where_one_is_set(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    """A token over plain http is for this machine alone."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert isinstance(laboratory_of(Settings()), FhirServer)


def test_without_a_server_the_folder_is_used(tmp_path: Path) -> None:
    """It says when it is not there."""
    folder = laboratory_of(Settings(lab_folder=tmp_path / "lab"))
    assert isinstance(folder, FhirFolder)
    assert "does not exist: make it, or set TRIALPATH_LAB_FOLDER" in folder.check()
    (tmp_path / "lab").mkdir()
    assert folder.check() == ""


@pytest.mark.parametrize(
    ("given", "words"),
    [(said(url=LAB, key="token"), "TRIALPATH_LAB_CLIENT_KEY is set without"),
     (said(url=LAB, search="guess"), "TRIALPATH_LAB_SEARCH"),
     (said(timeout_seconds="55"), "TRIALPATH_LAB_TIMEOUT_SECONDS")],
)  # fmt: skip
def test_a_worker_does_not_start(given: dict[str, str], words: str) -> None:
    """Exit code 4 and the sentence, without a traceback, before Temporal is looked for."""
    env = {**os.environ, "TEMPORAL_ADDRESS": "127.0.0.1:1"} | given
    ended = subprocess.run(
        [sys.executable, str(ROOT / "worker.py")], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 4
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
