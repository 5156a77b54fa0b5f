"""Operations are told of a laboratory to be mended, and of what the watchdog found: once a day for each cause."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Self, cast

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import telling
from activities.adapters.file_sink import FileSink
from activities.contract import EffectRequest
from activities.ports import LaboratoryAway, LaboratoryTrouble, LaboratoryUnfit, Notice, NoticeSink, SealedList
from activities.recorder import Recorder
from activities.report import Finding
from activities.world import LAB_MENDING, World
from domain.labs import ReportedResult
from domain.patient.facts import LabsOrdered
from domain.values import Clock

NOW = datetime.now(UTC)


@dataclass
class Broken:
    """A laboratory that answers every question with this trouble."""

    trouble: type[LaboratoryTrouble]
    says: str

    def results(
        self,
        subject: str,
        since: datetime | None = None,  # noqa: ARG002 - it has none
        changed_since: datetime | None = None,  # noqa: ARG002 - as above
    ) -> Sequence[ReportedResult]:
        """Give nothing."""
        raise self.trouble(self.says.replace("{subject}", subject))

    def check(self) -> str:
        """Say so."""
        return self.says


def asked(sink: NoticeSink, subject: str, says: str, trouble: type[LaboratoryTrouble] = LaboratoryUnfit) -> Any:
    """Let an order of a subject meet a broken laboratory; give the error with which it is tried again."""
    order = LabsOrdered(
        purpose="GATE", cycle=2, analytes=("HB",), after=NOW - timedelta(days=2), give_up_at=NOW + timedelta(days=1)
    )
    nobody = cast("Any", None)
    world = World(
        client=cast("Client", nobody),
        recorder=cast("Recorder", nobody),
        laboratory=Broken(trouble, says),
        sink=sink,
        sealed_list=cast("SealedList", nobody),
    )
    request = EffectRequest(
        stream=f"patient-NCT06978153-{subject}",
        key="x/1",
        seq=1,
        at=NOW,
        clock=Clock.real(),
        payload=order.model_dump(mode="json"),
    )
    environment = ActivityEnvironment()
    environment.info = environment.info.__class__(**{**environment.info.__dict__, "started_time": NOW})
    with pytest.raises(ApplicationError) as raised:
        environment.run(world.fetch_labs, request)
    return raised.value


def told(path: Path) -> list[dict[str, Any]]:
    """Give what operations were told."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_each_cause_is_told_once_a_day_whoever_s_order_meets_it(tmp_path: Path) -> None:
    """A hundred orders and a restart are one notice; another cause is another one. No subject is named."""
    path = tmp_path / "notices.jsonl"
    for subject in ("S001", "S002", "S001"):
        for says in ("answers 401: look at the token", "the answer for {subject} is of other subjects"):
            problem = asked(FileSink(path), subject, says)
            assert (problem.type, problem.next_retry_delay) == ("LaboratoryUnfit", LAB_MENDING)

    found = told(path)
    assert [(row["notice"], row["to"], row["urgent"]) for row in found] == [
        ("LABORATORY_UNFIT", ["OPERATIONS"], True)
    ] * 2
    assert [row["text"] for row in found] == [
        "answers 401: look at the token",
        "the answer for a subject is of other subjects",
    ]
    assert all(row["key"].startswith(f"laboratory/{datetime.now(UTC).date()}/") for row in found)


def test_a_laboratory_that_is_away_is_no_notice(tmp_path: Path) -> None:
    """That passes by itself."""
    assert asked(FileSink(tmp_path / "notices.jsonl"), "S001", "no answer", LaboratoryAway).type == "LaboratoryAway"
    assert told(tmp_path / "notices.jsonl") == []


def test_an_order_goes_on_when_operations_cannot_be_told(tmp_path: Path) -> None:
    """The next try tells them."""
    (tmp_path / "notices.jsonl").mkdir()
    assert asked(FileSink(tmp_path / "notices.jsonl"), "S001", "answers 403").type == "LaboratoryUnfit"
    (tmp_path / "notices.jsonl").rmdir()
    asked(FileSink(tmp_path / "notices.jsonl"), "S001", "answers 403")
    assert len(told(tmp_path / "notices.jsonl")) == 1


LOST = Finding(stream="*", what="TEMPORAL_LOST", detail="Temporal knows none of 2 open streams")
WEDGED = Finding(stream="patient-NCT06978153-S001", what="WEDGED", detail="try 9")


@dataclass
class Picky:
    """A sink that does not take what stands in a set, and counts each key once."""

    refuses: set[str]
    keys: list[str] = field(default_factory=list)
    name: str = "picky"

    def opens_at(self, notice: Notice, now: datetime) -> datetime:  # noqa: ARG002 - always open
        """Give now."""
        return now

    def has(self, notice: Notice) -> bool:
        """Say whether it was taken."""
        return notice.key in self.keys

    def deliver(self, notice: Notice) -> None:
        """Take it, or not."""
        if notice.workflow in self.refuses:
            raise OSError(f"not accepted: {notice.workflow}")
        if not self.has(notice):
            self.keys.append(notice.key)

    def check(self) -> str:
        """Say that all is well."""
        return ""


def test_a_finding_that_is_not_taken_keeps_no_other_from_being_told() -> None:
    """Its channel is away: the next one goes out all the same, and the run says that one did not."""
    sink = Picky({"*"})
    with pytest.raises(OSError, match="not accepted"):
        telling.watchdog_found(sink, [LOST, WEDGED], {WEDGED.stream: 7})
    assert [key.split("/", 2)[2] for key in sink.keys] == [f"{WEDGED.stream}/7/WEDGED"]


def test_what_comes_back_on_another_day_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporal lost in March and again in June: operations hear of both, and of each once a day. Repaired: of none."""

    class Calendar(datetime):
        on = datetime(2026, 3, 1, 12, tzinfo=UTC)

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(cls.on.timestamp(), tz)

    monkeypatch.setattr(telling, "datetime", Calendar)
    sink, repaired = Picky(set()), WEDGED.model_copy(update={"done": "woken"})
    for on in (Calendar.on, Calendar.on + timedelta(seconds=30), Calendar.on + timedelta(days=92)):
        Calendar.on = on
        telling.watchdog_found(sink, [LOST, repaired], {WEDGED.stream: 7})
    assert sink.keys == ["watchdog/2026-03-01/*/0/TEMPORAL_LOST", "watchdog/2026-06-01/*/0/TEMPORAL_LOST"]
