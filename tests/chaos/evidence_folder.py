"""A small evidence folder: a subject up to C4, told by the product's own `record`; the rest is written beside it.

A test changes rows, or the files, in one way and must see the checker name it.
"""

import base64
import copy
import json
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from activities.recorder import Recorder
from chaos.checker.__main__ import violations
from domain.decider import decider_of, patient_stream, trial_stream
from domain.intake import derived_id, system_message
from domain.values import Clock
from journal.store import Journal
from tests.server.past import TRIAL, Past, ago, in_adjuvant, noon, opening, request, sent
from workflows.client import Submitted

SUBJECT = patient_stream(TRIAL, "S001")
REGISTER = trial_stream(TRIAL)
CANARY = "Ouyang Nobody"
SLOTS = 66
COLUMNS = {
    "submissions": "position stream submission_id channel kind staff role identity occurred_at recorded_at stored_at "
    "outcome reason rule field detail accepts first_seq last_seq sha256 body previous_hash hash chain",
    "facts": "position stream seq submission_id kind staff role occurred_at recorded_at stored_at body previous_hash "
    "hash chain",
}
SELECTED = {"submissions": "SELECT * FROM submissions", "facts": "SELECT * FROM facts"}
Row = dict[str, Any]


def told(folder: Path) -> list[tuple[str, Row]]:
    """Tell a subject's way up to C4 and what was refused on it; give the rows of the journal in order."""
    journal = Journal(f"sqlite:///{folder / 'product.db'}")
    journal.migrate()
    recorder = Recorder(journal)
    opened = Submitted("open_trial", opening(TRIAL, Clock.real()), staff="SPO1", role="SPONSOR")
    recorder.record(request(REGISTER, 0, noon(ago(200)), sent(opened)))
    _register(recorder, noon(ago(200)), "list_sealed", slots=SLOTS, sha256="0" * 64)
    past = in_adjuvant(journal, TRIAL, ago(3), "COHORT_1")
    _allocated(recorder, past)
    past.at_rest()
    refused = Submitted("pathology", {"reported_on": str(ago(1)), "resection": "R1"}, staff="PAT1")
    recorder.record(request(SUBJECT, past.journey.seq, noon(ago(0)), sent(refused)))
    journal.close()
    with sqlite3.connect(folder / "product.db") as file:
        file.row_factory = sqlite3.Row
        rows = [(table, dict(row)) for table in COLUMNS for row in file.execute(SELECTED[table])]
    return sorted(rows, key=lambda row: row[1]["position"])


def _register(recorder: Recorder, at: datetime, kind: str, **fields: object) -> None:
    """Say something to the register as the product itself, as the outcome of its newest intent."""
    state = recorder.state(REGISTER)
    asked = max(state.intents)
    message = system_message(kind, {"request": asked, **fields}, derived_id(f"{REGISTER}/{asked}", "outcome"))
    recorder.record(request(REGISTER, state.seq, at, message))


def _allocated(recorder: Recorder, past: Past) -> None:
    """Let the register tell the slot that the subject got."""
    asked = system_message("allocate_slot", {"subject": "S001", "request": 1}, "allocate-S001")
    recorder.record(request(REGISTER, recorder.state(REGISTER).seq, noon(ago(0)), asked))
    _register(recorder, noon(ago(0)), "slot_opened", arm=past.journey.arm)


class Folder:
    """An evidence folder in the making: rows that may be changed, then files."""

    def __init__(self, path: Path, rows: list[tuple[str, Row]]) -> None:
        """Begin with rows of a good run."""
        self.path = path
        self.rows = copy.deepcopy(rows)

    def fact(self, kind: str, nth: int = 0, stream: str = SUBJECT) -> Row:
        """Give a fact's row, the nth of its kind."""
        return [row for table, row in self.rows if table == "facts" and (row["stream"], row["kind"]) == (stream, kind)][
            nth
        ]

    def submission(self, kind: str, nth: int = 0, stream: str = SUBJECT) -> Row:
        """Give a submission's row, the nth of its kind."""
        found = [row for table, row in self.rows if table == "submissions" and row["stream"] == stream]
        return [row for row in found if row["kind"] == kind][nth]

    def changed(self, kind: str, nth: int = 0, stream: str = SUBJECT, **fields: object) -> None:
        """Change fields of a fact's body."""
        row = self.fact(kind, nth, stream)
        row["body"] = json.dumps(json.loads(row["body"]) | fields)

    def more(self, kind: str, **fields: object) -> None:
        """Add a fact of the product's own at the end of the subject's stream."""
        last = self.facts(SUBJECT)[-1]
        about = {"stream": SUBJECT, "submission_id": f"more-{len(self.rows)}", "kind": kind, "staff": "SYSTEM"}
        about |= {"role": "SYSTEM", "occurred_at": None} | {name: last[name] for name in ("recorded_at", "stored_at")}
        seq = last["seq"] + 1
        row = dict.fromkeys(COLUMNS["submissions"].split(), "") | about | {"channel": "system", "outcome": "applied"}
        self.rows.append(("submissions", row | {"first_seq": seq, "last_seq": seq}))
        self.rows.append(("facts", about | {"seq": seq, "body": json.dumps({"kind": kind, **fields})}))

    def facts(self, stream: str) -> list[Row]:
        """Give the rows of a stream's facts."""
        return [row for table, row in self.rows if table == "facts" and row["stream"] == stream]

    def write(self) -> "Folder":
        """Write everything as the rows say."""
        self._chain()
        self._journal()
        self.calls = list(self._calls())
        self.histories = {stream: self._history(stream) for stream in (REGISTER, SUBJECT)}
        self.queries = {stream: self._query(stream) for stream in (REGISTER, SUBJECT)}
        keys = [
            f"{SUBJECT}/{json.loads(row['body'])['notice']}"
            for row in self.facts(SUBJECT)
            if row["kind"] == "NoticeReached"
        ]
        self.deliveries = [{"key": f"{key} mail", "delivered_at": str(datetime.now(UTC))} for key in keys]
        mail = self.path / "mail" / "new"
        mail.mkdir(parents=True)
        for number, key in enumerate(keys):
            (mail / f"{number}.eml").write_text(f"X-Trialpath-Notice: {key}\nTo: site@hospital.example\n\nS001\n")
        at = "2026-11-01T08:00:00+00:00"
        self.mail = [
            {"at": at, "key": key, "to": ["site@hospital.example"], "mode": "well", "kept": 1, "answer": "250 OK"}
            for key in keys
        ]
        self.faults = [{"row": "F1", "at": "2026-11-01T07:00:00+00:00", "until": "2026-11-01T07:01:00+00:00"}]
        self.run: Row = {"seed": "7", "rows": ["F1"], "trial": TRIAL, "journal_url": "", "site": {"code": "TDH"}}
        self.run |= {"participants": 1, "expect": {"randomized": 1, "ended": False}, "canaries": [CANARY]}
        (self.path / "logs").mkdir()
        (self.path / "logs" / "worker.log").write_text('{"event": "worker ready"}\n')
        return self.save()

    def save(self) -> "Folder":
        """Write the files beside the journal again, after one was changed."""
        (self.path / "run.json").write_text(json.dumps(self.run))
        for name in ("calls", "deliveries", "mail", "faults"):
            lines = [json.dumps(row) for row in getattr(self, name)]
            (self.path / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
        (self.path / "queries.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in self.queries.values()))
        for stream, events in self.histories.items():
            file = self.path / "histories" / stream / "run-1.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"events": events}))
        return self

    def sql(self, statement: str, *values: object) -> None:
        """Change the written journal behind everybody's back."""
        with sqlite3.connect(self.path / "journal.db") as file:
            assert file.execute(statement, values).rowcount > 0

    def _chain(self) -> None:
        chain, ends = "0" * 64, dict[str, str]()
        for position, (table, row) in enumerate(self.rows, start=1):
            columns = COLUMNS[table].split()[1:-3]
            row["previous_hash"] = ends.get(row["stream"], "0" * 64)
            content = [table.removesuffix("s"), *(row[name] for name in columns), row["previous_hash"]]
            text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
            row["hash"] = ends[row["stream"]] = sha256(text.encode()).hexdigest()
            row["chain"] = chain = sha256((chain + row["hash"]).encode()).hexdigest()
            row["position"] = position

    def _journal(self) -> None:
        with sqlite3.connect(self.path / "journal.db") as file:
            for table, columns in COLUMNS.items():
                file.execute(f"CREATE TABLE {table} ({', '.join(columns.split())})")
            for table, row in self.rows:
                names = COLUMNS[table].split()
                marks = ", ".join("?" * len(names))
                file.execute(f"INSERT INTO {table} VALUES ({marks})", [row[name] for name in names])  # noqa: S608 - a table of COLUMNS
            file.execute("CREATE TABLE allocation_lists (trial, sha256, slots)")
            file.execute("CREATE TABLE allocation_slots (trial, slot)")
            file.execute("INSERT INTO allocation_lists VALUES (?, ?, ?)", [TRIAL, "0" * 64, SLOTS])
            file.executemany("INSERT INTO allocation_slots VALUES (?, ?)", [(TRIAL, slot) for slot in range(SLOTS)])

    def _calls(self) -> Iterator[Row]:
        sent_by_people = [row for table, row in self.rows if table == "submissions" and row["channel"] == "update"]
        for step, row in enumerate(sent_by_people, start=1):
            named = {"stream": row["stream"], "submission": row["submission_id"], "kind": row["kind"]}
            told = {"outcome": row["outcome"], "answer": self.answer(row)}
            yield {"step": step, **named, "fields": {}, **told, "again_of": None}

    def answer(self, row: Row) -> Row:
        """Give the answer to a submission, as it is told."""
        named = ("submission_id", "outcome", "first_seq", "last_seq", "reason", "rule", "field", "detail", "accepts")
        kinds = [fact["kind"] for fact in self.facts(row["stream"]) if fact["submission_id"] == row["submission_id"]]
        told = {name: row[name] for name in named if row[name]}
        return told | ({"facts": kinds} if kinds else {})

    def _history(self, stream: str) -> list[Row]:
        names = COLUMNS["facts"].split()[2:-3]
        lines = [json.dumps({name: row[name] for name in names}) for row in self.facts(stream)]
        sent = [row for table, row in self.rows if table == "submissions" and row["stream"] == stream]
        step = {"seq": len(lines), "facts": [], "packed": _packed(lines), "answers": [self.answer(row) for row in sent]}
        details = {"data": _payloads({"activity_type": "record"}), "result": _payloads(step)}
        started = {"input": _payloads({"stream": stream, "carry": None})}
        return [
            _event(1, "WORKFLOW_EXECUTION_STARTED", "workflowExecutionStarted", started),
            _event(2, "WORKFLOW_TASK_SCHEDULED", "workflowTaskScheduled", {"attempt": 1}),
            _event(3, "MARKER_RECORDED", "markerRecorded", {"markerName": "core_local_activity", "details": details}),
        ]

    def _query(self, stream: str) -> Row:
        names, decider = COLUMNS["facts"].split()[2:-3], decider_of(stream)
        rows = self.facts(stream)
        facts = [{name: row[name] for name in names} for row in rows]
        try:
            state = decider.fold([decider.fact.validate_json(row["body"]) for row in rows])
            shown = json.loads(json.dumps(decider.show(state), default=str))
        except KeyError:  # a cycle that the protocol does not have: the product cannot show it
            return {"workflow": stream, "open": True, "show": None, "facts": facts}
        return {"workflow": stream, "open": True, "show": shown, "facts": facts}


Doctor = Callable[[Folder], object]


def doctored(ways: list[tuple[Doctor, str]]) -> pytest.MarkDecorator:
    """Give a test each way of doctoring a folder, and how the violation begins that names it."""
    return pytest.mark.parametrize(("doctor", "named"), ways, ids=[doctor.__name__ for doctor, _ in ways])


def found(folder: Path) -> list[str]:
    """Give the violations of a folder as they are printed."""
    return [f"{row.invariant} {row.what}" for row in violations(folder)]


def assert_named(said: list[str], named: str) -> None:
    """Fail unless a violation reads as expected."""
    assert any(re.match(named, line) for line in said), said


def _event(number: int, kind: str, attributes: str, about: Row) -> Row:
    at = (datetime.now(UTC) + timedelta(seconds=number)).isoformat()
    named = {"eventId": str(number), "eventTime": at, "eventType": f"EVENT_TYPE_{kind}"}
    return named | {f"{attributes}EventAttributes": about}


def _payloads(value: object) -> Row:
    data = base64.b64encode(json.dumps(value).encode()).decode()
    return {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": data}]}


def _packed(lines: list[str]) -> str:
    return base64.b64encode(zlib.compress("\n".join(lines).encode())).decode()
