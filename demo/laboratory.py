"""Play a hospital laboratory: build FHIR R4 result sets and drop them in a folder.

Must never read a clock, carry any identity but the subject number, or share code with
the product, whose reading of these files it is there to try.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from datetime import UTC
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from demo.laboratory_tests import (
    ALT,
    AST,
    BILIRUBIN,
    CODES,
    CREATININE,
    HAEMOGLOBIN,
    LEUKOCYTES,
    NEUTROPHILS,
    OWN_TESTS,
    PLATELETS,
    RANGES,
    URINE_PROTEIN,
    WORDS,
    Test,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
SUBJECTS: Final = "urn:trialpath:subject"
CATEGORIES: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
REASONS: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"

_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:trialpath:demo:laboratory")
_SEXES: Final = {"f": "F", "female": "F", "m": "M", "male": "M"}
_MAX_DRAWS: Final = 100


# The safe limits: a least value, or a greatest multiple of the upper limit of normal.
_LEAST: Final = {HAEMOGLOBIN: "10.0", NEUTROPHILS: "2.0", PLATELETS: "120"}
_GREATEST: Final = {BILIRUBIN: "1.0", ALT: "1.5", AST: "1.5", CREATININE: "1.0"}


def result_set(  # noqa: PLR0913 - each is a fact of the sample
    *,
    seed: str,
    subject: str,
    collected_at: datetime,
    issued_at: datetime,
    sex: str,
    abnormal: Mapping[str, Decimal | str] = MappingProxyType({}),
    also: Collection[str] = (),
) -> dict[str, Any]:
    """Return one sample's results as a FHIR R4 collection Bundle.

    Seed, subject and instant of collection decide the values, all inside safe limits;
    `abnormal` replaces them by LOINC code, in the Bundle's unit and exactly as given.
    `also` names tests beside the usual ones.
    """
    codes = (*CODES, *also)
    _require_known(abnormal, codes)
    letter = _sex_letter(sex)
    sample = f"{seed}|{subject}|{_instant(collected_at)}"
    added = {code: _normal(sample, code) for code in also}
    values = {**_safe_values(sample, letter), **added, **abnormal}
    results = {code: _observation(code, values[code], letter) for code in codes}
    return {
        "resourceType": "Bundle",
        "id": str(uuid.uuid5(_NAMESPACE, f"{sample}|{_instant(issued_at)}")),
        "meta": {"security": [{"system": REASONS, "code": "HTEST"}]},
        "type": "collection",
        "timestamp": issued_at.isoformat(),
        "entry": [
            _entry(sample, code, found | _context(subject, collected_at, issued_at)) for code, found in results.items()
        ],
    }


def drop(folder: Path, name: str, bundle: Mapping[str, Any]) -> Path:
    """Write the Bundle as `<folder>/<name>.json`, never to be seen half written."""
    return drop_text(folder, name, in_words(bundle))


def in_words(bundle: Mapping[str, Any]) -> str:
    """Give the Bundle as it stands in its file."""
    return json.dumps(bundle, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def drop_text(folder: Path, name: str, text: str) -> Path:
    """Write a Bundle that is in words already. Raises ValueError for a name that is no plain file name."""
    if not name or Path(name).name != name:
        message = f"not a plain file name: {name!r}"
        raise ValueError(message)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.json"
    part = folder / f".{name}.{os.getpid()}.part"
    part.write_text(text, encoding="utf-8")
    return part.replace(target)


def warm_up() -> None:
    """Load the generator and its tables, which takes seconds, before a clock runs."""
    for letter in sorted(set(_SEXES.values())):
        _safe_values("warm-up", letter)


def _entry(sample: str, code: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give the Observation its identifier, the same whenever it is issued again."""
    name = str(uuid.uuid5(_NAMESPACE, f"{sample}|{code}"))
    resource = {"resourceType": "Observation", "id": name, **body}
    return {"fullUrl": f"urn:uuid:{name}", "resource": resource}


def _context(subject: str, collected: datetime, issued: datetime) -> dict[str, Any]:
    """Return the part of an Observation that tells of whom and when."""
    return {
        "subject": {"identifier": {"system": SUBJECTS, "value": subject}},
        "effectiveDateTime": collected.isoformat(),
        "issued": issued.isoformat(),
    }


def _observation(code: str, value: Decimal | str, sex: str) -> dict[str, Any]:
    """Return the part of an Observation that tells what was found."""
    test = _tests()[code]
    coding = {"system": LOINC, "code": code, "display": test.display}
    category = {"system": CATEGORIES, "code": "laboratory", "display": "Laboratory"}
    body: dict[str, Any] = {
        "status": "final",
        "category": [{"coding": [category]}],
        "code": {"coding": [coding], "text": test.display},
    }
    if isinstance(value, str):
        return body | {"valueCodeableConcept": {"text": value}}
    low, high = (_quantity(Decimal(edge), test) for edge in RANGES[code][sex])
    return body | {
        "valueQuantity": _quantity(value, test),
        "referenceRange": [{"low": low, "high": high}],
    }


def _quantity(value: Decimal, test: Test) -> dict[str, Any]:
    """Return a FHIR Quantity; its value is a JSON number, whole if printed whole."""
    number = float(value) if "." in f"{value:f}" else int(value)
    return {"value": number, "unit": test.unit, "system": UCUM, "code": test.ucum}


@lru_cache(maxsize=4096)
def _safe_values(sample: str, sex: str) -> Mapping[str, Decimal | str]:
    """Draw healthy adults, each from the next derived seed, until one is safe.

    An unsafe draw is thrown away whole, never clamped.
    """
    for attempt in range(_MAX_DRAWS):
        number = _number(f"{sample}|{attempt}")
        measured = _measured(number, sex)
        if _is_safe(measured, sex):
            protein = "negative" if _number(f"{number}|protein") % 8 else "trace"
            return MappingProxyType({**measured, URINE_PROTEIN: protein})
    message = f"no safe result set in {_MAX_DRAWS} draws"
    raise RuntimeError(message)


def _normal(sample: str, code: str) -> Decimal | str:
    """Draw a value of an added test: the word of nothing found, or a number in the middle half of its range."""
    if code not in RANGES:
        return WORDS[code][0]
    low, high = (Decimal(edge) for edge in RANGES[code]["F"])
    share = Decimal(25 + _number(f"{sample}|{code}") % 51) / 100
    return (low + (high - low) * share).quantize(high, ROUND_HALF_UP)


def _measured(number: int, sex: str) -> dict[str, Decimal]:
    """Return one draw, with neutrophils as 50 to 69 % of the drawn leukocytes."""
    from carebundle import generate_draw  # noqa: PLC0415 - slow to import

    drawn = generate_draw(profile="healthy", seed=number, sex=sex).analytes
    theirs = {code: test for code, test in _tests().items() if test.source}
    found = {code: drawn[test.source] for code, test in theirs.items()}
    share = Decimal(50 + _number(f"{number}|neutrophils") % 20) / 100
    neutrophils = found.pop(LEUKOCYTES) * share
    found[NEUTROPHILS] = neutrophils.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return found


@lru_cache(maxsize=1)
def _tests() -> Mapping[str, Test]:
    """Return the tests by LOINC code: the generator's own, then what it lacks."""
    from carebundle.generate import LAB_PANELS  # noqa: PLC0415 - slow to import

    theirs = {
        code.code: Test(code.display, *unit, source)
        for _, _, members in LAB_PANELS
        for source, code, unit in members
        if code.code in {*CODES, LEUKOCYTES}
    }
    return MappingProxyType(theirs | OWN_TESTS)


def _is_safe(values: Mapping[str, Decimal], sex: str) -> bool:
    """Tell whether every value lies inside its safe limit."""
    enough = all(values[code] >= Decimal(least) for code, least in _LEAST.items())
    return enough and all(
        values[code] <= Decimal(times) * Decimal(RANGES[code][sex][1]) for code, times in _GREATEST.items()
    )


def _number(text: str) -> int:
    """Derive a whole number from a text, the same in every process."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _instant(moment: datetime) -> str:
    """Write an instant the same way whatever its offset; refuse one without."""
    if moment.utcoffset() is None:
        message = f"no offset from UTC: {moment}"
        raise ValueError(message)
    return moment.astimezone(UTC).isoformat()


def _sex_letter(sex: str) -> str:
    """Return the generator's letter for a sex."""
    if sex.lower() not in _SEXES:
        message = f"unknown sex: {sex!r}"
        raise ValueError(message)
    return _SEXES[sex.lower()]


def _require_known(abnormal: Mapping[str, Decimal | str], codes: Collection[str]) -> None:
    """Refuse a code that is not reported, or a value of the wrong kind."""
    for code, value in abnormal.items():
        numeric = isinstance(value, Decimal) and value.is_finite()
        known = value in WORDS[code] if code in WORDS else numeric
        if code not in codes or not known:
            message = f"cannot report {value!r} for {code!r}"
            raise ValueError(message)
