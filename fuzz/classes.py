"""The classes of bad input, each as a list of messages: the systematic ones. `at_random` gives more of any class."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from random import Random

from demo.documents import example
from fuzz.messages import FINAL, Odd, good, is_date, kinds, leaves, odd
from fuzz.mutating import at, mutated, paths, replaced, scrambled, without, written
from fuzz.odd import DATES, LIMITS, NAMES, TEXTS, TYPES, UNITS, VALUES, Json
from fuzz.shapes import event, history, sizes

AS_JSON = 0.7
"""Share of the messages that are changed as JSON; the others are changed as bytes."""
SAID: tuple[Json, ...] = (True, False, None, "unknown", "@@NaN@@")


def eligibility(on: date) -> Iterator[Odd]:
    """Every value of an evidence document as true, false, null, "unknown", no number, and absent."""
    for name in ("all-clear", "all-clear-woman"):
        document = example(name, on)["evidence"]
        for path in leaves(document):
            for said in SAID:
                body = replaced(document, path, said)
                yield odd("eligibility", f"{name} {path} {said}", "screening_evidence", body)
            yield odd("eligibility", f"{name} {path} absent", "screening_evidence", without(document, path))


def units(on: date) -> Iterator[Odd]:
    """Values, units and limits of laboratory results that are mixed up, censored or no numbers."""
    for number, (unit, value) in enumerate((unit, value) for unit in UNITS for value in VALUES):
        for code in ("HB", "ANC", "CREAT") if number % 7 == 0 else (("HB", "PLT", "TBIL", "ALB")[number % 4],):
            row = {"code": code, "system": "analyte", "value": value, "unit": unit, "upper_limit": LIMITS[number % 9]}
            body = {"results": [{**row, "collected_at": f"{on}T08:00:{number % 60:02}+08:00"}]}
            yield odd("lab units", f"{code} {value!r} {unit!r}", "lab_results", body)


def dates(on: date) -> Iterator[Odd]:
    """Every date of every kind in another notation, impossible or out of reach; and such a date in a correction."""
    for kind in kinds():
        body = good(kind, on)
        for path in [path for path in leaves(body) if is_date(at(body, path))]:
            for said in DATES:
                yield odd("dates", f"{path} {said!r}", kind, replaced(body, path, said))
    for said in DATES:
        yield odd("dates", f"born_on {said!r}", "correct", {"fact": 1, "fields": {"born_on": said}, "why": "misread"})
        for fact in range(2, 30):
            for name in ("signed_on", "given_on", "onset_on"):
                body = {"fact": fact, "fields": {name: said}, "why": "misread"}
                yield odd("dates", f"{name} of {fact} {said!r}", "correct", body)


def unicode(on: date) -> Iterator[Odd]:
    """Every text of every kind hidden, endless or forged; bytes that are no text; names and identities like that."""
    for kind in kinds():
        body = good(kind, on)
        for path in [path for path in leaves(body) if isinstance(at(body, path), str) and not is_date(at(body, path))]:
            for text in TEXTS:
                yield odd("unicode", f"{path} {text[:12]!r}", kind, replaced(body, path, text))
    for text in TEXTS:
        yield odd("unicode", f"identity {text[:12]!r}", "adverse_event", event(on, term=text[:9] or "x"),
                  identity=text.encode("utf-8", "replace").decode()[:900])  # fmt: skip
    for raw in (
        b"\xff\xfe{}",
        b'{"term": "r\xe9sh"}',
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\xef\xbb\xbf{}",
        b'{"\\ud800": 1}',
    ):
        yield odd("unicode", f"{raw[:12]!r}", "adverse_event", raw)


def types(on: date) -> Iterator[Odd]:
    """Every field of every kind as every type of JSON, one field more, one misspelt, and names that are none."""
    for kind in kinds():
        body = good(kind, on)
        for path in paths(body):
            for said in TYPES:
                yield odd("types", f"{path} {said!r}", kind, replaced(body, path, said))
        for path in [path for path in paths(body) if path]:
            yield odd("types", f"{path} left out", kind, without(body, path))
        yield odd("types", "a field more", kind, {**body, "colour": "red"})
        yield odd("types", "an old client's field", kind, {**body, "schema_version": 0})
        yield odd("types", "misspelt", kind, {f"{name}x": value for name, value in body.items()} or {"x": 1})
        yield Odd("types", "two arguments", kind, (written(body), written(body)))
        yield Odd("types", "no argument", kind, ())
    for name in NAMES:
        if name not in ("submit", "wake"):
            yield odd("types", "a name that is none", name, event(on))


def state(on: date) -> Iterator[Odd]:
    """Every kind of command as it stands, named and unnamed, whatever the subject's phase."""
    for kind in kinds():
        body = good(kind, on)
        yield odd("state", "unnamed", kind, body)
        for staff in ("CRC1", "INV1", "SUR1", "SPO1", "PAT1", "PHA1", "NOBODY1"):
            if kind in FINAL and staff == "SPO1":
                continue
            command = {"kind": kind, **body}
            whole = {
                "id": f"state-{kind}-{staff}",
                "staff": staff,
                "confirmed": True,
                "reason": "x",
                "command": command,
            }
            yield odd("state", f"by {staff}", "submit", whole)


CLASSES: Mapping[str, Callable[[date], Iterator[Odd]]] = {
    "eligibility": eligibility,
    "lab units": units,
    "dates": dates,
    "unicode": unicode,
    "size and shape": sizes,
    "types": types,
    "state": state,
    "history": history,
}
"""What goes over update, signal, raw payload and the command line. The command line's own class is in `fuzz.argv`."""


def systematic(on: date) -> dict[str, list[Odd]]:
    """Give every class as a list."""
    return {name: list(made(on)) for name, made in CLASSES.items()}


def at_random(known: Odd, random: Random) -> Odd:
    """Give a message like another, with more of it changed."""
    if not known.arguments:
        return known
    raw = known.arguments[0]
    try:
        changed = written(mutated(json.loads(raw), random)) if random.random() < AS_JSON else scrambled(raw, random)
    except (ValueError, RecursionError):
        changed = scrambled(raw, random)
    return Odd(known.group, f"{known.what}, changed", known.kind, (changed,), known.metadata, known.headers)


def yesterday(today: date) -> date:
    """Give the date that the messages speak of."""
    return today - timedelta(days=1)
