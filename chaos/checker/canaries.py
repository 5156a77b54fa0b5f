"""I10: no personal data the driver sent stands where it must not: histories, logs, answers, mail, ledger, journal."""

from collections.abc import Iterator
from pathlib import Path

from chaos.checker.evidence import Evidence, UnreadableEvidence, Violation
from chaos.checker.histories import document, payloads

OWN = {"run.json", "calls.jsonl", "faults.jsonl", "violations.json"}
"""What the driver itself wrote down, and what the laboratory was given, hold the canaries on purpose."""
NOT_OURS = {"lab", "histories"}
WHOLE = (".json", ".json.gz")
"""What a history's file is called once it is whole; a program that is killed while it writes leaves another."""


def check(evidence: Evidence) -> Iterator[Violation]:
    """Look for each canary in every file, in what histories carry encoded, and in every row."""
    canaries = [str(canary) for canary in evidence.run.get("canaries", []) if canary]
    if not canaries:
        raise UnreadableEvidence("run.json names no canary")
    if not any(log.stat().st_size for log in (evidence.folder / "logs").glob("*.log")):
        raise UnreadableEvidence(f"{evidence.folder / 'logs'} holds no log, or only empty ones")
    for file in sorted(path for path in evidence.folder.rglob("*") if path.is_file()):
        parts = file.relative_to(evidence.folder).parts
        if parts[0] not in NOT_OURS | OWN and not file.name.startswith("journal.db"):
            yield from _in_bytes(canaries, str(file.relative_to(evidence.folder)), _content(file))
    for file in sorted((evidence.folder / "histories").rglob("*.json*")):
        where = str(file.relative_to(evidence.folder))
        if not file.name.endswith(WHOLE):
            yield from _in_bytes(canaries, where, file.read_bytes())
            continue
        found = document(file)
        yield from _in_text(canaries, where, "\n".join([str(found), *payloads(found)]))
    for table in ("submissions", "facts"):
        for row in evidence.journal[table]:
            yield from _in_text(
                canaries, f"row {row['position']} of {row['stream']}", "\n".join(map(str, row.values()))
            )


def _in_text(canaries: list[str], where: str, text: str) -> Iterator[Violation]:
    yield from _in_bytes(canaries, where, text.encode("utf-8", "replace"))


def _in_bytes(canaries: list[str], where: str, content: bytes) -> Iterator[Violation]:
    for number, canary in enumerate(canaries, start=1):
        if canary.encode() in content:
            yield Violation("I10", f"{where}: canary {number} of run.json stands in it")


def _content(file: Path) -> bytes:
    """Read a file; one that a running program has taken away meanwhile is empty."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
