"""The command line of ops staff and clinicians. Each command lives in `cli/`; this page only starts it."""

import contextlib
import os
import sys

from cli.main import main

if __name__ == "__main__":
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    # Not `sys.exit`: Temporal's client runs threads that now and then abort an interpreter which takes itself down.
    os._exit(code)
