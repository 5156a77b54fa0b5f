"""The checker bites: a good evidence folder has no violation, and each way of doctoring it is named."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chaos.checker.__main__ import main
from tests.chaos.evidence_folder import CANARY, SUBJECT, Doctor, Folder, Row, assert_named, doctored, found
from tests.server.past import ago


def test_a_good_folder_has_no_violation(rows: list[tuple[str, Row]], tmp_path: Path) -> None:
    """Nothing is named that is not wrong; the command says so with exit code 0, and in a file."""
    folder = Folder(tmp_path, rows).write()

    assert found(folder.path) == []
    assert main([str(tmp_path)]) == 0
    assert json.loads((tmp_path / "violations.json").read_text()) == []


def test_a_violation_is_printed_with_seed_and_step(
    rows: list[tuple[str, Row]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that the run can be repeated."""
    folder = Folder(tmp_path, rows).write()
    folder.calls[3]["submission"] = folder.calls[3]["answer"]["submission_id"] = "never-recorded"
    folder.save()

    assert main([str(tmp_path)]) == 1
    assert "(seed 7, step 4)" in capsys.readouterr().out
    assert [
        row["step"] for row in json.loads((tmp_path / "violations.json").read_text()) if row["invariant"] == "I1"
    ] == [4]


@pytest.mark.parametrize("content", [None, "{"])
def test_what_is_no_evidence_is_said_so(tmp_path: Path, content: str | None) -> None:
    """A folder that cannot be judged is not a folder without violations."""
    if content is not None:
        (tmp_path / "run.json").write_text(content)

    assert main([str(tmp_path)]) == 3


def lost_call(folder: Folder) -> None:
    folder.calls[5]["submission"] = folder.calls[5]["answer"]["submission_id"] = "never-recorded"


def other_answer(folder: Folder) -> None:
    folder.calls[5]["answer"]["last_seq"] += 1


def other_outcome(folder: Folder) -> None:
    folder.calls[5]["outcome"] = "refused"


def untold(folder: Folder) -> None:
    """The facts of an answered call are in no history."""
    folder.histories[SUBJECT] = folder.histories[SUBJECT][:2]


def answered_otherwise(folder: Folder) -> None:
    again = json.loads(json.dumps(folder.calls[4])) | {"step": 900, "again_of": 5}
    again["answer"]["changes"] = [{"what": "another"}]
    folder.calls.append(again)


def ledger_twice(folder: Folder) -> None:
    folder.deliveries.append(folder.deliveries[0])


def ledger_of_nobody(folder: Folder) -> None:
    folder.deliveries.append({"key": f"{SUBJECT}/9999 mail"})


def mail_of_nobody(folder: Folder) -> None:
    (folder.path / "mail" / "new" / "x").write_text(f"X-Trialpath-Notice: {SUBJECT}/2\nTo: a@b\n\n")


def mail_twice(folder: Folder) -> None:
    folder.mail.append(folder.mail[0] | {"at": "2026-11-01T08:01:00+00:00"})


def mail_lost(folder: Folder) -> None:
    (folder.path / "mail" / "new" / "0.eml").unlink()


def terminated(folder: Folder) -> None:
    event = {"eventId": "9", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED"}
    folder.histories[SUBJECT].append(event | {"workflowExecutionTerminatedEventAttributes": {}})


def completed_early(folder: Folder) -> None:
    event = {"eventId": "9", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED"}
    folder.histories[SUBJECT].append(event | {"workflowExecutionCompletedEventAttributes": {}})


def task_failed(folder: Folder) -> None:
    about = {"cause": "WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR", "failure": {"message": "[TMPRL1100]"}}
    event = {"eventId": "9", "eventType": "EVENT_TYPE_WORKFLOW_TASK_FAILED"}
    folder.histories[SUBJECT].append(event | {"workflowTaskFailedEventAttributes": about})


def tried_often(folder: Folder) -> None:
    folder.histories[SUBJECT][1]["workflowTaskScheduledEventAttributes"]["attempt"] = 4


def overdue(folder: Folder) -> None:
    folder.queries[SUBJECT]["show"]["next_due"]["at"] = f"{ago(1)}T00:00:00+00:00"


def waits_for_nothing(folder: Folder) -> None:
    folder.queries[SUBJECT]["show"] |= {"next_due": None, "asks": []}


def silent(folder: Folder) -> None:
    folder.queries[SUBJECT]["show"] = None


def tells_no_facts(folder: Folder) -> None:
    folder.queries[SUBJECT]["facts"] = None


def not_ended(folder: Folder) -> None:
    folder.run["expect"]["ended"] = True


def too_few(folder: Folder) -> None:
    folder.run["expect"]["randomized"] = 2


def other_fact_in_query(folder: Folder) -> None:
    folder.queries[SUBJECT]["facts"][4]["body"] = "{}"


def fact_too_few_in_query(folder: Folder) -> None:
    folder.queries[SUBJECT]["facts"].pop()


def other_state(folder: Folder) -> None:
    folder.queries[SUBJECT]["show"]["arm"] = "COHORT_2"


def no_history(folder: Folder) -> None:
    folder.histories.pop(SUBJECT)
    (folder.path / "histories" / SUBJECT / "run-1.json").unlink()


def body_altered(folder: Folder) -> None:
    folder.sql("UPDATE facts SET body = replace(body, 'R0', 'R1') WHERE kind = 'SurgeryPerformed'")


def row_deleted(folder: Folder) -> None:
    folder.sql("DELETE FROM submissions WHERE kind = 'operability'")


def end_of_stream_moved(folder: Folder) -> None:
    folder.sql("UPDATE facts SET previous_hash = '0' WHERE kind = 'SurgeryPerformed'")


def list_cut(folder: Folder) -> None:
    folder.sql("DELETE FROM allocation_slots WHERE slot = 65")


def canary_in_log(folder: Folder) -> None:
    (folder.path / "logs" / "worker.log").write_text(f'{{"event": "lab", "name": "{CANARY}"}}\n')


def canary_in_history(folder: Folder) -> None:
    folder.run["canaries"] = ["BENMELSTOBART"]


def canary_in_half_a_history(folder: Folder) -> None:
    """A worker was killed while it wrote a file."""
    half = folder.path / "histories" / SUBJECT / ".run.json.gz.1a2b"
    half.parent.mkdir(parents=True, exist_ok=True)
    half.with_name(".run.json.gz.0000").write_bytes(b"")
    half.write_text(CANARY)


def unknown_lost(folder: Folder) -> None:
    """A call without an answer that its history says was refused, and that the journal has not."""
    call = folder.calls[-1]
    folder.histories[SUBJECT] = json.loads(json.dumps(folder.histories[SUBJECT]))
    call |= {"outcome": "unknown", "answer": None}
    folder.sql("UPDATE submissions SET submission_id = 'another' WHERE submission_id = ?", call["submission"])


AFTERWARDS: list[tuple[Doctor, str]] = [
    (lost_call, "I1 .*has no row in the journal"),
    (other_answer, "I1 .*its row says"),
    (other_outcome, "I1 .*its row says"),
    (untold, "I1 .*no history tells its facts"),
    (answered_otherwise, "I2 .*was answered .* at step 5"),
    (ledger_twice, "I3 .*stands 2 times in the ledger"),
    (ledger_of_nobody, "I3 .*/9999 mail was delivered, and no fact asked for it"),
    (mail_of_nobody, "I3 mail .*/2 to a@b was sent, and no fact asked for it"),
    (mail_twice, "I3 mail .*came again at .*; nothing was broken between"),
    (mail_lost, "I3 .*stands in the ledger as accepted, and no mail of it came"),
    (terminated, "I4 .*S001: its last run, run-1, is terminated"),
    (completed_early, "I4 .*is completed, and the study has not ended"),
    (task_failed, "I4 .*failed: .*NON_DETERMINISTIC_ERROR"),
    (tried_often, "I4 .*was tried 4 times"),
    (overdue, "I4 .*has been overdue for"),
    (waits_for_nothing, "I4 .*nothing is due and nobody is asked"),
    (silent, "I4 .*its workflow gives no answer"),
    (tells_no_facts, "I6 .*its workflow gives no answer to facts"),
    (not_ended, "I4 .*it has not ended"),
    (too_few, "I5 1 subjects were randomized, 2 were to be"),
    (other_fact_in_query, "I6 .*S001/5: its workflow and the journal differ in body"),
    (fact_too_few_in_query, "I6 .*facts in the journal, its workflow has"),
    (other_state, "I6 .*shows arm 'COHORT_2', its facts say 'COHORT_1'"),
    (no_history, "I6 .*S001: there is no history of it"),
    (body_altered, "I7 .*SurgeryPerformed|I7 .*is not what was hashed"),
    (row_deleted, "I7 position .* is missing"),
    (end_of_stream_moved, "I7 .*does not follow the row before it in its stream"),
    (list_cut, "I7 .*the sealed list is another one, or not whole"),
    (canary_in_log, "I10 logs/worker.log"),
    (canary_in_history, "I10 histories/patient"),
    (canary_in_half_a_history, "I10 histories/.*1a2b"),
    (unknown_lost, "I11 .*its history says refused, the journal not there"),
]


@doctored(AFTERWARDS)
def test_what_was_changed_afterwards_is_named(
    rows: list[tuple[str, Row]], tmp_path: Path, doctor: Doctor, named: str
) -> None:
    """I1 to I7, I10, I11: files or rows that no longer tell one story."""
    folder = Folder(tmp_path, rows).write()
    doctor(folder)
    folder.save()

    assert_named(found(tmp_path), named)


@pytest.mark.parametrize(
    ("mode", "began", "ended"),
    [("cut", "09:00", "09:01"), ("well", "08:00:30", "08:02"), ("well", "07:59", "08:00:30")],
)
def test_mail_may_come_again_when_something_was_broken(
    rows: list[tuple[str, Row]], tmp_path: Path, mode: str, began: str, ended: str
) -> None:
    """The server did not answer the first one in order, or a fault lay between, or reached into that time."""
    folder = Folder(tmp_path, rows).write()
    folder.mail[0]["mode"] = mode
    mail_twice(folder)
    folder.faults.append({"row": "F1", "at": f"2026-11-01T{began}+00:00", "until": f"2026-11-01T{ended}+00:00"})
    folder.save()

    assert found(tmp_path) == []


def test_a_fault_after_a_notice_reached_somebody_explains_no_mail(rows: list[tuple[str, Row]], tmp_path: Path) -> None:
    """I3: what is on record as delivered is over, whatever is broken later."""
    folder = Folder(tmp_path, rows).write()
    at = datetime.fromisoformat(folder.fact("NoticeReached")["stored_at"])
    first, fault, again = ((at + timedelta(seconds=one)).isoformat() for one in (-1, 1, 2))
    folder.mail[0]["at"] = first
    folder.mail.append(folder.mail[0] | {"at": again})
    folder.faults = [{"row": "F1", "at": fault, "until": fault}]
    folder.save()

    assert [row.split()[0] for row in found(tmp_path)] == ["I3"]


@pytest.mark.parametrize(
    "name",
    ["calls.jsonl", "faults.jsonl", "deliveries.jsonl", "mail.jsonl", "queries.jsonl", "logs", "histories", "mail"],
)
def test_evidence_that_is_missing_is_no_good_evidence(
    rows: list[tuple[str, Row]], tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """What was not looked at is not without violations."""
    Folder(tmp_path, rows).write()
    (tmp_path / name).rename(tmp_path.parent / f"{tmp_path.name}-{name}-elsewhere")

    assert main([str(tmp_path)]) == 3
    assert name in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["calls.jsonl", "faults.jsonl", "deliveries.jsonl", "mail.jsonl", "queries.jsonl", "logs/worker.log"]
)
def test_evidence_that_is_empty_is_no_good_evidence(
    rows: list[tuple[str, Row]], tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """A file that tells nothing is not one without violations."""
    Folder(tmp_path, rows).write()
    (tmp_path / name).write_text("")

    assert main([str(tmp_path)]) == 3
    assert name.split("/", maxsplit=1)[0] in capsys.readouterr().err
