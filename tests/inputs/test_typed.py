"""What is typed without sense ends with a known code and writes nothing; and what it is caught by when it does."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from cli.main import COMMANDS, MALFORMED, REFUSED, UNREACHABLE
from fuzz import argv
from fuzz.tally import Tally
from fuzz.typed import Typed, undue

RISKY = ("journal", "allocation", "models", "export", "recover", "replay", "release", "health")
"""Commands that write, or ask Temporal and would change something there."""
EACH = [[name, *inner] for name in RISKY for inner in ([[one] for one in argv.within(name)] or [[]])]


@pytest.fixture(name="typed", scope="module")
def _typed() -> Iterator[Typed]:
    with Typed(Tally()) as typed:
        yield typed


@pytest.mark.parametrize("command", EACH, ids=" ".join)
@pytest.mark.parametrize(
    "junk", [["--nonsense"], ["junk.json", "junk.json", "x" * 2000], ["--out", "no/such/folder/x"]], ids=repr
)
def test_junk_ends_with_a_known_code_and_writes_nothing(typed: Typed, command: list[str], junk: list[str]) -> None:
    """For each command that writes or asks Temporal."""
    tally = Tally()
    typed._tally = tally  # noqa: SLF001 - counts of this one alone
    code = typed.type([*command, *junk])
    assert tally.crashers == []
    assert code in (MALFORMED, REFUSED, UNREACHABLE)


def test_every_command_is_typed_but_those_that_wait() -> None:
    """And every command inside one."""
    random = Random(5)  # noqa: S311 - seeded on purpose
    typed = [argv.words(random) for _ in range(4000)]
    assert set(COMMANDS) - {words[0] for words in typed} == set(argv.LEFT_OUT) == {"up", "demo", "open"}
    wanted = {tuple(words) for words in EACH if len(words) > 1}
    assert wanted <= {tuple(words[:2]) for words in typed}


def ends(code: int, *, does: Callable[[], object] = lambda: None) -> Callable[[list[str]], int]:
    """Give a command line that does something and ends with a code."""

    def run(_words: list[str]) -> int:
        does()
        return code

    return run


@pytest.mark.parametrize(
    ("words", "code", "does", "outcome"),
    [
        (["list"], 0, lambda: None, "accepted"),
        (["list"], 3, lambda: None, "refused"),
        (["list"], 1, lambda: None, "tracebacks"),
        (["list"], 10, lambda: None, "tracebacks"),
        (["health"], 1, lambda: None, "refused"),
        (["journal", "verify"], 11, lambda: None, "refused"),
        (["list"], 0, lambda: 1 / 0, "tracebacks"),
        (["export", "tables"], 3, lambda: Path("new.csv").write_text("x"), "wrong"),
        (["export", "tables"], 0, lambda: Path("new.csv").write_text("x"), "accepted"),
        (["export", "tables"], 0, lambda: Path("junk.json").write_text("x"), "wrong"),
        (["export", "tables", "--force"], 0, lambda: Path("junk.json").write_text("x"), "accepted"),
        (["export", "tables", "--force"], 3, lambda: Path("junk.json").unlink(), "wrong"),
    ],
)
def test_what_ends_or_writes_otherwise_is_harm(
    words: list[str], code: int, does: Callable[[], object], outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown code, an exception, a file after a refusal, a file overwritten unasked."""
    tally = Tally()
    with Typed(tally) as typed:
        monkeypatch.setattr("fuzz.typed.command_line", ends(code, does=does))
        typed.type(words)
    assert dict(tally.counts["command line", "in process"]) == {"sent": 1, outcome: 1}


def test_a_row_more_in_the_journal_is_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the exit code."""
    tally, counts = Tally(), iter([(1,), (2,)])
    monkeypatch.setattr(Typed, "_rows", lambda _: next(counts))
    monkeypatch.setattr("fuzz.typed.command_line", ends(0))
    with Typed(tally) as typed:
        typed.type(["list"])
    assert tally.bad == 1


def test_what_any_command_may_write_is_no_harm() -> None:
    """The outbox, and what belongs to the databases."""
    assert undue(["send"], 4, {}, {"data/outbox/1": (1, 1), "data/journal.db-wal": (1, 1)}) == []
    assert undue(["send"], 4, {}, {"data/other": (1, 1)}) == ["data/other"]
