"""The protocols this program can run, by trial and version. Another trial is another value here."""

from domain.nct06978153 import PROTOCOL as NCT06978153_V1
from domain.protocol import Protocol

PROTOCOLS: dict[tuple[str, str], Protocol] = {("NCT06978153", "1"): NCT06978153_V1}


class UnknownTrialError(LookupError):
    """A trial that is not in the catalogue."""


def protocol(trial: str, version: str) -> Protocol:
    """Give the protocol of a trial and version. Raises KeyError when it is not in the catalogue."""
    return PROTOCOLS[trial, version]


def latest(trial: str) -> Protocol:
    """Give the newest version of a trial's protocol. Raises UnknownTrialError when the catalogue has no such trial."""
    versions = [key for key in PROTOCOLS if key[0] == trial]
    if not versions:
        raise UnknownTrialError(f"{trial} is not known; accepted: {', '.join(sorted({key[0] for key in PROTOCOLS}))}")
    return PROTOCOLS[max(versions, key=lambda key: int(key[1]))]
