"""The command line of ops staff and clinicians. Each command lives in `cli/`; this page only starts it."""

import os

from cli.main import main
from cli.output import flushed, prepare

if __name__ == "__main__":
    prepare()
    os._exit(
        flushed(main())
    )  # a Temporal client still closing its threads can abort the interpreter's own exit (sdk-python 300)
