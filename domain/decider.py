"""What the shell needs to know of a decider, as a value of functions: one for subjects, one for trials."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter

from domain.last_start import last_first_dose_on
from domain.patient import commands as patient_commands
from domain.patient import history, view
from domain.patient.agenda import due as patient_due
from domain.patient.decide import decide as patient_decide
from domain.patient.decide import revise as patient_revise
from domain.patient.decide import revises
from domain.patient.facts import FACT as PATIENT_FACT
from domain.patient.history import Entry
from domain.patient.journey import Journey
from domain.patient.journey import evolve as patient_evolve
from domain.sharing import parsed
from domain.submission import Submission
from domain.trial import commands as trial_commands
from domain.trial.acts import enrolment_closed
from domain.trial.decide import decide as trial_decide
from domain.trial.facts import FACT as TRIAL_FACT
from domain.trial.facts import ActPassedOn
from domain.trial.register import Register
from domain.trial.register import evolve as trial_evolve
from domain.trial.rescreening import refuse_unless_failed


@dataclass(frozen=True, slots=True)
class Due:
    """The next instant that matters, and what it is for."""

    at: datetime
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """An outside effect without an outcome: its number in the stream and the fact that asked for it."""

    seq: int
    fact: Any


@dataclass(frozen=True, slots=True)
class Voucher:
    """The fact that must stand in another stream for a message of the product's own to be believed."""

    stream: str
    seq: int
    kind: str
    fact: Any = None
    """The fact as it must read, where its content matters too."""


@dataclass(frozen=True, slots=True)
class Decider:
    """How one kind of stream decides, folds and shows itself."""

    initial: Any
    people: Mapping[str, type[BaseModel]]
    system: Mapping[str, type[BaseModel]]
    fact: TypeAdapter[Any]
    decide: Callable[[Any, Submission[Any], datetime], tuple[Any, ...]]
    evolve: Callable[[Any, Any], Any]
    due: Callable[[Any], Due | None]
    attributes: Callable[[Any], Mapping[str, str | int | bool | None]]
    details: Callable[[Any], str]
    chapter: Callable[[Any], str]
    is_over: Callable[[Any], bool]
    show: Callable[[Any], dict[str, Any]]
    voucher: Callable[[str, Any], Voucher | None]
    revises: Callable[[Any], bool] = field(default=lambda _: False)
    """Says whether a command is decided on the whole record, not on its state alone."""
    revise: Callable[[Sequence[Entry], Submission[Any], datetime], tuple[Any, ...]] = field(default=lambda *_: ())
    witness: Callable[[str, Any], str | None] = field(default=lambda *_: None)
    """Name the other stream whose state a command is held against as well, if any: it is read, never written."""
    hold_against: Callable[[Any, Any], None] = field(default=lambda *_: None)
    """Raise Refused when a command does not agree with the state of its witness."""
    rewrites: Callable[[Any], bool] = field(default=lambda _: False)
    effective: Callable[[Sequence[Any]], Sequence[Any]] = field(default=lambda facts: facts)

    def read(self, body: str) -> Any:  # noqa: ANN401 - a fact of either decider
        """Read a fact as stored. Raises pydantic.ValidationError."""
        return parsed(self.fact, body)

    def fold(self, facts: Sequence[Any]) -> Any:  # noqa: ANN401 - the state of either decider
        """Fold facts from the beginning, each as it counts."""
        return reduce(self.evolve, self.effective(facts), self.initial)

    def fold_on(self, state: Any, new: Sequence[Any], every: Callable[[], Sequence[Any]]) -> Any:  # noqa: ANN401 - as above
        """Fold new facts onto a state; `every` fact from the beginning when one rewrites an earlier one."""
        if any(self.rewrites(fact) for fact in new):
            return self.fold(every())
        return reduce(self.evolve, new, state)


def intents(state: Journey | Register) -> tuple[OpenIntent, ...]:
    """Give the outside effects that have no outcome yet, oldest first.

    A subject hears of the sponsor's acts one after the other: the end of a pause never overtakes its beginning.
    """
    found, told = [], set()
    for seq in sorted(state.intents):
        fact = state.intents[seq].fact
        if isinstance(fact, ActPassedOn):
            if fact.subject in told:
                continue
            told.add(fact.subject)
        found.append(OpenIntent(seq, fact))
    return tuple(found)


def _kinds(union: object) -> dict[str, type[BaseModel]]:
    return {model.model_fields["kind"].default: model for model in get_args(union)}


def _patient_due(journey: Journey) -> Due | None:
    item = patient_due(journey)
    return Due(item.at, item.text, item.key) if item else None


def _trial_attributes(register: Register) -> dict[str, str | int | bool | None]:
    epoch = "OPEN" if register.seq else "NEW"
    if register.stop or register.enrolment_pause:
        epoch = "STOPPED" if register.stop else "PAUSED"
    return {"TrialId": register.trial, "Epoch": epoch}


def register_state(register: Register) -> dict[str, Any]:
    """Give the trial's state in plain words and numbers."""
    pause = register.dosing_pause
    return {
        "trial": register.trial,
        "protocol_version": register.protocol_version,
        "sites": sorted(register.sites),
        "staff": len({row.staff for row in register.staff}),
        "enrolled": len(register.subjects),
        "randomized": len(register.allocations),
        "arms": register.arm_counts() if register.seq else {},
        "target": register.protocol.target if register.seq else None,
        "last_first_dose_on": str(last_first_dose_on(register.protocol)) if register.seq else None,
        "enrolment": enrolment_closed(register) or "open",
        "dosing": f"paused by {pause.by}: {pause.why}" if pause else "on",
        "icf_versions": [row.version for row in register.icf_versions],
        "allocation_list_sha256": register.sha256 or None,
        "open_intents": len(register.intents),
        "facts": register.seq,
    }


def _trial_details(register: Register) -> str:
    rows = "\n".join(f"| {name} | {value} |" for name, value in register_state(register).items())
    return f"## Trial {register.trial}\n\n| | |\n|---|---|\n{rows}"


def _allocation_voucher(stream: str, command: Any) -> Voucher | None:  # noqa: ANN401 - any command of the register
    """Name the request in a subject's stream that makes an outside call for a slot believed."""
    if isinstance(command, trial_commands.AllocateSlot):
        return Voucher(patient_stream(trial_of(stream), command.subject), command.request, "AllocationRequested")
    return None


def _act_voucher(stream: str, command: Any) -> Voucher | None:  # noqa: ANN401 - any command of a subject
    """Name the fact in the register's stream that passes this very act on to this very subject."""
    if not isinstance(command, patient_commands.TrialActCommand):
        return None
    word = command.model_copy(update={"request": 0})
    fact = ActPassedOn(subject=stream.rsplit("-", 1)[1], act=command.kind, word=word)
    return Voucher(trial_stream(trial_of(stream)), command.request, fact.kind, fact)


def _earlier_screening(stream: str, command: Any) -> str | None:  # noqa: ANN401 - any command of the register
    """Name the stream of the number under which a person to be screened again was screened before."""
    if isinstance(command, trial_commands.Enroll) and command.rescreening_of is not None:
        return patient_stream(trial_of(stream), command.rescreening_of)
    return None


PATIENT = Decider(
    initial=Journey(),
    people=_kinds(patient_commands.FromPeople),
    system=_kinds(patient_commands.FromSystem),
    fact=PATIENT_FACT,
    decide=patient_decide,
    evolve=patient_evolve,
    due=_patient_due,
    attributes=view.attributes,
    details=view.details,
    chapter=view.chapter,
    is_over=lambda journey: journey.is_over and patient_due(journey) is None,
    show=view.state,
    voucher=_act_voucher,
    revises=revises,
    revise=patient_revise,
    rewrites=history.rewrites,
    effective=history.effective,
)
TRIAL = Decider(
    initial=Register(),
    people=_kinds(trial_commands.FromPeople),
    system=_kinds(trial_commands.FromSystem),
    fact=TRIAL_FACT,
    decide=trial_decide,
    evolve=trial_evolve,
    due=lambda _: None,
    attributes=_trial_attributes,
    details=_trial_details,
    chapter=lambda _: "TRIAL",
    is_over=lambda _: False,
    show=register_state,
    voucher=_allocation_voucher,
    witness=_earlier_screening,
    hold_against=refuse_unless_failed,
)

_PATIENT_STREAM = re.compile(r"^patient-(?P<trial>[A-Z0-9]{3,30})-(?P<subject>S[0-9]{3,6})$")
_TRIAL_STREAM = re.compile(r"^trial-(?P<trial>[A-Z0-9]{3,30})$")


def patient_stream(trial: str, subject: str) -> str:
    """Give the name of a subject's stream, which is also its workflow id."""
    return f"patient-{trial}-{subject}"


def trial_stream(trial: str) -> str:
    """Give the name of a trial's stream, which is also its workflow id."""
    return f"trial-{trial}"


def trial_of(stream: str) -> str:
    """Give the trial a stream belongs to. Raises ValueError for a name that is no stream."""
    match = _PATIENT_STREAM.fullmatch(stream) or _TRIAL_STREAM.fullmatch(stream)
    if match is None:
        raise ValueError(f"{stream!r} is not a stream: patient-<trial>-<subject> or trial-<trial>")
    return match["trial"]


def decider_of(stream: str) -> Decider:
    """Give the decider of a stream. Raises ValueError for a name that is no stream."""
    trial_of(stream)
    return PATIENT if stream.startswith("patient-") else TRIAL
