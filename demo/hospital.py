"""The simulated site: its staff and its laboratory. Staff act through the public client and nothing else."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from activities.contract import Answer
from demo import laboratory
from demo.charts import Charts
from demo.pace import Pace
from domain.catalogue import latest
from domain.patient.journey import Journey
from domain.patient.unread import unread
from domain.values import Clock, Sex, Site
from workflows.client import Submitted, TrialClient

SITE = Site(code="TDH")
STAFF = {
    "COORDINATOR": "CRC1",
    "INVESTIGATOR": "INV1",
    "SURGEON": "SUR1",
    "PATHOLOGIST": "PAT1",
    "PHARMACIST": "PHA1",
    "MONITOR": "MON1",
    "SPONSOR": "SPO1",
}
LOOK_SECONDS = 0.04
PATIENCE_SECONDS = 30.0
REPORTED_AFTER = timedelta(minutes=40)
NOTHING_ABNORMAL: Mapping[str, Decimal | str] = MappingProxyType({})


class Unexpected(Exception):
    """The trial did not go as the script says: a refusal, or something awaited that did not come."""


def opening(trial: str, clock: Clock, since: date) -> dict[str, Any]:
    """Give the fields of `open_trial` for the simulated site and its staff."""
    protocol = latest(trial)
    return {
        "trial": protocol.trial,
        "protocol_version": protocol.version,
        "clock": clock.model_dump(mode="json"),
        "sites": [SITE.model_dump(mode="json")],
        "staff": [{"staff": code, "roles": [role], "valid_from": str(since)} for role, code in STAFF.items()],
    }


class Desk(Protocol):
    """Where the laboratory hands out its results."""

    async def report(self, subject: str, name: str, bundle: Mapping[str, Any]) -> None:
        """Report a sample's results, under a name, for a subject."""


@dataclass(frozen=True, slots=True)
class FolderDesk:
    """Results as files in a folder."""

    folder: Path

    async def report(self, subject: str, name: str, bundle: Mapping[str, Any]) -> None:  # noqa: ARG002 - in the name
        """Drop the results, a file a sample."""
        laboratory.drop(self.folder, name, bundle)


@dataclass(frozen=True, slots=True)
class Hospital:
    """What everyone who plays staff shares."""

    client: TrialClient
    charts: Charts
    pace: Pace
    desk: Desk
    seed: str

    async def act(
        self, subject: str, role: str, kind: str, at: datetime, fields: Mapping[str, object], *, refused: str = ""
    ) -> None:
        """Send a command for a subject when its instant comes. Raises Unexpected unless it goes as the script says."""
        await self.pace.until(at)
        submitted = Submitted(kind, _plain(fields), staff=STAFF[role], role=role)
        answer = await self.client.to_subject(subject, submitted)
        self.pace.answered(at, f"{subject} {kind}")
        told(f"{subject} {kind}", answer, refused)

    async def acknowledge(self, subject: str) -> None:
        """Have the investigator acknowledge at once what waits for it. Raises Unexpected."""
        for one in tuple(unread(self.charts.journey(subject))):
            await self.act(subject, "INVESTIGATOR", "acknowledge", self.pace.now(), {"notice": one.number})

    async def until(self, subject: str, holds: Callable[[Journey], bool], what: str) -> Journey:
        """Wait until something holds in a subject's chart. Raises Unexpected when it does not come."""
        for _ in range(int(PATIENCE_SECONDS / LOOK_SECONDS)):
            journey = self.charts.journey(subject)
            if holds(journey):
                return journey
            await asyncio.sleep(LOOK_SECONDS)
        raise Unexpected(f"{subject}: waited {PATIENCE_SECONDS:.0f} s for {what}; phase {self.charts.phase(subject)}")

    async def sample(
        self,
        subject: str,
        sex: Sex,
        collected_at: datetime,
        abnormal: Mapping[str, Decimal | str] = NOTHING_ABNORMAL,
        also: Collection[str] = (),
    ) -> None:
        """Take a sample when its instant comes, and let the laboratory report it, with tests beside the usual ones."""
        await self.pace.until(collected_at + REPORTED_AFTER)
        bundle = self._measured(subject, sex, collected_at, abnormal, also)
        await self.desk.report(subject, f"{subject}-{collected_at:%Y%m%dT%H%MZ}", bundle)

    def printed(
        self, subject: str, sex: Sex, collected_at: datetime, also: Collection[str] = ()
    ) -> list[dict[str, str]]:
        """Give the results of a sample as a person types them in from a printed report."""
        entries = self._measured(subject, sex, collected_at, NOTHING_ABNORMAL, also)["entry"]
        return [typed_in(entry["resource"]) for entry in entries]

    def _measured(
        self,
        subject: str,
        sex: Sex,
        collected_at: datetime,
        abnormal: Mapping[str, Decimal | str],
        also: Collection[str],
    ) -> dict[str, Any]:
        return laboratory.result_set(
            seed=self.seed,
            subject=subject,
            collected_at=collected_at,
            issued_at=collected_at + REPORTED_AFTER,
            sex=sex,
            abnormal=abnormal,
            also=also,
        )

    def same_number(self, subject: str) -> None:
        """Raise Unexpected unless a subject is the one enrolled last."""
        last = max(self.charts.register().subjects, default="none")
        if last != subject:
            raise Unexpected(f"{subject} was to be enrolled, the register's last is {last}")


def told(what: str, answer: Answer, refused: str = "") -> None:
    """Raise Unexpected unless an answer is the one expected: applied, or refused for a named reason."""
    if answer.reason != refused:
        raise Unexpected(f"{what}: {answer.sentence() if answer.reason else f'applied, but {refused} was expected'}")


def typed_in(observation: Mapping[str, Any]) -> dict[str, str]:
    """Give an Observation as a person types it in."""
    typed = {"code": observation["code"]["coding"][0]["code"], "collected_at": observation["effectiveDateTime"]}
    if "valueCodeableConcept" in observation:
        return typed | {"value": observation["valueCodeableConcept"]["text"]}
    quantity, limits = observation["valueQuantity"], observation["referenceRange"][0]
    return typed | {
        "value": str(quantity["value"]),
        "unit": quantity["code"],
        "upper_limit": str(limits["high"]["value"]),
        "lower_limit": str(limits["low"]["value"]),
    }


def _plain(fields: Mapping[str, object]) -> dict[str, Any]:
    """Write dates as a client does."""
    return {name: str(value) if isinstance(value, date) else value for name, value in fields.items()}
