"""Where what is printed goes: tables as wide as the terminal, or 120 columns into a file or pipe.

A terminal that knows fewer characters shows the others escaped; one that is closed gets nothing, and no harm is done.
"""

import os
import sys
from io import TextIOWrapper

from rich.console import Console

PIPED_WIDTH = 120
CANNOT_WRITE = 4


def console() -> Console:
    """Give the console to print on."""
    return Console() if sys.stdout.isatty() else Console(width=PIPED_WIDTH)


def prepare() -> None:
    """Make standard output and standard error fit for any text, and put nothing in the place of one that is closed."""
    for name in ("stdin", "stdout", "stderr"):  # in this order: a closed one's number goes to the next file opened
        stream = getattr(sys, name)
        if stream is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, "r" if name == "stdin" else "w"))
        elif isinstance(stream, TextIOWrapper) and name != "stdin":
            stream.reconfigure(errors="backslashreplace")


def flushed(code: int) -> int:
    """Give the exit code once all is written out. A reader that went away does not matter, a full disk does."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        return code
    except OSError as problem:
        os.write(2, f"the output could not be written: {problem}\n".encode())
        return CANNOT_WRITE
    return code
