"""Units: UCUM by a maintained library for conversion within a dimension, an own factor per analyte for mass to molar.

Decimal throughout. The library is loaded at the first conversion that needs it. It must never guess a unit.
"""

from decimal import Decimal
from functools import cache
from typing import Any

MOLAR_PER_MASS: dict[str, tuple[str, str, Decimal]] = {
    "TBIL": ("mg/dL", "umol/L", Decimal("17.1")),
    "CREAT": ("mg/dL", "umol/L", Decimal("88.4")),
}
"""Per analyte: from unit, to unit, factor. Source: clinical-spec 3.5 (bilirubin 17.1, creatinine 88.4 [LU])."""


class UnknownUnit(ValueError):  # noqa: N818 - reads as what is true
    """A unit that UCUM does not know or that has another dimension."""


@cache
def _registry() -> Any:  # noqa: ANN401 - the library is untyped
    from ucumvert import PintUcumRegistry  # noqa: PLC0415 - 1 s to load, needed only for a conversion

    return PintUcumRegistry(non_int_type=Decimal)


def load() -> None:
    """Load the units library ahead of the first conversion."""
    _registry()


@cache
def factor(from_unit: str, to_unit: str, analyte: str = "") -> Decimal:
    """Give the factor that turns an amount in one UCUM unit into another. Raises UnknownUnit."""
    if from_unit == to_unit:
        return Decimal(1)
    mass = MOLAR_PER_MASS.get(analyte)
    if mass is not None and (from_unit, to_unit) == mass[:2]:
        return mass[2]
    from lark.exceptions import LarkError  # noqa: PLC0415 - comes with the units library, loaded as late as it
    from pint import PintError  # noqa: PLC0415 - as above

    registry = _registry()
    try:
        source, target = registry.from_ucum(from_unit), registry.from_ucum(to_unit)
        ratio = registry.Quantity(Decimal(1), source.units).to(target.units).magnitude
    except (PintError, LarkError) as problem:
        raise UnknownUnit(f"cannot convert {from_unit!r} to {to_unit!r}") from problem
    return Decimal(ratio).normalize()


def convert(value: Decimal, from_unit: str, to_unit: str, *, analyte: str = "") -> Decimal:
    """Convert an amount between UCUM units. Raises UnknownUnit."""
    converted = value * factor(from_unit, to_unit, analyte)
    return converted.quantize(Decimal(1)) if converted == converted.to_integral() else converted.normalize()
