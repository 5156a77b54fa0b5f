"""The command line of ops staff and clinicians. Each command lives in `cli/`; this page only starts it."""

import sys

from cli.main import main

if __name__ == "__main__":
    sys.exit(main())
