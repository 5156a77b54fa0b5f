"""What is typed: words for the command line by chance, and what a terminal does to it."""

import json
from functools import cache
from random import Random

import click

from cli.main import COMMANDS, cli
from fuzz.messages import kinds
from fuzz.odd import DATES, NUMBERS, TEXTS

OPTIONS = (
    "--json",
    "--help",
    "-h",
    "--as-of",
    "--known-at",
    "--role",
    "--site",
    "--format",
    "--to",
    "--force",
    "--explain",
    "--staff",
    "--reason",
    "--confirmed",
    "--occurred-at",
    "--id",
    "--file",
    "--as-json",
    "--ms-per-day",
    "--trial-date",
    "--fact",
    "--fields",
    "--facts",
    "--void",
    "--why",
    "--",
    "-",
    "--=",
    "---",
    "--x=",
    "--limit",
    "--dry-run",
    "--stream",
    "--out",
    "--key",
    "--anchor",
    "--public-key",
    "--against-temporal",
    "--from-temporal",
    "--histories",
    "--by",
    "--font",
    "--running",
    "--show",
    "--back-to",
)
FILES = ("junk.json", "junk.json.gz")
"""Files that are there and hold nothing of use."""
WORDS = (
    "S001",
    "s001",
    "S999",
    "S" * 2000,
    "TRIAL",
    "",
    " ",
    "C1",
    "C99",
    "I12.3",
    "evidence",
    "nan",
    "inf",
    "1e300",
    "-1",
    "0",
    "[" * 50_000,
    '{"a":' * 20_000,
    "[1,",
    "1" * 5000,
    "\udcff",
    "S001\udcff",
    "verify",
    "backup",
    "restore",
    "missing.json",
    ".",
    "..",
    *FILES,
)
LEFT_OUT = ("up", "demo", "open")
"""Commands that start something and wait: they have their tests."""
NAMING = 0.5
"""Share of the command lines that name somebody there is."""


@cache
def within(command: str) -> tuple[str, ...]:
    """Give the commands inside a command."""
    known = cli.get_command(click.Context(cli), command)
    return tuple(known.commands) if isinstance(known, click.Group) else ()


def words(random: Random) -> list[str]:
    """Give a command line."""
    command = random.choice([*(name for name in COMMANDS if name not in LEFT_OUT), "sned", ""])
    every = (
        *OPTIONS,
        *WORDS,
        *kinds(),
        *(text for text in TEXTS if "\x00" not in text and text.isprintable()),
        *(str(date) for date in DATES),
        *(str(number) for number in NUMBERS),
    )
    typed = [command, *random.sample(within(command), k=1)] if within(command) else [command]
    if random.random() < NAMING:
        typed.append("S001")
    typed += [random.choice(every) for _ in range(random.randrange(6))]
    return [word.replace("\x00", "") for word in typed]


def shown(typed: list[str]) -> str:
    """Give a command line on one line, for the record."""
    return json.dumps(typed)[:2000]
