"""The same message again, another one under a used id, no such subject, and a request to cancel."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.recorder import Recorder
from domain.decider import patient_stream, trial_stream
from tests.server.bad import RASH, as_json, words
from tests.server.installation import Installation, ready, until
from tests.server.past import TRIAL, Past, ago, in_surgery_wait, participant, request, sent
from workflows.client import Submitted

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
DONE_ON = str(ago(1))


def rashes(place: Installation, subject: str) -> int:
    """Count the adverse events on record."""
    return len(place.facts(subject, "AdverseEventReported"))


async def test_the_same_submission_again_gets_the_same_answer_and_adds_nothing(place: Installation) -> None:
    """By the client library, as after a lost answer."""
    subject = await place.enroll()
    submitted = Submitted("adverse_event", RASH, staff="INV1")

    first = await place.trial.to_subject(subject, submitted)
    again = await place.trial.to_subject(subject, submitted)

    assert again == first
    assert rashes(place, subject) == 1


async def test_a_used_id_with_other_content_is_refused_on_record(place: Installation) -> None:
    """By update: the first content stands, the second is refused and told so."""
    subject = await place.enroll()
    first = {"id": "twice-0001", "staff": "INV1", "command": {"kind": "adverse_event", **RASH}}
    other = {**first, "command": {"kind": "adverse_event", **RASH, "grade": 2}}
    await place.handle(subject).execute_update("submit", first)

    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await place.handle(subject).execute_update("submit", other)

    assert "CONTRADICTS" in str(failed.value.cause)
    row = await place.refused(subject)
    assert (row["field"], row["accepts"]) == ("id", "a new id")
    assert rashes(place, subject) == 1
    await place.assert_healthy(subject)


async def test_a_used_id_on_the_command_line_is_refused_with_code_2(place: Installation) -> None:
    """The same call again, in whatever order it is typed, is answered alike; another one under its id is refused."""
    subject = await place.enroll()
    call = ("send", subject, "adverse_event", "--id", "typed-0001", "--staff", "INV1")
    turned = dict(reversed(RASH.items()))

    first, again = place.cli(*call, *words(RASH)), place.cli(*call, *words(turned))
    other = place.cli(*call, *words(RASH | {"grade": 3}))

    assert (first.returncode, again.returncode, other.returncode) == (0, 0, 2)
    assert again.stdout == first.stdout
    assert "field id" in other.stderr
    assert rashes(place, subject) == 1


async def test_a_used_id_in_a_signal_applies_once_and_refuses_the_other(place: Installation) -> None:
    """By signal: twice the same is one fact, and other content under that id is a refusal."""
    subject = await place.enroll()
    same = {"id": "signal-0001", "staff": "INV1", "command": {"kind": "adverse_event", **RASH}}
    other = {**same, "command": {"kind": "adverse_event", **RASH, "grade": 2}}

    for envelope in (same, same, other):
        await place.handle(subject).signal("submit", envelope)

    row = await place.refused(subject)
    assert (row["reason"], row["field"]) == ("CONTRADICTS", "id")
    assert rashes(place, subject) == 1
    await place.assert_takes(subject, "rash after all")
    await place.assert_healthy(subject)


@pytest.mark.parametrize("channel", ["update", "signal", "command line"])
async def test_a_second_dose_for_the_same_cycle_is_refused(place: Installation, channel: str) -> None:
    """What is on record cannot be given again; the refusal names the cycle and what would be accepted."""
    subject = await place.begin(in_surgery_wait(place.journal, TRIAL, ago(35)))
    dose = {"cycle": "C3", "given_on": str(ago(35))}

    if channel == "update":
        with pytest.raises(WorkflowUpdateFailedError, match="Workflow update failed"):
            await place.handle(subject).execute_update("dose_given", dose)
    elif channel == "signal":
        await place.handle(subject).signal("dose_given", dose)
    else:
        assert place.cli("send", subject, "dose_given", *words(dose), "--staff", "INV1").returncode == 2

    row = await place.refused(subject)
    assert (row["reason"], row["field"]) == ("CONTRADICTS", "cycle")
    assert "the next cycle" in row["accepts"]
    given = [json.loads(fact.body) for fact in place.facts(subject, "DoseGiven")]
    assert [dose["cycle"] for dose in given if dose["day"] == 1] == [1, 2, 3]
    await place.assert_takes(subject, "rash after all")
    await place.assert_healthy(subject)


async def test_an_unknown_subject_is_refused_with_code_2_and_on_the_trials_record(place: Installation) -> None:
    """The command line says which subjects there are; the register keeps the refusal."""
    await place.enroll()
    before = len(place.refusals(None))

    done = place.cli("send", "S900", "adverse_event", *words(RASH), "--staff", "CRC1")

    row = place.refusals(None)[before]
    assert (done.returncode, row["reason"], row["field"]) == (2, "UNKNOWN_SUBJECT", "subject")
    assert "S900" in done.stderr
    assert row["accepts"].startswith("S001 to S")
    assert row["accepts"] in done.stderr


@pytest.mark.parametrize("number", ["-S001", "X-S001", "s001", "S001-", "S" + "9" * 990])
async def test_what_only_looks_like_a_subject_number_is_refused(place: Installation, number: str) -> None:
    """Nothing is taken for S001 that is not S001."""
    await place.enroll()

    answer = await place.send(number, "adverse_event", "INV1", **RASH)

    assert (answer.outcome, answer.reason, answer.field) == ("refused", "UNKNOWN_SUBJECT", "subject")


async def test_a_command_for_a_subject_whose_journey_has_not_begun_is_not_lost(place: Installation) -> None:
    """Enrolled a moment ago: the client waits for the journey, and its answer is the journey's own."""
    recorder, register = Recorder(place.journal), trial_stream(TRIAL)
    enrolment = sent(Submitted("enroll", participant(ago(0)), staff="INV1"))
    known = recorder.state(register)
    recorder.record(request(register, known.seq, datetime.now(UTC), enrolment))
    (subject,) = set(recorder.state(register).subjects) - set(known.subjects)

    answer = await place.send(subject, "adverse_event", "INV1", **RASH)

    assert answer.facts == ["AdverseEventReported"]
    assert rashes(place, subject) == 1


async def test_a_raw_message_to_an_unknown_subject_is_told_by_temporal_itself(place: Installation) -> None:
    """There is no workflow that could record it: update and signal both say not found."""
    nobody = place.temporal.get_workflow_handle(patient_stream(TRIAL, "S900"))

    with pytest.raises(RPCError) as by_update:
        await nobody.execute_update("adverse_event", as_json(RASH))
    with pytest.raises(RPCError) as by_signal:
        await nobody.signal("adverse_event", as_json(RASH))

    assert by_update.value.status is RPCStatusCode.NOT_FOUND
    assert by_signal.value.status is RPCStatusCode.NOT_FOUND


@pytest.mark.parametrize("through", ["client", "temporal"])
async def test_a_cancel_request_is_recorded_and_survived(place: Installation, through: str) -> None:
    """Whoever asks Temporal to cancel a journey leaves a fact, and the journey goes on."""
    subject = await place.enroll()

    for _ in range(2):
        if through == "client":
            await place.handle(subject).cancel()
        else:
            done = place.temporal_cli("workflow", "cancel", "--workflow-id", patient_stream(TRIAL, subject))
            assert done.returncode == 0, done.stderr

    await until(lambda: ready(place.facts(subject, "CancellationAsked")))
    await place.assert_takes(subject, "rash after all")
    assert len(place.facts(subject, "CancellationAsked")) == 1
    await place.assert_healthy(subject)


async def test_the_same_bare_signal_three_times_applies_once(place: Installation) -> None:
    """A bare signal brings no id: kind and content are its id. It is unattributed, with the sender Temporal names."""
    subject = await place.begin(in_surgery_wait(place.journal, TRIAL, ago(35)))

    for _ in range(3):
        await place.handle(subject).signal("surgery_done", {"performed_on": DONE_ON, "resection": "R0"})

    await until(lambda: ready(place.facts(subject, "SurgeryPerformed")))
    await place.assert_takes(subject, "rash after all")
    (fact,) = place.facts(subject, "SurgeryPerformed")
    rows = [row for row in place.journal.submissions(patient_stream(TRIAL, subject)) if row["kind"] == "surgery_done"]
    assert (fact.staff, json.loads(fact.body)["attributed"]) == ("UNATTRIBUTED", False)
    assert [(row["outcome"], row["identity"]) for row in rows] == [("applied", place.temporal.identity)]


async def test_a_refused_bare_signal_is_applied_when_it_comes_again_and_holds(place: Installation) -> None:
    """A dose before randomization is refused; the very same signal after randomization is recorded."""
    subject = await place.begin(Past(place.journal, TRIAL, ago(3)).eligible(ago(0)))
    dose = {"cycle": "C1", "given_on": str(ago(0)), "choice": "CISPLATIN"}
    await place.handle(subject).signal("dose_given", dose)
    await place.refused(subject)

    await place.send(subject, "request_randomization", "CRC1")
    await until(lambda: ready(place.facts(subject, "Randomized")), timedelta(seconds=10))
    await place.handle(subject).signal("dose_given", dose)

    await until(lambda: ready(place.facts(subject, "DoseGiven")))
    assert len(place.refusals(subject)) == 1
    await place.assert_healthy(subject)
