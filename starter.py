"""The command line of ops staff and clinicians. Each command lives in `cli/`; this page only starts it."""

import os
import sys

from cli.main import main

if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a Temporal client still closing its threads can abort the interpreter's own exit (sdk-python 300)
