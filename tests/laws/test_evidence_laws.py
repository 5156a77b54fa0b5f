"""What is not known never helps: no criterion may turn clear because evidence is taken away."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain import evidence as e
from domain.criteria import Case, Judgement, assess
from domain.criteria.case import NAME_OF
from domain.labs import LabValue
from tests.criteria import NORMAL, PROTOCOL, judged, value, whole
from tests.evidence import JUDGED, sections
from tests.given import day
from tests.laws.strategies import about, model

DATES = st.integers(-45, 2).map(day)
OPTIONAL = ("CA_ION", "UPROT24")
"""Tests the investigator may decide against: a decision and a result of one test do not go together."""
TOPICS = tuple(NAME_OF.items())
Key = tuple[str, str]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Whole cases of men and women in which any section, result and judgement may be any, or one of two of a day."""
    known: dict[str, tuple[e.Section, ...]] = {}
    for kind, name in TOPICS:
        usual = sections(day(0)).get(name) or e.Reproduction(
            on=day(0), sterile=False, lactating=False, contraception_agreed=True
        )
        rows = draw(st.sampled_from([0, 0, 0, 1, 2]))
        drawn = draw(st.lists(_section(kind), min_size=rows, max_size=rows))
        known[name] = tuple(row.model_copy(update={"on": drawn[0].on}) for row in drawn) or (usual,)
    labs = {code: draw(_results(code, *row)) for code, row in NORMAL.items()}
    labs |= {code: draw(_results(code, "1", None)) for code in ("HCG", *draw(st.sets(st.sampled_from(OPTIONAL))))}
    decided = tuple(code for code in OPTIONAL if code not in labs)
    known["not_measured"] = (e.NotMeasured(on=day(0), analytes=decided),)
    answers: dict[str, str] = draw(st.dictionaries(st.sampled_from(sorted(JUDGED)), st.sampled_from(_ANSWERS)))
    return whole(
        sex=draw(st.sampled_from(["MALE", "FEMALE"])),
        born_on=draw(st.sampled_from([date(1960, 2, 3), date(1980, 2, 3)])),
        no_support=draw(st.booleans()),
        last_support_on=draw(st.none() | DATES),
        sections=known,
        labs=labs,
        judgements=_judgements(answers),
    )


def _section(kind: type[e.Section]) -> st.SearchStrategy[e.Section]:
    """Give any section of a topic; courses end after they begin."""
    if kind is not e.Medication:
        return model(kind, DATES)
    return st.builds(
        e.Medication,
        on=DATES,
        immunostimulants=st.lists(_course(e.Course), max_size=2).map(tuple),
        steroids=st.lists(_course(e.SteroidCourse), max_size=2).map(tuple),
        immunosuppressants=st.lists(_course(e.Course), max_size=2).map(tuple),
    )


def _course(kind: type[e.Course]) -> st.SearchStrategy[Any]:
    steroid = {
        "mg_per_day": st.sampled_from([Decimal(1), Decimal(10), Decimal(40)]),
        "route": st.sampled_from(["SYSTEMIC", "INHALED"]),
        "purpose": st.sampled_from(["PROPHYLAXIS", "OTHER"]),
    }
    fields = {"drug": st.sampled_from(["PREDNISONE", "DEXAMETHASONE", "OTHER"])} | (
        steroid if kind is e.SteroidCourse else {}
    )
    dates = st.tuples(DATES, DATES, st.booleans())
    return st.builds(
        lambda on, **known: kind(started_on=min(on[:2]), stopped_on=max(on[:2]) if on[2] else None, **known),
        on=dates,
        **fields,
    )


_ANSWERS = ("MET", "NOT_MET", "TRIGGERED", "NOT_TRIGGERED")


def _judgements(answers: Mapping[str, str]) -> dict[str, Judgement]:
    changed = {rule.replace(".", "_"): verdict for rule, verdict in answers.items()}
    extra = Judgement(e.Answer(rule="I3", verdict="NOT_MET", on=day(0)), "INV1", "INVESTIGATOR")
    return judged(**changed) | {"I3": extra}


def _results(code: str, number: str, limit: str | None) -> st.SearchStrategy[tuple[LabValue, ...]]:
    factors = st.sampled_from([Decimal(1), Decimal(1), Decimal(1), Decimal(0), Decimal("0.4"), Decimal(3)])
    amounts = st.one_of(factors.map(lambda factor: factor * Decimal(number)), st.sampled_from([Decimal(1), Decimal(2)]))
    one = st.tuples(amounts, DATES, st.sampled_from([limit, limit, None]))
    rows = st.lists(one, min_size=1, max_size=2)
    return rows.map(lambda drawn: tuple(value(code, str(row[0]), row[2], drawn[0][1]) for row in drawn))


def _without(known: Case, room: str, name: str) -> Case:
    kept: dict[str, Any] = {room: {key: row for key, row in getattr(known, room).items() if key != name}}
    return replace(known, **kept)


def _asked_for_no_more(known: Case, rule: str, key: Key) -> bool:
    """Say whether a criterion only forbids what went, and does not ask for it of this person.

    I1.1 forbids procedures before the consent: one that is not on record was not done too early; that it is missing
    is told by the criterion that needs it. E25 asks neither test nor statement of who cannot bear a child.
    """
    section = known.sections["reproduction"][-1]
    barren = known.born_on.year < 1970 or (isinstance(section, e.Reproduction) and section.sterile)
    return rule == "I1.1" or (rule == "E25" and barren and key[1] in ("HCG", "reproduction"))


@given(cases())
@about(40)
def test_a_verdict_is_never_better_with_evidence_removed(known: Case) -> None:
    """Without any one section, test or judgement no rule turns from not clear to clear, and no way in opens (3.1)."""
    against = {found.rule: found for found in assess(PROTOCOL, known) if not found.is_clear}
    keys = [(room, name) for room in ("sections", "labs", "judgements") for name in getattr(known, room)]
    for key in keys:
        found = assess(PROTOCOL, _without(known, *key))
        better = [one for one in found if one.is_clear and one.rule in against]
        assert [(key, against[one.rule], one) for one in better if not _asked_for_no_more(known, one.rule, key)] == []
        assert better == [] or key[1] in ("HCG", "reproduction") or not all(one.is_clear for one in found)
