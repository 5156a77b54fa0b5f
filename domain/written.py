"""How values must be written: dates as dates, and numbers of a size that something measured can have.

A type alone takes more: a bare number as a date (it counts as seconds), the year 1, and a decimal that no later step
can reckon with. Commands are held against this where they come in, corrections where they are read.
"""

import re
from datetime import date
from decimal import Decimal

from pydantic import BaseModel

from domain.submission import Reason, Refused
from domain.values import FIRST_YEAR, LAST_YEAR

LARGEST_EXPONENT = 12
MOST_DIGITS = 40
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def check_written(value: object, raw: object, path: str) -> None:
    """Hold a value against the JSON it was read from. Raises Refused naming the field.

    Refused is a date or instant that is not written as one or is out of reach, and a decimal of no usual size.
    """
    if isinstance(value, BaseModel) and isinstance(raw, dict):
        for name, inner in value:
            check_written(inner, raw.get(name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, tuple) and isinstance(raw, list):
        for number, (inner, written) in enumerate(zip(value, raw, strict=True)):
            check_written(inner, written, f"{path}.{number}")
    elif isinstance(value, Decimal) and raw is not None:
        _number(value, path)
    elif isinstance(value, date) and isinstance(raw, str):
        if _DATE.match(raw) and FIRST_YEAR <= value.year <= LAST_YEAR:
            return
        accepts = f"YYYY-MM-DD, {FIRST_YEAR} to {LAST_YEAR}; an instant with its offset"
        raise Refused(Reason.MALFORMED, f"{path}: not a date this trial can have", field=path[:80], accepts=accepts)


def _number(value: Decimal, path: str) -> None:
    if len(value.as_tuple().digits) > MOST_DIGITS or abs(value.adjusted()) > LARGEST_EXPONENT:
        accepts = f"up to {MOST_DIGITS} digits, between 1e-{LARGEST_EXPONENT} and 1e{LARGEST_EXPONENT}"
        raise Refused(Reason.MALFORMED, f"{path}: not a number of a usual size", field=path[:80], accepts=accepts)
