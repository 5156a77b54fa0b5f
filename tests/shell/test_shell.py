"""What the shell commands for what it hears, without a server: order, batches, timers, effects, hand-over, end.

No rule of a trial is in here: each step is made up, and the shell does what it says, no more and in this order.
"""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.bridge.proto.workflow_commands.workflow_commands_pb2 import WorkflowCommand

from activities.contract import Answer, Carry, DueStep, Effect, EffectRequest, Outcome, Start, Step, pack, unpack
from domain.intake import derived_id, system_message
from tests.shell.lone_run import (
    BEGAN,
    START,
    STREAM,
    LoneRun,
    asked,
    cancel,
    cancelled,
    done,
    each,
    failed,
    fired,
    kinds,
    names,
    patched,
    recorded,
    signal,
    the,
    update,
)
from workflows.interpreter import BATCH
from workflows.recording import QUICK

RECORD, ACTIVITY, TIMER, CANCEL_TIMER = "schedule_local_activity", "schedule_activity", "start_timer", "cancel_timer"
CANCEL_ACTIVITY, SHOWN, ANSWER = "request_cancel_activity", "upsert_workflow_search_attributes", "update_response"
NEW_RUN, OVER, MARKER = "continue_as_new_workflow_execution", "complete_workflow_execution", "set_patch_marker"
HOUR = timedelta(hours=1)
VISIT = DueStep(at=BEGAN + 48 * HOUR, text="C2D1 window opens", key="VISIT/C2")
LATER = DueStep(at=BEGAN + 72 * HOUR, text="C2D1 window closes", key="OVERDUE/C2")
NOTICE = Effect(key=f"{STREAM}/5", seq=5, activity="send_notice", summary="notice", payload={"to": ["MONITOR"]},
                start_to_close_seconds=30, longest_pause_seconds=90)  # fmt: skip
LABS = Effect(key=f"{STREAM}/6", seq=6, activity="fetch_labs", summary="labs", payload={})
SIGNALS = [signal(f"kind_{number}", {"number": number}) for number in range(BATCH + 5)]


def idle(run: LoneRun | None = None, **step: Any) -> tuple[LoneRun, list[WorkflowCommand]]:
    """Give a run that has recorded its beginning with this step, and what it then commanded."""
    run = run or LoneRun()
    begun = run.begin()
    return run, run.take(recorded(the(RECORD, begun), **step))


def test_a_run_begins_by_looking_at_the_journal() -> None:
    """One record without a message, of the whole stream, and nothing beside it."""
    commands = LoneRun().begin()
    assert kinds(commands) == [RECORD]
    request = asked(commands[0])
    assert (request.stream, request.seq, request.at, request.messages) == (STREAM, 0, BEGAN, [])
    assert request.events == 10


def test_the_message_a_run_is_started_for_comes_first() -> None:
    """A late report that began the run is recorded before what came with it."""
    first = system_message("time_passed", {}, "first-message")
    run = LoneRun(START.model_copy(update={"first": first}))
    assert names(the(RECORD, run.begin(signal("dose_given", {})))) == ["time_passed", "dose_given"]


def test_messages_are_recorded_in_the_order_they_came_twenty_at_once() -> None:
    """Those beyond twenty wait for the next record, and nobody overtakes."""
    run = LoneRun()
    first = the(RECORD, run.begin(*SIGNALS))
    assert names(first) == [f"kind_{number}" for number in range(BATCH)]
    second = the(RECORD, run.take(signal("last", {}), recorded(first)))
    assert names(second) == [f"kind_{number}" for number in range(BATCH, BATCH + 5)] + ["last"]
    assert [message.channel for message in asked(second).messages] == ["signal"] * 6
    assert {message.identity for message in asked(second).messages} == {"somebody"}


def test_nothing_is_recorded_beside_a_record() -> None:
    """What comes meanwhile waits in the inbox: two local activities at once would not replay in one order."""
    run = LoneRun()
    first = the(RECORD, run.begin())
    assert run.take(signal("dose_given", {}), signal("wake")) == []
    assert kinds(run.take(recorded(first))) == [RECORD]


def test_a_wake_is_a_look_at_the_journal_and_no_message() -> None:
    """One look, however many wakes came; the record goes on from the last fact seen."""
    run, _ = idle(seq=7, chapter="SURGERY")
    look = the(RECORD, run.take(signal("wake"), signal("wake")))
    assert (names(look), asked(look).seq, asked(look).chapter) == ([], 7, "SURGERY")
    assert run.take(recorded(look, seq=7)) == []


def test_each_update_gets_its_own_answer() -> None:
    """Accepted at once, answered when recorded: the first applied, the second refused: that update alone fails."""
    run, _ = idle()
    taken = run.take(update("submit", "one", {"a": 1}), update("submit", "two", {"a": 2}))
    accepted = [command.update_response.WhichOneof("response") for command in each(ANSWER, taken)]
    assert accepted == ["accepted", "accepted"]
    record = the(RECORD, taken)
    assert [message.id for message in asked(record).messages] == ["one", "two"]
    answers = [
        Answer(submission_id="one", outcome="applied", first_seq=3),
        Answer(submission_id="two", outcome="refused", reason="RULE", detail="no"),
    ]
    answered = run.take(recorded(record, answers=answers))
    one, two = (command.update_response for command in each(ANSWER, answered))
    assert (one.protocol_instance_id, one.completed.data) == (
        "one", b'{"submission_id":"one","outcome":"applied","first_seq":3}'
    )  # fmt: skip
    assert (two.protocol_instance_id, two.rejected.application_failure_info.type) == ("two", "RULE")
    assert two.rejected.application_failure_info.non_retryable


def test_a_due_instant_is_one_timer_that_says_what_for() -> None:
    """It runs to the instant; another record with the same due leaves it alone."""
    run, begun = idle(due=VISIT)
    timer = the(TIMER, begun)
    assert timer.start_timer.start_to_fire_timeout.ToTimedelta() == 48 * HOUR
    assert timer.user_metadata.summary.data == b'"C2D1 window opens"'
    look = the(RECORD, run.take(signal("dose_given", {})))
    assert run.take(recorded(look, due=VISIT)) == []


@pytest.mark.parametrize(("due", "commands"), [(LATER, [CANCEL_TIMER, TIMER]), (None, [CANCEL_TIMER])])
def test_a_changed_due_instant_is_another_timer(due: DueStep | None, commands: list[str]) -> None:
    """The old one is cancelled; without a due instant there is none."""
    run, _ = idle(due=VISIT)
    look = the(RECORD, run.take(signal("dose_given", {})))
    assert kinds(run.take(recorded(look, due=due))) == commands


def test_a_timer_that_fires_says_that_time_has_passed() -> None:
    """Once, under an id of its own; what stays due is tried again after a second, never in haste."""
    run, begun = idle(due=VISIT, seq=4)
    run.now = VISIT.at
    passed = the(RECORD, run.take(fired(the(TIMER, begun))))
    (message,) = asked(passed).messages
    assert (message.name, message.channel, asked(passed).at) == ("time_passed", "system", VISIT.at)
    assert message.id == derived_id(STREAM, "time", f"{VISIT.key}@{VISIT.at}", "4", "0")
    again = the(TIMER, run.take(recorded(passed, seq=4, due=VISIT)))
    assert again.start_timer.start_to_fire_timeout.ToTimedelta() == timedelta(seconds=1)
    run.now += timedelta(seconds=1)
    assert asked(the(RECORD, run.take(fired(again)))).messages[0].id != message.id


def test_a_due_instant_that_has_come_needs_no_timer() -> None:
    """It is recorded at once."""
    _, commands = idle(due=DueStep(at=BEGAN - HOUR, text="overdue", key="OVERDUE/C1"))
    assert names(the(RECORD, commands)) == ["time_passed"]
    assert TIMER not in kinds(commands)


def test_a_trial_that_runs_faster_has_shorter_timers() -> None:
    """The clock of the start says how long a day of the trial is."""
    clock = START.clock.model_copy(update={"real_epoch": BEGAN, "trial_epoch": BEGAN, "factor": 86400.0})
    _, commands = idle(LoneRun(START.model_copy(update={"clock": clock})), due=VISIT)
    assert the(TIMER, commands).start_timer.start_to_fire_timeout.ToTimedelta() == timedelta(seconds=2)


def test_an_effect_is_one_activity_until_it_has_its_outcome() -> None:
    """It has its own time-out, pause and summary, is not started twice, and its outcome is a message of its own id."""
    run, begun = idle(effects=[NOTICE])
    activity = the(ACTIVITY, begun).schedule_activity
    assert (activity.activity_type, activity.start_to_close_timeout.seconds) == ("send_notice", 30)
    assert activity.retry_policy.maximum_interval.seconds == 90
    assert activity.retry_policy.maximum_attempts == 0
    assert the(ACTIVITY, begun).user_metadata.summary.data == b'"notice"'
    request = EffectRequest.model_validate_json(activity.arguments[0].data)
    assert (request.stream, request.key, request.seq, request.payload) == (STREAM, NOTICE.key, 5, NOTICE.payload)
    look = the(RECORD, run.take(signal("wake")))
    assert run.take(recorded(look, effects=[NOTICE])) == []
    outcome = Outcome(kind="notice_delivered", fields={"notice": 5})
    told = the(RECORD, run.take(done(the(ACTIVITY, begun), outcome.model_dump_json())))
    (message,) = asked(told).messages
    assert (message.name, message.id) == ("notice_delivered", derived_id(NOTICE.key, "outcome"))


def test_effects_begin_before_the_timer_in_the_order_of_the_step() -> None:
    """The order of commands is part of every history."""
    _, commands = idle(effects=[LABS, NOTICE], due=VISIT, attributes={"Epoch": "SCREENING"})
    assert kinds(commands) == [SHOWN, ACTIVITY, ACTIVITY, TIMER]
    types = [command.schedule_activity.activity_type for command in each(ACTIVITY, commands)]
    assert types == ["fetch_labs", "send_notice"]


def test_an_effect_nobody_wants_any_more_is_cancelled_and_tells_nothing() -> None:
    """Only that one; its end is no message."""
    run, begun = idle(effects=[LABS, NOTICE])
    labs = next(command for command in begun if command.schedule_activity.activity_type == "fetch_labs")
    look = the(RECORD, run.take(signal("wake")))
    (ended,) = run.take(recorded(look, effects=[NOTICE]))
    assert ended.request_cancel_activity.seq == labs.schedule_activity.seq
    assert run.take(cancelled(labs)) == []


def test_an_effect_that_an_operator_failed_begins_again() -> None:
    """An outcome comes all the same, however late."""
    run, begun = idle(effects=[NOTICE])
    again = the(ACTIVITY, run.take(failed(the(ACTIVITY, begun))))
    assert again.schedule_activity.arguments == the(ACTIVITY, begun).schedule_activity.arguments


def test_only_attributes_that_changed_are_shown() -> None:
    """Each upsert is an event of the history; nothing changed, none. What is gone is unset."""
    run, begun = idle(attributes={"Epoch": "SCREENING", "Cycle": 0, "Arm": "NONE"})
    assert set(_shown(begun)) == {"Epoch", "Cycle", "Arm"}
    look = the(RECORD, run.take(signal("wake")))
    same = {"Epoch": "SCREENING", "Cycle": 0, "Arm": "NONE"}
    assert run.take(recorded(look, attributes=same)) == []
    look = the(RECORD, run.take(signal("wake")))
    changed = run.take(recorded(look, attributes={**same, "Cycle": 1, "Arm": None}))
    assert {name: value.data for name, value in _shown(changed).items()} == {"Cycle": b"1", "Arm": b""}


def _shown(commands: list[WorkflowCommand]) -> dict[str, Any]:
    shown = the(SHOWN, commands).upsert_workflow_search_attributes.search_attributes
    return dict(shown.indexed_fields)


def test_a_hand_over_leaves_everything_to_the_next_run() -> None:
    """No effect, timer or attribute is begun before it; the new run gets facts, step and attributes, not the start."""
    _, commands = idle(
        LoneRun(START.model_copy(update={"first": system_message("time_passed", {}, "first-message")})),
        seq=2, hand_over=True, effects=[NOTICE], due=VISIT, attributes={"Epoch": "SURGERY"}, chapter="SURGERY",
    )  # fmt: skip
    new_run = the(NEW_RUN, commands).continue_as_new_workflow_execution
    assert kinds(commands) == [NEW_RUN]
    start = Start.model_validate_json(new_run.arguments[0].data)
    assert start.carry is not None
    assert (start.first, start.stream, unpack(start.carry.facts)) == (None, STREAM, [])
    assert (start.carry.step.seq, start.carry.step.effects, start.carry.step.due) == (2, [NOTICE], VISIT)
    assert new_run.search_attributes.indexed_fields["Epoch"].data == b'"SURGERY"'


def test_a_hand_over_waits_for_the_inbox_and_for_who_waits_for_an_answer() -> None:
    """What came during the record that hands over is recorded and answered in this run: nobody is left behind."""
    run = LoneRun()
    first = the(RECORD, run.begin())
    assert kinds(run.take(update("submit", "late", {}), signal("dose_given", {}))) == [ANSWER]
    second = the(RECORD, run.take(recorded(first, seq=2, hand_over=True)))
    assert names(second) == ["submit", "dose_given"]
    assert kinds(run.take(recorded(second, seq=4))) == [ANSWER, NEW_RUN]


def test_a_run_that_grew_long_hands_over_when_nothing_waits() -> None:
    """The server suggests it: after the record in hand."""
    run, _ = idle()
    run.suggests_new_run = True
    look = the(RECORD, run.take(signal("dose_given", {})))
    assert NEW_RUN in kinds(run.take(recorded(look)))


def test_a_new_run_goes_on_without_a_record() -> None:
    """The effects without an outcome begin again with their keys, the timer too; the journal is not asked."""
    carry = Carry(facts=pack([]), step=Step(seq=9, facts=[], answers=[], effects=[NOTICE], due=VISIT))
    run = LoneRun(START.model_copy(update={"carry": carry}))
    commands = run.begin()
    assert kinds(commands) == [ACTIVITY, TIMER]
    assert asked(the(RECORD, run.take(signal("dose_given", {})))).seq == 9


def test_a_run_ends_when_it_is_over_and_nothing_is_open() -> None:
    """With an effect open it waits for its outcome first; over means no new run."""
    run, begun = idle(over=True, effects=[NOTICE])
    assert OVER not in kinds(begun)
    outcome = Outcome(kind="notice_delivered", fields={"notice": 5})
    told = the(RECORD, run.take(done(the(ACTIVITY, begun), outcome.model_dump_json())))
    assert kinds(run.take(recorded(told, over=True))) == [OVER]


def test_an_end_waits_for_the_inbox() -> None:
    """A report that comes with the end is recorded before it."""
    run = LoneRun()
    first = the(RECORD, run.begin())
    run.take(update("submit", "late", {}))
    second = the(RECORD, run.take(recorded(first, over=True)))
    assert kinds(run.take(recorded(second, over=True))) == [ANSWER, OVER]


def test_a_cancel_request_is_recorded_and_the_run_goes_on() -> None:
    """It is a message like others."""
    run, _ = idle(due=VISIT)
    request = the(RECORD, run.take(cancel()))
    assert names(request) == ["cancel_requested"]
    assert run.take(recorded(request, due=VISIT)) == []
    assert kinds(run.take(signal("dose_given", {}))) == [RECORD]


def test_a_record_that_fails_waits_for_the_journal_as_an_activity() -> None:
    """Three quick tries, then one activity with the same request, without end; failed by hand it begins again."""
    run = LoneRun()
    quick = the(RECORD, run.begin())
    assert quick.schedule_local_activity.retry_policy.maximum_attempts == QUICK.maximum_attempts == 3
    assert quick.schedule_local_activity.schedule_to_close_timeout.seconds == 5
    waiting = the(ACTIVITY, run.take(failed(quick)))
    assert asked(waiting) == asked(quick)
    assert waiting.schedule_activity.retry_policy.maximum_attempts == 0
    again = the(ACTIVITY, run.take(failed(waiting)))
    assert kinds(run.take(recorded(again, due=VISIT))) == [TIMER]


def test_a_wake_sets_the_timer_of_a_due_instant_that_was_lost_anew() -> None:
    """The due instant has come and its timer has not fired: marked, so that it replays. One in time stays as it is."""
    run, _ = idle(due=VISIT)
    look = the(RECORD, run.take(signal("wake")))
    assert run.take(recorded(look, due=VISIT)) == []
    run.now = VISIT.at + HOUR
    look = the(RECORD, run.take(signal("wake")))
    late = run.take(recorded(look, due=VISIT))
    assert kinds(late) == [MARKER, CANCEL_TIMER, RECORD]
    assert names(late[-1]) == ["time_passed"]


@pytest.mark.parametrize("is_marked", [False, True])
def test_a_recorded_run_goes_as_it_went_unless_it_holds_the_marker(*, is_marked: bool) -> None:
    """What an older release recorded had no such timer: replaying it sets none."""
    run, _ = idle(LoneRun(is_replaying=True), due=VISIT)
    run.now = VISIT.at + HOUR
    news = [patched("lost timer")] if is_marked else []
    look = the(RECORD, run.take(*news, signal("wake")))
    commands = run.take(recorded(look, due=VISIT))
    assert (CANCEL_TIMER in kinds(commands)) == is_marked
