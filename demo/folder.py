"""The folder of a demonstration: emptied before each run, and never anybody else's."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from settings import Settings

MARK = ".demo"


@contextmanager
def own_folder(data: Path) -> Iterator[Path]:
    """Hold an emptied folder. Raises FileExistsError when it is not a demonstration's, BlockingIOError when in use."""
    data = data.resolve()
    mark = data / MARK
    if data.exists() and any(data.iterdir()) and not mark.exists():
        raise FileExistsError(f"{data} holds something else than a demonstration; name an empty folder")
    data.mkdir(parents=True, exist_ok=True)
    with mark.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(f"another demonstration runs in {data}") from None
        for child in data.iterdir():
            if child.is_dir():
                shutil.rmtree(child)
            elif child != mark:
                child.unlink()
        yield data


def demo_settings(data: Path, seed: str) -> Settings:
    """Give settings that keep everything in the folder, whatever the environment says."""
    return Settings(
        trial="NCT06978153",
        data=data,
        journal_url="",
        lab_folder=None,
        notice_file=None,
        key_file=None,
        task_queue="trialpath",
        max_cached_workflows=1000,
        demo_seed=f"demo-{seed}",
        watchdog_seconds=30,
        watchdog_grace_seconds=30,
        log_level="INFO",
    )


def environment_of(settings: Settings) -> Mapping[str, str]:
    """Give the environment of a worker that runs with these settings and no others of ours."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("TRIALPATH_")}
    ours = {name: value for name, value in settings.model_dump().items() if value is not None}
    return others | {f"TRIALPATH_{name.upper()}": str(value) for name, value in ours.items()}
