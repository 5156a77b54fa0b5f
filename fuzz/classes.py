"""The classes of bad input, each as a list of messages: the systematic ones. `at_random` gives more of any class."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from temporalio.api.common.v1 import Payload

from demo.documents import example
from domain.intake import LARGEST
from fuzz.messages import Odd, good, is_date, kinds, leaves, odd
from fuzz.mutating import at, mutated, paths, replaced, scrambled, without, written
from fuzz.odd import DATES, ENCODINGS, LIMITS, NAMES, NUMBERS, TEXTS, TYPES, UNITS, VALUES
from tests.server.bad import FORGED

EVENT: dict[str, Any] = {"term": "rash", "grade": 1, "serious": False}
SAID: tuple[object, ...] = (True, False, None, "unknown", "@@NaN@@")
HEADERS = {
    "a trace that is none": Payload(metadata={"encoding": b"json/plain"}, data=b"7"),
    "a trace of numbers": Payload(metadata={"encoding": b"json/plain"}, data=b'{"traceparent": 1}'),
    "a trace in no encoding": Payload(metadata={"encoding": b"x/y"}, data=b"\xff"),
    "an empty trace": Payload(),
    "a broken trace": Payload(metadata={"encoding": b"json/plain"}, data=b"{"),
    "a deep trace": Payload(metadata={"encoding": b"json/plain"}, data=b"[" * 100_000),
    "a trace of another world": Payload(metadata={"encoding": b"json/plain"}, data=b'{"traceparent": "00-zz-1-01"}'),
}
REFERENCES = (
    {"encoding": b"json/external-storage-reference"},
    {"encoding": b"json/plain", "__temporal_external_storage_reference": b"true"},
    {
        "encoding": b"json/protobuf",
        "messageType": b"temporal.api.sdk.v1.ExternalStorageReference",
    },
)
"""Payloads that say they lie in a store outside."""


def _event(on: date, **changed: object) -> dict[str, Any]:
    return {**EVENT, "onset_on": str(on), **changed}


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
        yield odd("unicode", f"identity {text[:12]!r}", "adverse_event", _event(on, term=text[:9] or "x"),
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


def sizes(on: date) -> Iterator[Odd]:
    """Messages at the limit of size, far beyond it, deep, doubled, and long lists of what is taken one by one."""
    frame = len(written(_event(on, term="")))
    shapes: Mapping[str, bytes] = {
        "64 KB less one": written(_event(on, term="x" * (LARGEST - frame - 1))),
        "64 KB": written(_event(on, term="x" * (LARGEST - frame))),
        "64 KB and one": written(_event(on, term="x" * (LARGEST - frame + 1))),
        "1.9 MB": written(_event(on, term="x" * 1_900_000)),
        "2.1 MB": written(_event(on, term="x" * 2_100_000)),
        "4.2 MB": written(_event(on, term="x" * 4_200_000)),
        "depth 10,000": b'{"term":' * 10_000 + b"1" + b"}" * 10_000,
        "depth 33": b'{"term":' * 33 + b"1" + b"}" * 33,
        "brackets": b"[" * 65_000,
        "100,000 keys": written({f"k{number}": 1 for number in range(100_000)}),
        "5,000 keys": written({f"k{number}": 1 for number in range(5000)}),
        "doubled key": b'{"term": "a", "term": "b"}',
        "a number of 60,000 digits": b'{"grade": ' + b"9" * 60_000 + b"}",
        "a fraction of 60,000 digits": b'{"grade": 0.' + b"3" * 60_000 + b"}",
        "quotes": b'"' * 60_000,
        "backslashes": b'{"term": "' + b"\\\\" * 30_000 + b'"}',
        "empty": b"",
        "spaces": b" " * 60_000,
    }
    for what, raw in shapes.items():
        yield odd("size and shape", what, "adverse_event", raw)
    yield odd("size and shape", "a gzip bomb", "adverse_event", b"\x1f\x8b\x08" + bytes(60_000),
              metadata={"encoding": b"binary/gzip"})  # fmt: skip
    for count in (40, 41, 3000):
        drugs = [{"drug": f"A{number}"} for number in range(count)]
        yield odd(
            "size and shape", f"{count} drugs", "dose_given", {"cycle": "C1", "given_on": str(on), "drugs": drugs}
        )
    found = [{"kind": "OTHER", "evidence_on": str(on)}] * 1000
    evidence = {"assessed_on": str(on), "malignancies": {"on": str(on), "found": found}}
    yield odd("size and shape", "1,000 malignancies", "screening_evidence", evidence)
    for number in NUMBERS:
        body = {"assessed_on": str(on), "weight_kg": number}
        yield odd("size and shape", f"weight {str(number)[:20]}", "screening_evidence", body)
        drug = {"drug": "BENMELSTOBART", "amount": number, "unit": "g"}
        body = {"cycle": "C1", "given_on": str(on), "drugs": [drug]}
        yield odd("size and shape", f"amount {str(number)[:20]}", "dose_given", body)
        yield odd("size and shape", f"amount {str(number)[:20]} confirmed", "submit",
                  {"id": f"amount-{str(number)[:40]!r}".replace("'", ""), "staff": "INV1", "confirmed": True,
                   "reason": "so it was", "command": {"kind": "dose_given", **body}})  # fmt: skip


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
            yield odd("types", "a name that is none", name, _event(on))


def state(on: date) -> Iterator[Odd]:
    """Every kind of command as it stands, named and unnamed, whatever the subject's phase."""
    for kind in kinds():
        body = good(kind, on)
        yield odd("state", "unnamed", kind, body)
        for staff in ("CRC1", "INV1", "SUR1", "SPO1", "PAT1", "PHA1", "NOBODY1"):
            command = {"kind": kind, **body}
            whole = {
                "id": f"state-{kind}-{staff}",
                "staff": staff,
                "confirmed": True,
                "reason": "x",
                "command": command,
            }
            yield odd("state", f"by {staff}", "submit", whole)


def history(on: date) -> Iterator[Odd]:
    """Payloads in foreign encodings or with no codec for them, junk in headers and identities, forged submissions."""
    for encoding in ENCODINGS:
        yield odd("history", f"encoding {encoding[:20]!r}", "adverse_event", _event(on),
                  metadata={"encoding": encoding.encode()})  # fmt: skip
    yield odd("history", "no metadata", "adverse_event", _event(on), metadata={})
    for number, metadata in enumerate(REFERENCES):
        yield odd(
            "history", f"kept outside {number}", "adverse_event", _event(on, term=f"o{number}"), metadata=metadata
        )
        yield odd("history", f"kept outside, junk {number}", "adverse_event", b"\xff{", metadata=metadata)
    for what, payload in HEADERS.items():
        headers = {"_tracer-data": payload, "trialpath-identity": payload, "x" * 300: payload}
        yield odd("history", what, "adverse_event", _event(on, term=what), headers=headers)
    for what, (kind, argument) in FORGED.items():
        yield odd("history", f"forged {what}", kind, bytes(argument.payload.data))
    forged: tuple[dict[str, object], ...] = (
        {},
        {"id": "forged-1"},
        {"id": "forged-22", "command": None},
        {"id": "forged-33", "command": {"kind": "submit"}},
        {"id": "forged-44", "staff": "SYSTEM", "role": "SYSTEM", "command": {"kind": "begin"}},
        {"id": "forged-55", "staff": "INV1", "role": "SYSTEM", "command": {"kind": "time_passed"}},
        {"id": "forged-66", "staff": "UNATTRIBUTED", "role": "UNATTRIBUTED", "command": {"kind": "death"}},
        {"id": "\x00" * 9, "command": {"kind": "death"}},
        {"id": "x" * 201, "command": {"kind": "death"}},
        {
            "id": "forged-77",
            "signature": {"staff": "INV1", "signed_at": "1", "meaning": ""},
            "command": {"kind": "death"},
        },
        {"id": "forged-88", "command": {"kind": "\ud800"}},
        {"id": "forged-99", "command": {"kind": "x" * 60_000}},
    )
    for number, envelope in enumerate(forged):
        yield odd("history", f"envelope {number}", "submit", envelope)


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
        changed = written(mutated(json.loads(raw), random)) if random.random() < 0.7 else scrambled(raw, random)  # noqa: PLR2004 - most
    except (ValueError, RecursionError):
        changed = scrambled(raw, random)
    return Odd(known.group, f"{known.what}, changed", known.kind, (changed,), known.metadata, known.headers)


def yesterday(today: date) -> date:
    """Give the date that the messages speak of."""
    return today - timedelta(days=1)
