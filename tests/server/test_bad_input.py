"""Bad input by update, by signal and by the command line: refused, told, on record, and nothing is harmed by it."""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError

from tests.server.bad import BAD, FORGED, Bad
from tests.server.installation import Installation

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
each_bad = pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
each_forged = pytest.mark.parametrize(("kind", "argument"), FORGED.values(), ids=FORGED)


def the_refusal(failed: WorkflowUpdateFailedError) -> ApplicationError:
    """Give the refusal in a failed update, which must be one that nobody retries or is alarmed by."""
    cause = failed.cause
    assert isinstance(cause, ApplicationError)
    assert cause.non_retryable
    assert cause.category is ApplicationErrorCategory.BENIGN
    return cause


@each_bad
async def test_a_bad_update_fails_with_field_rule_and_what_would_be_accepted(place: Installation, bad: Bad) -> None:
    """The sender is told all of it, the refusal is on record, and the next good command is applied."""
    subject = await place.enroll()

    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await place.handle(subject).execute_update(bad.kind, args=bad.arguments)

    refusal, row = the_refusal(failed.value), await place.refused(subject)
    assert (refusal.type, row["reason"], row["field"], row["channel"]) == (bad.reason, bad.reason, bad.field, "update")
    for told in (bad.reason, row["field"], row["rule"], row["accepts"], bad.rule):
        assert told in refusal.message
    assert row["accepts"]
    await place.assert_takes(subject, "rash after all")
    await place.assert_healthy(subject)


@pytest.mark.parametrize("size", [2_100_000, 3_900_000])
async def test_an_update_too_large_to_be_answered_is_told_and_harms_nobody(place: Installation, size: int) -> None:
    """Temporal takes it and cannot carry its acceptance, which repeats it: it forgets it, and the subject goes on."""
    subject = await place.enroll()
    large = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b'{"term": "' + b"x" * size + b'"}'))

    with pytest.raises(RPCError):
        await place.handle(subject).execute_update("adverse_event", large, rpc_timeout=timedelta(seconds=30))

    await place.assert_takes(subject, "rash after all")


@each_bad
async def test_a_bad_signal_stays_as_a_refusal_in_the_journal(place: Installation, bad: Bad) -> None:
    """A signal has no answer: the refusal is on record with its field, and the next good command is applied."""
    subject = await place.enroll()

    await place.handle(subject).signal(bad.kind, args=bad.arguments)

    row = await place.refused(subject)
    assert (row["reason"], row["field"], row["channel"]) == (bad.reason, bad.field, "signal")
    assert row["detail"]
    assert row["accepts"]
    await place.assert_takes(subject, "rash after all")
    await place.assert_healthy(subject)


@each_bad
async def test_a_bad_command_line_exits_with_its_code_and_says_why(
    place: Installation, bad: Bad, tmp_path: Path
) -> None:
    """Exit code 2 for a refusal by rule, 3 for malformed; the reason on standard error, the refusal on record."""
    subject = await place.enroll()

    done = place.cli("send", subject, *bad.command_line(tmp_path))

    row = await place.refused(subject)
    assert (done.returncode, row["reason"]) == (bad.code, bad.reason)
    assert row["field"] == (bad.typed_field or bad.field)
    for told in (bad.reason, row["field"], row["rule"], row["accepts"]):
        assert told in done.stderr
    assert "Traceback" not in done.stderr
    await place.assert_takes(subject, "rash after all")
    await place.assert_healthy(subject)


@pytest.mark.parametrize("bad", [bad for bad in BAD if bad.field in ("argument", "kind")], ids=lambda bad: bad.name)
async def test_the_register_refuses_what_has_no_shape_too(place: Installation, bad: Bad) -> None:
    """By update and by signal: told, on record, and the next enrolment is taken."""
    before = len(place.refusals(None))
    kind = "dose_taken" if bad.field == "kind" else "enroll"

    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await place.handle(None).execute_update(kind, args=bad.arguments)
    await place.handle(None).signal(kind, args=bad.arguments)
    await place.enroll()

    rows = place.refusals(None)[before:]
    assert the_refusal(failed.value).type == bad.reason
    assert [(row["channel"], row["reason"], row["field"]) for row in rows] == [
        ("update", bad.reason, bad.field),
        ("signal", bad.reason, bad.field),
    ]
    await place.assert_healthy(None)


@each_forged
async def test_what_only_the_product_may_say_is_refused_from_outside(
    place: Installation, kind: str, argument: RawValue
) -> None:
    """Time, slots and laboratory answers cannot be forged, by update or signal, under any name."""
    subject = await place.enroll()
    before = [fact.kind for fact in place.facts(subject)]

    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await place.handle(subject).execute_update(kind, args=[argument])
    await place.handle(subject).signal(kind, args=[argument])

    assert the_refusal(failed.value).type == "ROLE"
    await place.assert_takes(subject, "rash after all")
    assert [fact.kind for fact in place.facts(subject)] == [*before, "AdverseEventReported"]
    assert {row["reason"] for row in place.refusals(subject)} == {"ROLE"}
    await place.assert_healthy(subject)
