"""Where tables go: as wide as the terminal, or 120 columns into a file or pipe."""

import sys

from rich.console import Console

PIPED_WIDTH = 120


def console() -> Console:
    """Give the console to print on."""
    return Console() if sys.stdout.isatty() else Console(width=PIPED_WIDTH)
