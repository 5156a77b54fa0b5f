"""Intake: from raw bytes to a submission, or to a refusal that names field, problem and what would be accepted."""

import json
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest

from domain.decider import PATIENT, TRIAL
from domain.intake import (
    LARGEST,
    LARGEST_OWN,
    Argument,
    Message,
    argument_of,
    carried_id,
    content_id,
    derived_id,
    kind_of,
    message_text,
    read,
    system_message,
    takes,
)
from domain.patient import commands as c
from domain.raw_json import parse_json
from domain.submission import SYSTEM, UNATTRIBUTED, Reason, Refused, Submission
from tests.given import START

ID = "3f2b8c1e-0000-4000-8000-000000000001"
SURGERY = {"performed_on": "2025-08-21", "resection": "R0"}
EVENT: dict[str, object] = {"term": "rash", "grade": 2, "serious": False, "onset_on": "2025-06-02"}


def message(name: str, *arguments: object, channel: str = "signal", encoding: str = "json/plain") -> Message:
    """Wrap arguments as they come: bytes as they are, anything else as JSON."""
    raw = [value if isinstance(value, bytes) else json.dumps(value).encode() for value in arguments]
    wrapped = tuple(argument_of(value, encoding) for value in raw)
    return Message(channel=channel, name=name, arguments=wrapped, identity="cli@desk")


def taken(sent: Message) -> Submission[Any]:
    """Read a message to a subject that must be taken."""
    return read(sent, ID, PATIENT.people, PATIENT.system)


def no(sent: Message) -> Refused:
    """Read a message to a subject that must be refused."""
    with pytest.raises(Refused) as refusal:
        taken(sent)
    return refusal.value


def submit(**changed: object) -> Message:
    """Wrap a whole submission of surgery."""
    whole: dict[str, object] = {"id": ID, "staff": "SUR1", "command": {"kind": "surgery_done", **SURGERY}}
    return message("submit", whole | changed, channel="update")


# What is taken


def test_a_bare_command_is_nobody_s() -> None:
    """Without a staff member it is recorded with Temporal's identity."""
    found = taken(message("surgery_done", SURGERY))
    assert found.command == c.ReportSurgery.model_validate(SURGERY)
    assert (found.sender.staff, found.sender.role, found.sender.identity) == (UNATTRIBUTED, UNATTRIBUTED, "cli@desk")


def test_a_whole_submission_names_its_sender_and_what_is_about_it() -> None:
    """Staff, role, instant, reason, confirmation and signature."""
    signature = {"staff": "SUR1", "signed_at": "2025-08-21T10:00:00Z", "meaning": "reported by me"}
    found = taken(
        submit(
            role="SURGEON",
            occurred_at="2025-08-21T10:00:00+08:00",
            reason="late",
            confirmed=True,
            signature=signature,
        )
    )
    assert (found.id, found.sender.staff, found.sender.role) == (ID, "SUR1", "SURGEON")
    assert (found.reason, found.confirmed) == ("late", True)
    assert found.signature is not None
    assert found.occurred_at is not None


def test_a_submission_without_staff_is_nobody_s() -> None:
    """And one that claims to be, though it names a person, is too: nobody is named who was not looked up."""
    for claimed in ({"staff": None}, {"role": UNATTRIBUTED}, {"staff": UNATTRIBUTED}):
        found = taken(submit(**claimed))
        assert (found.sender.staff, found.sender.role) == (UNATTRIBUTED, UNATTRIBUTED)


def test_the_product_s_own_message_is_the_system_s() -> None:
    """Only on its own channel."""
    found = taken(system_message("notice_delivered", {"notice": 7, "sink": "console"}, ID))
    assert (found.sender.staff, found.sender.role) == (SYSTEM, SYSTEM)
    assert taken(message("time_passed", {})).sender.role == UNATTRIBUTED


def test_a_trial_s_command_is_read_by_the_same_door() -> None:
    """The kinds are the register's."""
    body = {"site": "TDH", "born_on": "1960-02-03", "sex": "MALE"}
    assert read(message("enroll", body), ID, TRIAL.people, TRIAL.system).command.born_on.year == 1960


# What is not


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"performed_on": 20250821, "resection": "R0"}, "performed_on"),  # wrong type
        ({"performed_on": "2025-08-21"}, "resection"),  # missing field
        (SURGERY | {"surgeon": "Li"}, "surgeon"),  # unknown field
        (SURGERY | {"resction": "R0"}, "resction"),  # misspelt field
        (SURGERY | {"resection": None}, "resection"),  # null
        (SURGERY | {"resection": "r0"}, "resection"),
        (SURGERY | {"kind": "death"}, "kind"),
    ],
)
def test_a_wrong_field_is_named_with_what_would_be_accepted(body: object, field: str) -> None:
    """And its value is not repeated."""
    refusal = no(message("surgery_done", body))
    assert (refusal.reason, refusal.field) == (Reason.MALFORMED, field)
    assert refusal.accepts
    assert refusal.reason.is_malformed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("grade", True),
        ("grade", "2"),
        ("grade", 2.0),
        ("grade", 0),
        ("grade", 6),
        ("grade", [2]),
        ("serious", "true"),
        ("serious", 1),
        ("serious", None),
        ("term", ""),
        ("term", "   "),
        ("term", 5),
        ("term", {}),
        ("term", "x" * 4001),
        ("onset_on", "2025-02-30"),
        ("onset_on", "02/03/2025"),
        ("onset_on", "2025-6-2"),
        ("onset_on", "2025-06-02T00:00:00"),
        ("onset_on", 45810),
        ("onset_on", "45810"),
        ("onset_on", "1748822400"),
        ("onset_on", "0001-01-01"),
        ("onset_on", "1899-12-31"),
        ("onset_on", "9999-12-31"),
        ("aware_at", "2025-06-02T10:00:00"),  # no offset
        ("aware_at", "2025-06-02"),
        ("aware_at", "1748822400"),
        ("aware_at", 1748822400),
        ("aware_at", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_no_type_is_guessed_and_no_date_is_ambiguous(field: str, value: object) -> None:
    """Booleans are no numbers, numbers no dates, dates are YYYY-MM-DD, instants carry their offset."""
    refusal = no(message("adverse_event", EVENT | {field: value}))
    assert (refusal.reason, refusal.field) == (Reason.MALFORMED, field)


def test_nested_dates_are_looked_at_too() -> None:
    """The field's path is named."""
    body = {"site": "TDH", "born_on": "1960-02-03", "sex": "MALE", "consent": {"signed_on": "9", "version": "V1"}}
    with pytest.raises(Refused) as refusal:
        read(message("enroll", body), ID, TRIAL.people, TRIAL.system)
    assert refusal.value.field == "consent.signed_on"
    rows = [{"code": "718-7", "value": "13", "unit": "g/dL", "collected_at": "2025-06-02T08:00:00+08:00"}] * 2
    assert len(taken(message("lab_results", {"results": rows})).command.results) == 2
    rows[1] = rows[1] | {"collected_at": "1748822400"}
    assert no(message("lab_results", {"results": rows})).field == "results.1.collected_at"


@pytest.mark.parametrize("arguments", [(), (SURGERY, SURGERY)])
def test_one_argument_is_expected(arguments: tuple[object, ...]) -> None:
    """None and two are refused."""
    refusal = no(message("surgery_done", *arguments))
    assert (refusal.reason, refusal.field) == (Reason.MALFORMED, "argument")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{'performed_on': 1}",
        b"null",
        b"[]",
        b'"R0"',
        b"12",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 10000,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b'{"\\ud800": 1}',
    ],
)
def test_bytes_that_are_no_clean_json_object_are_refused(raw: bytes) -> None:
    """Whatever they are, the answer is a refusal."""
    refusal = no(message("surgery_done", raw))
    assert (refusal.reason, refusal.field) == (Reason.MALFORMED, "argument")
    assert len(refusal.detail) <= 200


@pytest.mark.parametrize(
    "text", ["nul\x00", "bell\x07", "\x1b[31mred", "\u202eleft", "zero\u200bwidth", "\ud800", "\x85", "soft\xad"]
)
def test_hidden_characters_are_refused(text: str) -> None:
    """They hide or forge what people read; line breaks and tabs, accents, Chinese and emoji are text."""
    refusal = no(message("adverse_event", EVENT | {"term": text}))
    assert (refusal.reason, refusal.field) == (Reason.MALFORMED, "term")
    nested = {"results": [{"code": text}]}
    assert no(message("lab_results", nested)).field == "results.code"


def test_every_visible_text_is_taken() -> None:
    """As it stands."""
    for text in ("皮疹", "éruption", "rash\n\tgrade 2", "😀", "=cmd()", "e" + "\u0301" * 300):
        assert taken(message("adverse_event", EVENT | {"term": text})).command.term == text


def test_another_encoding_is_refused() -> None:
    """Only plain JSON is read."""
    refusal = no(message("surgery_done", SURGERY, encoding="binary/null"))
    assert "binary/null" in refusal.detail


def test_64_kilobytes_are_the_most() -> None:
    """One byte more is refused, and kept by size and SHA-256 only."""
    padding = LARGEST - len(json.dumps(EVENT | {"term": ""}))
    assert no(message("adverse_event", EVENT | {"term": "x" * padding})).reason == Reason.MALFORMED
    larger = message("adverse_event", EVENT | {"term": "x" * (padding + 1)})
    refusal = no(larger)
    assert (refusal.reason, refusal.field) == (Reason.TOO_LARGE, "argument")
    assert larger.arguments[0].data == ""
    assert message_text(larger) == f"<{LARGEST + 1} bytes, sha256 {larger.arguments[0].sha256}>"


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    """As a name and inside a submission; without a kind it is malformed."""
    for sent in (message("sugery_done", SURGERY), submit(command={"kind": "sugery_done"})):
        refusal = no(sent)
        assert (refusal.reason, refusal.field) == (Reason.UNKNOWN_KIND, "kind")
        assert "surgery_done" in refusal.accepts
    for command in ({}, {"kind": 5}, {"kind": None}):
        refusal = no(submit(command=command))
        assert (refusal.reason, refusal.field) == (Reason.MALFORMED, "command.kind")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"id": "short"}, "id"),
        ({"id": ID + "\n"}, "id"),
        ({"id": "ид-12345678"}, "id"),
        ({"staff": "surgeon one"}, "staff"),
        ({"role": "x" * 41}, "role"),
        ({"confirmed": "yes"}, "confirmed"),
        ({"occurred_at": "2025-08-21T10:00:00"}, "occurred_at"),
        ({"occurred_at": "1748822400"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"reason": " "}, "reason"),
        ({"command": None}, "command"),
        ({"command": "surgery_done"}, "command"),
        ({"patient": "Li"}, "patient"),
    ],
)
def test_an_envelope_is_as_strict_as_a_command(changed: dict[str, object], field: str) -> None:
    """The field is named."""
    assert (no(submit(**changed)).reason, no(submit(**changed)).field) == (Reason.MALFORMED, field)


def test_our_own_messages_are_cleaned_and_never_lost() -> None:
    """What a laboratory wrote in them is shown cleaned, and 64 kB of results are no reason to wait for ever."""
    row = {"code": "718-7", "value": "13\u202e\ud800", "unit": "g/dL", "collected_at": "0001-01-01T00:00:00+14:00"}
    fields = {"order": 4, "results": [row] * 1000, "complete": True}
    sent = system_message("labs_reported", fields, ID)
    assert sent.arguments[0].size > LARGEST
    command = taken(sent).command
    assert {result.value for result in command.results} == {"13\ufffd\ufffd"}
    assert message_text(sent).startswith('{"complete": true')
    beyond = system_message("labs_reported", fields | {"results": [row] * 10000}, ID)
    assert (no(beyond).reason, no(beyond).accepts) == (Reason.TOO_LARGE, f"up to {LARGEST_OWN} bytes")


# Ids


def test_a_submission_brings_its_id() -> None:
    """Its own, else the update's; one that is no id does not count."""
    assert carried_id(submit()) == ID
    update = message("surgery_done", SURGERY, channel="update").model_copy(update={"id": "update-12345"})
    assert carried_id(update) == "update-12345"
    assert carried_id(message("surgery_done", SURGERY)) is None
    for odd in (submit(id="short"), submit(id=ID + "\n"), submit(id=5), message("submit", b"{"), message("submit", [])):
        assert carried_id(odd) is None


def test_the_same_content_has_the_same_id() -> None:
    """Whatever the order of its fields; another kind, stream or content has another. Broken bytes have one too."""
    one = message("surgery_done", SURGERY)
    turned = message("surgery_done", dict(reversed(SURGERY.items())))
    assert content_id("s", one) == content_id("s", turned)
    others = [
        content_id("t", one),
        content_id("s", message("death", SURGERY)),
        content_id("s", message("surgery_done", SURGERY | {"resection": "R1"})),
        content_id("s", message("surgery_done", b"{")),
        content_id("s", message("surgery_done", b"{{")),
    ]
    assert len({content_id("s", one), *others}) == 6
    assert derived_id("a", "b") == derived_id("a", "b") != derived_id("a/b", "c")


def test_what_came_is_kept_as_text() -> None:
    """Bytes that are no text are escaped; nothing breaks the row."""
    assert message_text(message("x", b"\xff\x00", SURGERY)).splitlines()[0] == "\\xff\\x00"
    forged = Argument(encoding="json/plain", data="no base64!", size=9, sha256="0")
    assert message_text(Message(channel="signal", name="x", arguments=(forged,))) == ""


def test_parsed_json_is_what_was_written() -> None:
    """Depth 32 is taken."""
    deep = b'{"a":' * 32 + b"1" + b"}" * 32
    assert parse_json(deep)
    assert parse_json(b'{"on": "%s"}' % str(START).encode()) == {"on": str(START)}


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (message("surgery_done", SURGERY), "surgery_done"),
        (message("surgery\x00done", b"{"), "surgerydone"),
        (message("k" * 61, SURGERY), "k" * 60),
        (submit(), "surgery_done"),
        (submit(command={"kind": "death"}), "death"),
        (submit(command={"kind": "k" * 61}), "k" * 60),
        (submit(command={"kind": "surgery\x00done"}), "surgerydone"),
        (submit(command={"kind": 5}), "5"),
        (submit(command={}), "submit"),
        (submit(command=[]), "submit"),
        (message("submit", {"id": ID}), "submit"),
        (message("submit", []), "submit"),
        (message("submit", b"{"), "submit"),
        (message("submit", b"[" * 100_000), "submit"),
        (message("submit"), "submit"),
    ],
)
def test_the_kind_for_the_record_is_what_can_be_read_of_it(sent: Message, kind: str) -> None:
    """The name, or what a whole submission names: 60 characters, none of them NUL; what cannot be read is a submit."""
    assert kind_of(sent) == kind


@pytest.mark.parametrize(
    ("annotation", "told"),
    [
        (Literal["A", "B"], "A or B"),
        (Literal["A", "B"] | None, "A or B"),
        (date, "a date, YYYY-MM-DD"),
        (bool, "true or false"),
        (Decimal | None, "a number"),
        (Annotated[str, "a pattern"] | None, "text"),
        (tuple[Literal["A"], ...], "a list: A"),
        (tuple[int, ...] | None, "a list: a whole number"),
        (Message, "Message"),
    ],
)
def test_what_a_field_takes_is_said_in_words(annotation: object, told: str) -> None:
    """No type of the program reaches a sender."""
    assert takes(annotation) == told
