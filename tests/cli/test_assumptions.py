"""docs/assumptions.md: each open question with what is assumed meanwhile, made from the protocol value."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.assumptions import assumptions, markdown
from cli.protocol import protocol_command
from domain.protocol import Source
from tests.criteria import PROTOCOL

PAGE = Path(__file__).resolve().parents[2] / "docs" / "assumptions.md"
QUESTIONS = [f"Q{number}" for number in range(1, 14)]


def test_the_page_is_what_the_protocol_says_now() -> None:
    """After a change of the protocol: `python starter.py protocol --assumptions > docs/assumptions.md`."""
    assert PAGE.read_text() == markdown(PROTOCOL)


def test_the_command_prints_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing before it and nothing after it, so that it can be written to a file."""
    monkeypatch.setenv("TRIALPATH_DATA", str(tmp_path))
    assert CliRunner().invoke(protocol_command, ["--assumptions"], standalone_mode=False).output == PAGE.read_text()


def test_every_question_is_there_with_what_rests_on_it() -> None:
    """Q1 to Q13 of the clinical specification 3.6, in their order, none without an assumption."""
    headings = [line.removeprefix("## ") for line in PAGE.read_text().splitlines() if line.startswith("## ")]
    assert headings == QUESTIONS == [question.id for question in PROTOCOL.questions]
    assert {source.question for _, source in assumptions(PROTOCOL)} == set(QUESTIONS)


def test_every_assumption_is_there() -> None:
    """As many as the value's JSON holds, found without knowing where they stand; each says what we assume."""
    found = assumptions(PROTOCOL)
    assert len(found) == len(_questions(PROTOCOL.model_dump(mode="json"))) > 60
    page = PAGE.read_text()
    assert [source for _, source in found if not source.text or f"| {source.rule} | {source.text} |" not in page] == []


def test_a_place_leads_to_its_value() -> None:
    """The path through fields, rows by their codes and keys."""
    places = dict(assumptions(PROTOCOL))
    assert places["epochs.SCREENING.criteria.I13.4"] == Source(
        rule="I13.4", question="Q1", text="contradicts E16.3: CONFLICT until the sponsor rules"
    )
    assert places["events.DEATH"].rule == "T10"


def _questions(value: object) -> list[str]:
    """Give the questions named by the sources in a JSON value."""
    if isinstance(value, dict):
        own = [value["question"]] if value.get("question") and "rule" in value else []
        return own + [one for inner in value.values() for one in _questions(inner)]
    return [one for inner in value for one in _questions(inner)] if isinstance(value, list) else []
