"""Which test files a mutant has survived, so that running survivors again asks only what changed since."""

import hashlib
import json
from pathlib import Path


class Seen:
    """What is kept beside a part's mutants: for each survivor the digests of the test files it passed."""

    def __init__(self, folder: Path) -> None:
        """Read what is kept. Where the domain or what the tests share changed, nothing counts as seen."""
        self._path = folder / "seen.json"
        self._now = {path.name: _digest(path) for path in sorted((folder / "tests" / "spec").glob("*.py"))}
        shared = [*(folder / "domain").rglob("*.py"), *(folder / "tests").glob("*.py")]
        ground = hashlib.sha256("".join(map(_digest, sorted(shared))).encode()).hexdigest()
        kept = json.loads(self._path.read_text()) if self._path.exists() else {}
        if kept.get("ground") != ground:
            kept = {"ground": ground, "files": [], "survivors": {}}
        self._kept = kept
        if self._now not in kept["files"]:
            kept["files"].append(self._now)

    def is_new(self, mutant: str, test_file: str) -> bool:
        """Say whether a mutant was never run against a test file as it is now."""
        place = self._kept["survivors"].get(mutant)
        return place is None or self._kept["files"][place].get(test_file) != self._now[test_file]

    def survived(self, mutant: str) -> None:
        """Keep that a mutant passed every test file as it is now."""
        self._kept["survivors"][mutant] = self._kept["files"].index(self._now)

    def save(self) -> None:
        """Write it down."""
        self._path.write_text(json.dumps(self._kept))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
