"""The command line in this process: as `starter.py` calls it, without the second that a new process takes."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from cli.main import main


class Here:
    """Runs commands over a data folder and gives what a process would have given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Catch what is printed."""
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, data: Path, command: str, **settings: str) -> CompletedProcess[str]:
        """Run a command with these settings."""
        self._capsys.readouterr()
        with self._monkeypatch.context() as patched:
            for name, value in {"TRIALPATH_DATA": str(data), "COLUMNS": "160", **settings}.items():
                patched.setenv(name, value)
            code = main(command.split())
        printed = self._capsys.readouterr()
        return CompletedProcess(command, code, printed.out, printed.err)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The command line in this process."""
    return Here(monkeypatch, capsys)
