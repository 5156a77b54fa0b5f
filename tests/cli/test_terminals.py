"""What a terminal does to the command line: it knows few characters, is narrow, is none at all, or sends Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from cli.main import INTERRUPTED

ROOT = Path(__file__).parents[2]
STARTER = [sys.executable, str(ROOT / "starter.py")]
FEW = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


def test_a_terminal_that_knows_few_characters_is_shown_the_others_escaped(tmp_path: Path) -> None:
    """Locale C as the oldest machines have it, 40 columns wide, without a standard input."""
    whole = {**os.environ, "TRIALPATH_DATA": str(tmp_path), "COLUMNS": "40", **FEW}
    command = [*STARTER, "send", "S001", "adverse_event", "--term", "\u76ae\u75b9", "--file", "missing"]
    done = subprocess.run(command, env=whole, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (3, False)
    assert done.stderr.isascii()


def test_ctrl_c_while_temporal_does_not_answer_is_told_as_that(tmp_path: Path) -> None:
    """The command line asks nothing back, so this is where it waits: exit code 130, one word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {
            **os.environ,
            "TRIALPATH_DATA": str(tmp_path),
            "TEMPORAL_ADDRESS": f"127.0.0.1:{silent.getsockname()[1]}",
        }
        command = [*STARTER, "send", "S001", "death", "--died-on", "2025-07-01"]
        started = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        silent.settimeout(60)
        held, _ = silent.accept()
        started.send_signal(signal.SIGINT)
        _, errors = started.communicate(timeout=60)
        held.close()
    assert (started.returncode, b"Traceback" in errors, b"interrupted" in errors) == (INTERRUPTED, False, True), errors
