"""The folder of a demonstration: emptied before each run, and never anybody else's."""

from pathlib import Path

import pytest

from demo.folder import demo_settings, environment_of, own_folder


def test_what_an_earlier_demonstration_left_is_removed(tmp_path: Path) -> None:
    """The second run starts from an empty folder."""
    with own_folder(tmp_path / "demo") as folder:
        (folder / "lab").mkdir()
        (folder / "journal.db").write_text("old")
    with own_folder(tmp_path / "demo") as folder:
        assert [path.name for path in folder.iterdir()] == [".demo"]


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    """A real journal is never removed."""
    (tmp_path / "journal.db").write_text("a real one")
    with pytest.raises(FileExistsError, match="something else"), own_folder(tmp_path):
        pass
    assert (tmp_path / "journal.db").read_text() == "a real one"


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    """Two demonstrations never share a folder."""
    with own_folder(tmp_path), pytest.raises(BlockingIOError, match="runs in"), own_folder(tmp_path):
        pass


def test_settings_of_the_environment_do_not_reach_a_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal named in the environment is neither opened nor handed to the worker."""
    monkeypatch.setenv("TRIALPATH_JOURNAL_URL", "postgresql://production/journal")
    settings = demo_settings(tmp_path, "1")
    assert settings.url == f"sqlite:///{tmp_path / 'journal.db'}"
    assert "production" not in str(environment_of(settings))
