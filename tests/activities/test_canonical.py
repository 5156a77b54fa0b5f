"""The canonical form of a fact's content: one text for one value, as RFC 8785 writes it."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.chain import canonical

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ({"peach": "", "péché": "", "pêche": "", "sin": ""}, '{"peach":"","péché":"","pêche":"","sin":""}'),
        ({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}, None),
        ('\u20ac$\x0f\nA\'B"\\\\"/', '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ([], "[]"),
        ({}, "{}"),
    ],
)
def test_it_is_written_as_the_rfc_writes_it(value: object, text: str | None) -> None:
    """Keys in the order of their UTF-16 units, no spaces, text as it is. Source: RFC 8785, 3.2."""
    if text is None:
        names = list(json.loads(canonical(value)))
        assert names == ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]
    else:
        assert canonical(value) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (5e-324, "5e-324"),
        (-1.7976931348623157e308, "-1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (1e21, "1e+21"),
        (999999999999999700000.0, "999999999999999700000"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (333333333.3333332, "333333333.3333332"),
        (-0.0000033333333333333333, "-0.0000033333333333333333"),
        (407547.16981132078, "407547.1698113208"),
    ],
)
def test_a_number_is_written_as_the_rfc_writes_it(number: float, text: str) -> None:
    """The samples of RFC 8785, appendix B, and the boundaries of the exponent."""
    assert canonical(number) == text


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_has_no_number_for_is_refused(number: float) -> None:
    """It would not come back."""
    with pytest.raises(ValueError, match="no form in JSON"):
        canonical([number])


@given(VALUES)
def test_the_value_comes_back_and_the_text_stays(value: object) -> None:
    """What is read from the canonical text is the value, and is written the same again."""
    text = canonical(value)

    assert json.loads(text, parse_int=float) == value
    assert canonical(json.loads(text, parse_int=float)) == text
