"""Which mutants are set aside as words only."""

import pytest

from mutation.messages import is_message_only

BASE = """
def rule(reading, days):
    if days is None:
        return unknown("days are missing", days)
    word = "late" if days > 3 else ""
    value = f"{days} d"
    return holds(days > 3, f"{days} d {word}", Used(what="days", value=value))
"""


@pytest.mark.parametrize(
    ("old", "new", "words_only"),
    [
        ('"days are missing"', '"XXdays are missingXX"', True),
        ('"days are missing"', "None", True),
        ('"late" if', '"LATE" if', True),
        ('if days > 3 else ""', 'if days >= 3 else ""', True),
        ('f"{days} d {word}"', "None", True),
        ('what="days"', "what=None", True),
        ("holds(days > 3", "holds(days >= 3", False),
        ("days is None", "days is not None", False),
        ('"days are missing", days', '"days are missing", None', False),
        ('"days are missing", days', "days", False),
        ('value = f"{days} d"', "value = None", False),
        ("value=value", "value=None", False),
        (", Used(", ", Other(", False),
    ],
)
def test_only_what_people_read_is_words(old: str, new: str, words_only: bool) -> None:  # noqa: FBT001 - a table
    """Sentences, labels and what is read only in them; conditions, evidence and its values are more than words."""
    assert old in BASE
    assert is_message_only(BASE, BASE.replace(old, new)) is words_only


def test_a_function_is_not_a_mutant_of_itself() -> None:
    """Nothing differs, so nothing is set aside."""
    assert not is_message_only(BASE, BASE)
