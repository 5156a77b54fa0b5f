"""What the trial's register passes on to a subject: the sponsor's acts. `request` numbers the register's own fact."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from domain.values import Code, Frozen, Text


class IcfVersion(Frozen):
    """A version of the informed consent form, and since when it is approved. Without a date: since the beginning."""

    version: Code = Field(description="ICF version, for example V1.0")
    approved_on: date | None = None


FIRST_ICF = (IcfVersion(version="V1.0"),)
"""What was approved in a trial that was opened before versions were recorded."""


class DosingPause(Frozen):
    """Since when the sponsor has paused dosing, and why."""

    paused_at: AwareDatetime
    why: str


class LearnIcf(IcfVersion):
    """A version of the informed consent form was approved; who consented to another one is asked until the deadline."""

    kind: Literal["icf_approved"] = "icf_approved"
    request: int = 0
    deadline: date


class LearnDosingPause(DosingPause):
    """The sponsor paused dosing."""

    kind: Literal["dosing_paused"] = "dosing_paused"
    request: int = 0


class LearnDosingResumption(Frozen):
    """The sponsor resumed dosing."""

    kind: Literal["dosing_resumed"] = "dosing_resumed"
    request: int = 0
    resumed_at: AwareDatetime


class LearnTrialStop(Frozen):
    """The sponsor stopped the trial early."""

    kind: Literal["trial_stopped"] = "trial_stopped"
    request: int = 0
    stopped_at: AwareDatetime
    why: Text


TrialActCommand = LearnIcf | LearnDosingPause | LearnDosingResumption | LearnTrialStop
Word = Annotated[TrialActCommand, Field(discriminator="kind")]
"""One of them as the register keeps it, until the subject's journey has it."""
