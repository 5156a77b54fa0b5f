"""Strategies for every command and fact, built from their models, and for journeys of sensible and silly commands."""

import os
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from domain.patient import commands as c
from domain.patient import facts as f
from domain.trial import commands as t
from domain.trial import facts as tf
from domain.values import Clock, ClockPace, Site
from tests.evidence import sections
from tests.given import SITE, START, TRIAL_ID

SAFE = st.characters(exclude_categories=("Cc", "Cf", "Cs"))
TEXT = st.text(SAFE, min_size=1, max_size=12).map(str.strip).filter(bool)
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))
INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(timezone(timedelta(hours=8))))  # noqa: DTZ001 - the zone follows
SITES = st.builds(Site, code=st.just("TDH"), time_zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]))
FACTORS = st.floats(0.5, 1e6)


def _clock(real_epoch: datetime, instants: list[datetime], factors: list[float]) -> Clock:
    """Build a clock whose paces are in order: the first instant is its epoch."""
    first, *later = sorted(instants)
    paces = tuple(ClockPace(since=since, factor=factor) for since, factor in zip(later, factors[1:], strict=False))
    return Clock(real_epoch=real_epoch, trial_epoch=first, factor=factors[0], paces=paces)


CLOCKS = st.builds(
    _clock,
    INSTANTS,
    st.lists(INSTANTS, min_size=1, max_size=3, unique=True),
    st.lists(FACTORS, min_size=3, max_size=3),
)


NAMED: Mapping[str, st.SearchStrategy[Any]] = {
    "cycle": st.integers(1, 16).map(lambda number: f"C{number}"),
    "drug": st.sampled_from(["BENMELSTOBART", "ANLOTINIB", "ETOPOSIDE", "CISPLATIN", "CARBOPLATIN", "ASPIRIN"]),
    "choice": st.sampled_from([None, "CISPLATIN", "CARBOPLATIN", "ASPIRIN"]),
    "arm": st.sampled_from(["COHORT_1", "COHORT_2"]),
    "trial": st.just(TRIAL_ID),
    "protocol_version": st.just("1"),
    "day": st.sampled_from([1, 1, 1, 2, 3, 14, 40]),
    "code": st.sampled_from(["HB", "ANC", "PLT", "CREAT", "WEIGHT", "718-7", "X"]),
    "system": st.sampled_from(["analyte", "http://loinc.org"]),
    "unit": st.sampled_from(["g/L", "g/dL", "10*9/L", "umol/L", "kg", "U/L", "", "mg"]),
    "value": st.sampled_from(["132", "13.2", "4.1", "231", "70", "<9", "1e309", "negative"]),
    "epoch": st.sampled_from(["SCREENING", "NEOADJUVANT", "SURGERY", "EVALUATION", "ADJUVANT", "FOLLOW_UP", "ODD"]),
    "factor": FACTORS,
    "order": st.integers(1, 60),
    "notice": st.integers(1, 60),
    "event": st.integers(1, 60),
    "aesi": st.sampled_from([None, None, "ILD", "BLEEDING", "PREGNANCY"]),
    "classes": st.lists(st.sampled_from(["SERIOUS_ADVERSE_EVENT", "SUSAR", "PREGNANCY"]), max_size=2).map(tuple),
    "request": st.integers(1, 12),
    "staff": st.sampled_from(["CRC1", "INV1", "NOBODY"]),
    "fact": st.integers(1, 60),
    "time_zone": st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]),
}
"""Fields whose sensible values the type does not tell. A field of another type is built from its type."""
CORRECTED = st.sampled_from(
    [
        {},
        {"given_on": "2025-06-10"},
        {"born_on": "1961-01-01"},
        {"resection": "R1"},
        {"resection": "R0"},
        {"performed_on": "2025-08-25"},
        {"weight_kg": "71.5"},
        {"weight_kg": "heavy"},
        {"died_on": "2025-07-30"},
        {"fit": False, "why": "frail"},
        {"kind": "SubjectDied"},
    ]
)
"""Fields as a correction may name them."""
BUILT: Mapping[Any, st.SearchStrategy[Any]] = {
    Site: SITES,
    Clock: CLOCKS,
    **{type(section): st.just(section) for section in sections(START).values()},
}
NUMBERS = {"fact", "order", "notice", "event", "request", "day"}


@cache
def model(kind: type[BaseModel], dates: st.SearchStrategy[date] = DAYS) -> st.SearchStrategy[Any]:
    """Give instances of a model, with dates from a strategy."""
    fields = {
        name: _field(name, field, dates)
        for name, field in kind.model_fields.items()
        if name != "kind" or field.is_required()
    }
    return st.fixed_dictionaries(fields).map(lambda values: kind.model_validate(values, strict=False))


def _field(name: str, field: FieldInfo, dates: st.SearchStrategy[date]) -> st.SearchStrategy[Any]:
    named = NAMED.get(name)
    if name == "code" and any(getattr(row, "pattern", None) for row in field.metadata):
        named = None
    if named is not None and _bare(field.annotation) in ((int,) if name in NUMBERS else (str, float)):
        return named
    return _of(field.annotation, tuple(field.metadata), dates)


def _bare(annotation: Any) -> Any:
    """Give a type without what is said about it, and without None."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    inner = [arg for arg in get_args(annotation) if arg is not type(None)]
    return _bare(inner[0]) if get_origin(annotation) in (Union, types.UnionType) and len(inner) == 1 else annotation


def _of(annotation: Any, metadata: tuple[Any, ...], dates: st.SearchStrategy[date]) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911 - a table of types
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        said = [row for about in args[1:] for row in (about.metadata if isinstance(about, FieldInfo) else (about,))]
        return _of(args[0], tuple(said), dates)
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (Union, types.UnionType):
        return st.one_of(*(_of(arg, metadata, dates) for arg in args))
    if origin is tuple and args[-1] is ...:
        least = next((row.min_length for row in metadata if hasattr(row, "min_length")), 0)
        return st.lists(_of(args[0], (), dates), min_size=least, max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(_of(arg, (), dates) for arg in args))
    if origin is dict:
        return CORRECTED
    if annotation in BUILT:
        return BUILT[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from(list(annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return model(annotation, dates)
    if isinstance(annotation, type) and is_dataclass(annotation):
        hints = get_type_hints(annotation)
        return st.builds(annotation, **{row.name: _of(hints[row.name], (), dates) for row in fields(annotation)})
    return _scalar(annotation, metadata, dates)


def _scalar(annotation: Any, metadata: tuple[Any, ...], dates: st.SearchStrategy[date]) -> st.SearchStrategy[Any]:
    pattern = next((row.pattern for row in metadata if getattr(row, "pattern", None)), None)
    if pattern is not None:
        return st.from_regex(pattern, fullmatch=True).filter(lambda text: not text.endswith("\n"))
    bounds = {name: getattr(row, name) for row in metadata for name in ("gt", "ge", "lt", "le") if hasattr(row, name)}
    low = bounds.get("ge", bounds.get("gt", -1 if "gt" not in bounds else 0))
    high = bounds.get("le", bounds.get("lt", 99999))
    table: dict[Any, st.SearchStrategy[Any]] = {
        type(None): st.none(),
        bool: st.booleans(),
        int: st.integers(int(low) + ("gt" in bounds), int(high) - ("lt" in bounds)),
        float: st.floats(0.5, 1e6),
        Decimal: st.decimals(low, high, places=2).filter(lambda value: low < value < high),
        date: dates,
        AwareDatetime: INSTANTS,
        str: TEXT,
    }
    return table[annotation]


def about(examples: int) -> settings:
    """Give how many examples a law is checked on: so many, and 25 times as many when asked to be thorough."""
    thorough = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
    return settings(max_examples=examples * 25 if thorough else max(examples // 3, 25))


@cache
def an_example(kind: type[BaseModel]) -> Any:
    """Give an instance of a model, always the same."""
    quick = settings(database=None, derandomize=True, phases=[Phase.generate])
    return find(model(kind, st.just(date(2025, 6, 2))), lambda _: True, settings=quick)


def dates_near(now: datetime) -> st.SearchStrategy[date]:
    """Give dates around an instant, to be drawn at once: mostly the recent past, now and then far away or ahead.

    It is one strategy that looks at one date, so that the strategies built on it are built once.
    """
    TODAY[0] = SITE.date_of(now)
    return NEAR


TODAY = [START]
NEAR = st.one_of(st.just(0), st.integers(-70, 5), st.integers(-30000, 900)).map(
    lambda days: TODAY[0] + timedelta(days=days)
)
PEOPLE: tuple[type[BaseModel], ...] = get_args(c.FromPeople)
OWN: tuple[type[BaseModel], ...] = get_args(c.FromSystem)
REGISTER_KINDS: tuple[type[BaseModel], ...] = get_args(t.Command)
FACTS: tuple[type[BaseModel], ...] = get_args(get_args(f.Fact)[0])
REGISTER_FACTS: tuple[type[BaseModel], ...] = get_args(get_args(tf.Fact)[0])
