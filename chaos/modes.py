"""How the mail server and the laboratory misbehave towards one subject, or (`*`) towards all: a file says so."""

from pathlib import Path

ALL = "*"
WELL = "well"


class Modes:
    """A folder with a file a subject. A mode is a word, and the seconds it takes where it takes any."""

    def __init__(self, folder: Path) -> None:
        """Read and write here; the folder is made."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def set(self, subject: str, mode: str, seconds: float = 0) -> None:
        """Let it misbehave towards a subject, or behave (`well`)."""
        file = self._file(subject)
        if mode == WELL:
            file.unlink(missing_ok=True)
            return
        part = file.with_suffix(".part")
        part.write_text(f"{mode} {seconds}")
        part.replace(file)

    def of(self, subject: str) -> tuple[str, float]:
        """Give the mode towards a subject, and its seconds."""
        for name in (subject, ALL):
            try:
                mode, seconds = self._file(name).read_text().split()
            except FileNotFoundError:
                continue
            return mode, float(seconds)
        return WELL, 0.0

    def _file(self, subject: str) -> Path:
        return self._folder / f"{subject if subject != ALL else 'all'}.mode"
