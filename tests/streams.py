"""Whole streams of stored journeys, read from the recorded histories, and journals made of them."""

import json
from functools import cache
from itertools import groupby

from domain.decider import PATIENT, TRIAL, patient_stream, trial_stream
from domain.patient import facts as f
from domain.patient.commands import Begin
from domain.trial import facts as t
from domain.values import Clock
from journal.store import Journal, StoredFact
from tests.given import SITE, TRIAL_ID
from tests.replay.recorded import CLOSED, began, carried, facts_in, steps

NAMES = tuple(sorted({name.rsplit(".closed", 1)[0] for name in CLOSED}))
"""The journeys, for example completed, completed-COHORT_2, detours, screen-failure."""


@cache
def stored_stream(name: str, subject: str = "S001") -> tuple[StoredFact, ...]:
    """Give the whole stream of a stored journey, told of a subject, on the real clock."""
    found: dict[int, StoredFact] = {}
    for run in (run for run in CLOSED if run.startswith(f"{name}.closed")):
        for text in (*carried(began(run)), *(fact for step in steps(run) for fact in facts_in(step))):
            fact = StoredFact(**json.loads(text))
            body = json.loads(fact.body.replace('"S001"', f'"{subject}"'))
            if fact.kind == "SubjectRegistered":
                body["clock"] = Clock.real().model_dump(mode="json")
            found[fact.seq] = fact._replace(body=json.dumps(body, ensure_ascii=False, separators=(",", ":")))
    return tuple(found[seq] for seq in sorted(found))


def facts_of(rows: tuple[StoredFact, ...]) -> list[f.Fact]:
    """Read stored facts."""
    return [PATIENT.fact.validate_json(row.body) for row in rows]


def keep(journal: Journal, stream: str, rows: tuple[StoredFact, ...]) -> None:
    """Append a stream to a journal, submission by submission."""
    for submission_id, group in groupby(rows, key=lambda row: row.submission_id):
        made = list(group)
        first = made[0]
        about = {
            "submission_id": f"{submission_id}/{first.seq}",
            "channel": "update",
            "kind": "told",
            "staff": first.staff,
            "role": first.role,
            "identity": "tests",
            "occurred_at": first.occurred_at,
            "recorded_at": first.recorded_at,
            "stored_at": first.stored_at,
            "outcome": "applied",
            "reason": "",
            "rule": "",
            "field": "",
            "detail": "",
            "accepts": "",
            "first_seq": first.seq,
            "last_seq": made[-1].seq,
            "sha256": "",
            "body": "{}",
        }
        with journal.locked(stream) as locked:
            locked.append(about, made)


def trial_rows(subjects: dict[str, str]) -> tuple[StoredFact, ...]:
    """Give a register's stream in which these subjects are enrolled, each with the begin of its journey."""
    told: list[t.Fact] = []
    for subject, name in subjects.items():
        registered = facts_of(stored_stream(name, subject))[0]
        assert isinstance(registered, f.SubjectRegistered)
        if not told:
            opened = t.TrialOpened(trial=TRIAL_ID, protocol_version="1", clock=registered.clock)
            told += [opened, t.SiteAdded(site=SITE)]
        about = {"trial": TRIAL_ID, "protocol_version": "1", "subject": subject, "site": registered.site}
        about |= {"born_on": registered.born_on, "sex": registered.sex, "clock": registered.clock, "by": "INV1"}
        begin = Begin.model_validate(about | {"role": "INVESTIGATOR"})
        told.append(t.SubjectEnrolled(subject=subject, begin=begin))
    at = next(iter(stored_stream(next(iter(subjects.values())))))
    return tuple(
        at._replace(seq=seq, submission_id=f"trial/{seq}", kind=fact.kind, body=TRIAL.fact.dump_json(fact).decode())
        for seq, fact in enumerate(told, start=1)
    )


def journal_of(url: str, subjects: dict[str, str]) -> Journal:
    """Make a journal that holds a trial with these subjects, each with the stored journey of a name."""
    journal = Journal(url)
    journal.migrate()
    keep(journal, trial_stream(TRIAL_ID), trial_rows(subjects))
    for subject, name in subjects.items():
        keep(journal, patient_stream(TRIAL_ID, subject), stored_stream(name, subject))
    return journal
