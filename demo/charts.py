"""Subjects' charts as the journal shows them: read, folded and kept up to date. It writes nothing."""

from sqlalchemy import RowMapping

from domain.decider import PATIENT, TRIAL, patient_stream, trial_stream
from domain.patient.journey import Journey
from domain.patient.view import phase
from domain.trial.register import Register
from journal.store import Journal, StoredFact


class Charts:
    """The streams of one trial, read again only beyond what is known."""

    def __init__(self, journal: Journal, trial: str) -> None:
        """Read from a journal."""
        self.journal = journal
        self.trial = trial
        self._facts: dict[str, list[StoredFact]] = {}
        self._journeys: dict[str, Journey] = {}
        self._register = Register()

    def journey(self, subject: str) -> Journey:
        """Give a subject's journey as the journal has it now."""
        new = [PATIENT.read(row.body) for row in self._read(patient_stream(self.trial, subject))]
        known = self._journeys.get(subject, Journey())
        journey: Journey = PATIENT.fold_on(known, new, lambda: [PATIENT.read(row.body) for row in self.facts(subject)])
        self._journeys[subject] = journey
        return journey

    def register(self) -> Register:
        """Give the trial's register as the journal has it now."""
        for row in self._read(trial_stream(self.trial)):
            self._register = TRIAL.evolve(self._register, TRIAL.read(row.body))
        return self._register

    def refresh(self) -> dict[str, Journey]:
        """Read what is new of every enrolled subject, and give their journeys by subject number."""
        heads = self.journal.heads()
        for subject in self.register().subjects:
            stream = patient_stream(self.trial, subject)
            if heads.get(stream, 0) > len(self._facts.get(stream, ())):
                self.journey(subject)
        return dict(self._journeys)

    def facts(self, subject: str) -> list[StoredFact]:
        """Give the facts of a subject read so far."""
        return self._facts.get(patient_stream(self.trial, subject), [])

    def refused(self) -> list[RowMapping]:
        """Give every refusal on record, of the trial and of its subjects."""
        streams = [trial_stream(self.trial), *(patient_stream(self.trial, subject) for subject in self._journeys)]
        rows = (row for stream in streams for row in self.journal.submissions(stream))
        return [row for row in rows if row["outcome"] == "refused"]

    def phase(self, subject: str) -> str:
        """Give the epoch a subject is in, or how the study ended for it."""
        return phase(self._journeys.get(subject, Journey()))

    def _read(self, stream: str) -> list[StoredFact]:
        known = self._facts.setdefault(stream, [])
        new = self.journal.facts(stream, len(known))
        known.extend(new)
        return new
