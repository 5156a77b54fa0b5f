"""Bad input by its make rather than its meaning: sizes and shapes, and what stands around the bytes in a history."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from temporalio.api.common.v1 import Payload

from domain.intake import LARGEST
from fuzz.messages import Odd, odd
from fuzz.mutating import written
from fuzz.odd import ENCODINGS, NUMBERS
from tests.server.bad import FORGED

EVENT: dict[str, Any] = {"term": "rash", "grade": 1, "serious": False}
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


def event(on: date, **changed: object) -> dict[str, Any]:
    """Give the fields of a good adverse event, some changed."""
    return {**EVENT, "onset_on": str(on), **changed}


def sizes(on: date) -> Iterator[Odd]:
    """Messages at the limit of size, far beyond it, deep, doubled, and long lists of what is taken one by one."""
    frame = len(written(event(on, term="")))
    shapes: Mapping[str, bytes] = {
        "64 KB less one": written(event(on, term="x" * (LARGEST - frame - 1))),
        "64 KB": written(event(on, term="x" * (LARGEST - frame))),
        "64 KB and one": written(event(on, term="x" * (LARGEST - frame + 1))),
        "1.9 MB": written(event(on, term="x" * 1_900_000)),
        "2.1 MB": written(event(on, term="x" * 2_100_000)),
        "4.2 MB": written(event(on, term="x" * 4_200_000)),
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
        body: dict[str, Any] = {"assessed_on": str(on), "weight_kg": number}
        yield odd("size and shape", f"weight {str(number)[:20]}", "screening_evidence", body)
        drug = {"drug": "BENMELSTOBART", "amount": number, "unit": "g"}
        body = {"cycle": "C1", "given_on": str(on), "drugs": [drug]}
        yield odd("size and shape", f"amount {str(number)[:20]}", "dose_given", body)
        yield odd("size and shape", f"amount {str(number)[:20]} confirmed", "submit",
                  {"id": f"amount-{str(number)[:40]!r}".replace("'", ""), "staff": "INV1", "confirmed": True,
                   "reason": "so it was", "command": {"kind": "dose_given", **body}})  # fmt: skip


def history(on: date) -> Iterator[Odd]:
    """Payloads in foreign encodings or with no codec for them, junk in headers and identities, forged submissions."""
    for encoding in ENCODINGS:
        yield odd("history", f"encoding {encoding[:20]!r}", "adverse_event", event(on),
                  metadata={"encoding": encoding.encode()})  # fmt: skip
    yield odd("history", "no metadata", "adverse_event", event(on), metadata={})
    for number, metadata in enumerate(REFERENCES):
        yield odd("history", f"kept outside {number}", "adverse_event", event(on, term=f"o{number}"), metadata=metadata)
        yield odd("history", f"kept outside, junk {number}", "adverse_event", b"\xff{", metadata=metadata)
    for what, payload in HEADERS.items():
        headers = {"_tracer-data": payload, "trialpath-identity": payload, "x" * 300: payload}
        yield odd("history", what, "adverse_event", event(on, term=what), headers=headers)
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
