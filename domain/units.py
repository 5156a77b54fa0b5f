"""Units: UCUM by a maintained library for conversion within a dimension, an own factor per analyte for mass to molar.

Decimal throughout. The library is loaded at the first conversion that needs it. It must never guess a unit.
"""

from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from functools import cache
from importlib.resources import files
from threading import Lock
from types import MappingProxyType
from typing import Any

OWN_FACTORS: Mapping[str, tuple[str, str, Decimal]] = MappingProxyType(
    {
        "TBIL": ("mg/dL", "umol/L", Decimal("17.1")),
        "CREAT": ("mg/dL", "umol/L", Decimal("88.4")),
        "CA": ("mg/dL", "mmol/L", Decimal("0.2495")),
        "CA_CORR": ("mg/dL", "mmol/L", Decimal("0.2495")),
        "CA_ION": ("mg/dL", "mmol/L", Decimal("0.25")),
        "GLU_F": ("mg/dL", "mmol/L", Decimal("0.0555")),
        "ALT": ("ukat/L", "U/L", Decimal(60)),
        "AST": ("ukat/L", "U/L", Decimal(60)),
        "INR": ("1", "{INR}", Decimal(1)),
    }
)
"""Per analyte: from unit, to unit, factor; the way back is its inverse. Source: clinical-spec 3.5.

1 U is 1 umol/min, so 1 ukat/L is 60 U/L; the specification's 0.0167 (ok) is its inverse, rounded.
"""
SPELLINGS: Mapping[str, str] = MappingProxyType({"cells/uL": "{cells}/uL"})
"""What reports print, and the UCUM unit it is. Source: clinical-spec 3.5."""
MASSES: Mapping[str, Decimal] = MappingProxyType(
    {
        "g": Decimal(1000),
        "mg": Decimal(1),
        "mg/d": Decimal(1),
        "ug": Decimal("0.001"),
        "mcg": Decimal("0.001"),
        "\u00b5g": Decimal("0.001"),
        "\u03bcg": Decimal("0.001"),
    }
)
"""The units in which the drug of one day is weighed, in mg: as UCUM and labels spell them, micro in both characters."""
_EXACT = Context(prec=80)
_ONE_AT_A_TIME = Lock()
"""Two threads that load the library, or ask it, at once find its tables half made."""


class UnknownUnit(ValueError):
    """A unit that UCUM does not know or that has another dimension."""


@cache
def _library() -> tuple[Any, Callable[[str], Any]]:
    """Give the library's units, and how it reads a UCUM code as an amount of them: our own, that nobody else changes.

    Its `PintUcumRegistry` reads codes with the units that all programs of a process share, in binary fractions.
    """
    import ucumvert  # noqa: PLC0415 - half a second to load, needed only for a conversion
    from pint import UnitRegistry  # noqa: PLC0415 - as above

    units: Any = UnitRegistry(non_int_type=Decimal)
    units.load_definitions(str(files(ucumvert) / "pint_ucum_defs.txt"))
    parser, read = ucumvert.get_ucum_parser(), ucumvert.UcumToPintTransformer(ureg=units).transform
    return units, lambda code: read(ucumvert.parse_ucum(code, parser))


def load() -> None:
    """Load the units library ahead of the first conversion."""
    with _ONE_AT_A_TIME:
        _library()


@cache
def factor(from_unit: str, to_unit: str, analyte: str = "") -> Decimal:
    """Give the factor that turns an amount in one UCUM unit into another. Raises UnknownUnit."""
    if from_unit == to_unit:
        return Decimal(1)
    own = OWN_FACTORS.get(analyte)
    if own is not None and {from_unit, to_unit} == set(own[:2]):
        return own[2] if from_unit == own[0] else 1 / own[2]
    from lark.exceptions import LarkError  # noqa: PLC0415 - comes with the units library, loaded as late as it
    from pint import PintError  # noqa: PLC0415 - as above

    try:
        with _ONE_AT_A_TIME:
            units, read = _library()
            source, target = (read(SPELLINGS.get(unit, unit)) for unit in (from_unit, to_unit))
            same_number = source.magnitude == target.magnitude
            ratio = units.Quantity(Decimal(1), source.units).to(target.units).magnitude
    except (PintError, LarkError, AttributeError, TypeError) as problem:  # "{INR}" is no quantity, a "B" a logarithm
        raise UnknownUnit(f"cannot convert {from_unit!r} to {to_unit!r}") from problem
    if not same_number:  # a number inside a unit, as in g/(24.h), may have no end
        raise UnknownUnit(f"cannot convert {from_unit!r} to {to_unit!r} exactly")
    return Decimal(ratio).normalize()


def convert(value: Decimal, from_unit: str, to_unit: str, *, analyte: str = "") -> Decimal:
    """Convert an amount between UCUM units, without losing a digit of it. Raises UnknownUnit."""
    converted = _EXACT.multiply(value, factor(from_unit, to_unit, analyte))
    whole = converted.to_integral_value()
    return _EXACT.quantize(whole, Decimal(1)) if converted == whole else _EXACT.normalize(converted)


def is_mass(unit: str) -> bool:
    """Say whether a unit is one in which a drug is weighed."""
    return unit in MASSES


def as_mass(amount: Decimal, from_unit: str, to_unit: str) -> Decimal | None:
    """Give a weighed amount in another unit of mass, or None when either is no such unit."""
    if from_unit not in MASSES or to_unit not in MASSES:
        return None
    return _EXACT.normalize(_EXACT.divide(_EXACT.multiply(amount, MASSES[from_unit]), MASSES[to_unit]))
