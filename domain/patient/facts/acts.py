"""Consent versions, what the sponsor did to the whole trial, and signatures."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from domain.patient.commands.acts import DosingPause, IcfVersion
from domain.protocol import Role
from domain.values import Code, Frozen


class IcfApproved(IcfVersion):
    kind: Literal["IcfApproved"] = "IcfApproved"


class ReconsentAsked(Frozen):
    """The subject's consent is to another version. Past the deadline dosing waits."""

    kind: Literal["ReconsentAsked"] = "ReconsentAsked"
    version: Code
    deadline: date


class DosingPaused(DosingPause):
    kind: Literal["DosingPaused"] = "DosingPaused"


class DosingResumed(Frozen):
    kind: Literal["DosingResumed"] = "DosingResumed"
    resumed_at: AwareDatetime


class SignatureAsked(Frozen):
    """A fact awaits the signature of one of these roles. `act` is the kind of command that led to it."""

    kind: Literal["SignatureAsked"] = "SignatureAsked"
    fact: int
    act: str
    to: tuple[Role, ...]
    asked_on: date


class FactSigned(Frozen):
    """Facts were signed. Who did it stands in the submission; `meaning` is what the signature says."""

    kind: Literal["FactSigned"] = "FactSigned"
    facts: tuple[int, ...]
    meaning: str
    signed_at: AwareDatetime
    proof: str = ""


ActFact = IcfApproved | ReconsentAsked | DosingPaused | DosingResumed | SignatureAsked | FactSigned
