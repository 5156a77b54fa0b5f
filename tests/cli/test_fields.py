"""Fields on the command line get the types of their model; names that `send` itself takes are given with `of`."""

import pytest
from click.testing import CliRunner

from cli import fields
from cli.sending import send_command
from domain.decider import PATIENT, TRIAL


@pytest.mark.parametrize(
    ("given", "facts"), [("12,31", [12, 31]), ("12", [12]), ("[12, 31]", [12, 31]), ("12, x", [12, "x"])]
)
def test_a_list_is_given_with_commas_or_as_json(given: str, facts: list[object]) -> None:
    """What is no number stays text and is refused with its field."""
    assert fields.typed(PATIENT.people["sign"], {"facts": given, "meaning": "seen"}) == {
        "facts": facts,
        "meaning": "seen",
    }


def test_a_field_of_the_name_of_an_option_is_given_with_of() -> None:
    """`--staff` is who sends; `--of-staff` who is delegated."""
    words = {"of_staff": "INV2", "roles": "INVESTIGATOR,SURGEON", "valid_from": "2025-06-02"}
    assert fields.typed(TRIAL.people["delegate"], words) == {
        "staff": "INV2",
        "roles": ["INVESTIGATOR", "SURGEON"],
        "valid_from": "2025-06-02",
    }
    assert fields.typed(None, {"of_staff": "X"}) == {"of_staff": "X"}


@pytest.mark.parametrize(
    ("words", "shown", "hidden"),
    [
        (
            ["TRIAL", "--help"],
            ["approve_icf", "stop_trial", "delegate"],
            ["override_gate", "open_trial", "report_misaddressed"],
        ),
        (["trial", "delegate", "--help"], ["--of-staff", "--roles"], ["--given-on"]),
        (["TRIAL", "approve_icf", "--help"], ["--re-consent-within-days", "--deadline"], []),
        (["S001", "sign", "--help"], ["--facts", "--meaning"], []),
        (["S001", "--help"], ["surgery_done", "sign"], ["approve_icf"]),
    ],
)
def test_help_is_derived_for_the_trial_and_for_subjects(words: list[str], shown: list[str], hidden: list[str]) -> None:
    """Kinds and fields, each in its place."""
    said = CliRunner().invoke(send_command, words, standalone_mode=False).output
    assert [word for word in shown if word not in said] == []
    assert [word for word in hidden if word in said] == []
