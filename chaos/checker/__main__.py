"""The command: `python -m chaos.checker FOLDER` writes violations.json there; exit code 1 when there is one."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from chaos.checker import (
    actors,
    agreement,
    allocation,
    canaries,
    chain,
    clinical,
    commands,
    instants,
    notices,
    progress,
)
from chaos.checker.evidence import Evidence, UnreadableEvidence, Violation

CHECKS: tuple[Callable[[Evidence], Iterator[Violation]], ...] = (
    commands.check,
    notices.check,
    progress.check,
    allocation.check,
    agreement.check,
    chain.check,
    clinical.check,
    actors.check,
    canaries.check,
    instants.check,
)
DONE, VIOLATED, UNREADABLE = 0, 1, 3
USAGE = "usage: python -m chaos.checker FOLDER"


def violations(folder: Path) -> list[Violation]:
    """Give every violation in an evidence folder. Raises UnreadableEvidence."""
    evidence = Evidence(folder)
    return [found for check in CHECKS for found in check(evidence)]


def main(arguments: list[str]) -> int:
    """Check one folder, write what was found beside it, and print it with seed and step."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(USAGE, file=sys.stderr)
        return UNREADABLE
    folder = Path(arguments[0])
    try:
        found = violations(folder)
    except UnreadableEvidence as problem:
        print(f"not an evidence folder: {problem}", file=sys.stderr)
        return UNREADABLE
    (folder / "violations.json").write_text(json.dumps([asdict(row) for row in found], indent=1, ensure_ascii=False))
    seed = Evidence(folder).run.get("seed")
    for row in found:
        step = "" if row.step is None else f", step {row.step}"
        print(f"{row.invariant}  {row.what}  (seed {seed}{step})")
    print(f"{len(found)} violations of I1 to I12 in {folder}")
    return VIOLATED if found else DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
