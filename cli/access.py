"""How the commands reach settings, journal and Temporal, with a clear word when they cannot."""

from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from cli.main import MALFORMED, UNREACHABLE, Failed
from domain.decider import PATIENT, TRIAL, patient_stream, trial_stream
from domain.patient.journey import Journey
from domain.trial.register import Register
from journal.store import Journal, JournalAway, JournalUnusableError, StoredFact
from settings import Settings, wrong_settings


def settings() -> Settings:
    """Read the settings. Raises Failed naming the wrong one."""
    try:
        return Settings()
    except ValidationError as problem:
        raise Failed(MALFORMED, wrong_settings(problem)[0]) from None


def journal(known: Settings) -> Journal:
    """Open the journal for reading. Raises Failed when there is none, or one of another schema."""
    store = unread_journal(known)
    try:
        store.check_version()
    except (JournalAway, JournalUnusableError) as problem:
        raise Failed(UNREACHABLE, f"the journal cannot be read: {problem}") from None
    return store


def unread_journal(known: Settings) -> Journal:
    """Open the journal without a look at it, for who may not need it. Raises Failed when there is none."""
    try:
        store = Journal(known.url)
    except JournalUnusableError as problem:
        raise Failed(UNREACHABLE, f"setting TRIALPATH_JOURNAL_URL: {problem}") from None
    file = store.engine.url.database
    if store.engine.dialect.name == "sqlite" and not Path(file or "").exists():
        raise Failed(UNREACHABLE, f"there is no journal at {file}: start with `starter.py up` or `demo`")
    return store


def facts(store: Journal, stream: str) -> list[StoredFact]:
    """Read a stream. Raises Failed when the journal cannot be read."""
    try:
        return store.facts(stream)
    except (JournalAway, SQLAlchemyError) as problem:
        raise Failed(UNREACHABLE, f"the journal cannot be read: {problem.__cause__ or problem}") from None


def register(store: Journal, trial: str) -> Register:
    """Fold the trial's register. Raises Failed when the trial is not open."""
    rows = facts(store, trial_stream(trial))
    if not rows:
        raise Failed(UNREACHABLE, f"trial {trial} is not open: `starter.py open` first")
    found: Register = TRIAL.fold([TRIAL.read(row.body) for row in rows])
    return found


def subject_facts(store: Journal, trial: str, subject: str) -> list[StoredFact]:
    """Read a subject's stream. Raises Failed when there is none."""
    rows = facts(store, patient_stream(trial, subject))
    if not rows:
        known = register(store, trial).subjects
        accepted = f"{min(known)} to {max(known)}" if known else "enroll first"
        raise Failed(2, f"UNKNOWN_SUBJECT: there is no subject {subject}; accepted: {accepted}")
    return rows


def journey(store: Journal, trial: str, subject: str) -> Journey:
    """Fold a subject's journey. Raises Failed when there is none."""
    return folded(subject_facts(store, trial, subject))


def folded(rows: list[StoredFact]) -> Journey:
    """Fold a subject's stored facts."""
    found: Journey = PATIENT.fold([PATIENT.read(row.body) for row in rows])
    return found
