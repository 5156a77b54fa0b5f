"""The effect that sends a notice: what it hands over, and when it waits for people to be at work."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.common import MetricMeter
from temporalio.exceptions import ApplicationError
from temporalio.runtime import MetricBuffer, Runtime, TelemetryConfig
from temporalio.testing import ActivityEnvironment

from activities.contract import EffectRequest
from activities.ports import Laboratory, Notice, SealedList
from activities.recorder import Recorder
from activities.world import World
from domain.decider import PATIENT, patient_stream
from domain.values import Clock
from journal.store import Journal
from tests.server.past import TRIAL, Past, ago

NIGHT = datetime(2026, 11, 23, 19, tzinfo=UTC)
FAST = Clock(real_epoch=NIGHT, trial_epoch=NIGHT, factor=3600.0)


@dataclass
class Office:
    """A sink of people who read nothing before an instant."""

    opens: datetime
    name: str = "office"
    got: list[Notice] = field(default_factory=list)
    meter: MetricMeter = MetricMeter.noop

    def opens_at(self, notice: Notice, now: datetime) -> datetime:
        """Give when this notice may go out."""
        return now if notice.urgent else max(now, self.opens)

    def check(self) -> str:
        """Say that all is well."""
        return ""

    def has(self, notice: Notice) -> bool:
        """Say whether it was taken."""
        return notice.key in {known.key for known in self.got}

    def deliver(self, notice: Notice) -> None:
        """Take it."""
        self.got.append(notice)


def sent(
    journal: Journal,
    office: Office,
    *,
    urgent: bool = False,
    started: datetime = NIGHT,
    useful_until: datetime | None = None,
    attempt: int = 1,
) -> Any:
    """Send the notice of a visit of S001."""
    nobody = cast("Any", None)
    world = World(
        client=cast("Client", nobody),
        recorder=Recorder(journal),
        laboratory=cast("Laboratory", nobody),
        sink=office,
        sealed_list=cast("SealedList", nobody),
    )
    payload = {"notice": "VISIT_DUE", "to": ["COORDINATOR"], "text": "C2D1 planned", "urgent": urgent}
    payload |= {"useful_until": useful_until.isoformat()} if useful_until else {}
    stream = patient_stream(TRIAL, "S001")
    request = EffectRequest(stream=stream, key=f"{stream}/9", seq=9, at=NIGHT, clock=FAST, payload=payload)
    environment = ActivityEnvironment()
    environment.metric_meter = office.meter
    environment.info = environment.info.__class__(
        **{**environment.info.__dict__, "started_time": started, "attempt": attempt}
    )
    return environment.run(world.send_notice, request)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal in which S001 is enrolled at TDH."""
    made = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    made.migrate()
    Past(made, TRIAL, ago(2), "S001")
    yield made
    made.close()


def test_a_notice_goes_out_with_site_words_and_workflow(journal: Journal) -> None:
    """All that a message is made of."""
    office = Office(NIGHT)

    outcome = sent(journal, office)

    (notice,) = office.got
    assert (outcome.kind, outcome.fields) == ("notice_delivered", {"notice": 9, "sink": "office"})
    assert (notice.site, notice.workflow, notice.subject) == ("TDH", patient_stream(TRIAL, "S001"), "S001")
    assert notice.words is not None
    assert notice.words == PATIENT.fold(facts_of(journal)).protocol.notice_words["VISIT_DUE"]


def facts_of(journal: Journal) -> list[Any]:
    """Give the facts of S001."""
    rows = journal.facts(patient_stream(TRIAL, "S001"))
    return [PATIENT.fact.validate_python(json.loads(row.body)) for row in rows]


def test_one_that_is_not_urgent_waits_for_working_hours_by_the_trial_s_clock(journal: Journal) -> None:
    """Six hours of trial time are six seconds of a clock 3,600 times as fast; then it goes out."""
    office = Office(NIGHT + timedelta(hours=6))

    with pytest.raises(ApplicationError, match="waits for working hours until 2026-11-24 01:00 UTC") as waits:
        sent(journal, office)
    assert (waits.value.next_retry_delay, office.got) == (timedelta(seconds=6), [])

    sent(journal, office, started=NIGHT + timedelta(seconds=6))
    assert len(office.got) == 1


def test_an_urgent_one_does_not_wait(journal: Journal) -> None:
    """Whatever the hour."""
    office = Office(NIGHT + timedelta(hours=6))
    sent(journal, office, urgent=True)
    assert len(office.got) == 1


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("seconds", "kind", "got"), [(-1, "notice_delivered", 1), (0, "notice_delivered", 1), (1, "notice_too_late", 0)]
)
def test_one_that_is_of_no_use_any_more_is_not_sent(journal: Journal, seconds: int, kind: str, got: int) -> None:
    """By the trial's clock: an hour of it is a second here. Its last instant is in time."""
    office, until = Office(NIGHT), NIGHT + 9 * HOUR
    outcome = sent(journal, office, started=NIGHT + timedelta(seconds=9 + seconds), useful_until=until)
    assert (outcome.kind, len(office.got)) == (kind, got)


@pytest.mark.parametrize(
    ("attempt", "why"),
    [(1, "no worker tried it in time"), (2, "tried once before, and not accepted"), (9, "tried 8 times before")],
)
def test_it_says_what_kept_it(journal: Journal, attempt: int, why: str) -> None:
    """As far as its tries tell."""
    outcome = sent(journal, Office(NIGHT), started=NIGHT + 2 * HOUR, useful_until=NIGHT + HOUR, attempt=attempt)
    assert outcome.fields["notice"] == 9
    assert outcome.fields["why"].startswith(why)


def test_one_that_was_accepted_before_the_worker_died_is_not_missed(journal: Journal) -> None:
    """The sink knows it; only the answer was lost."""
    office = Office(NIGHT)
    sent(journal, office)
    late = sent(journal, office, started=NIGHT + 2 * HOUR, useful_until=NIGHT + HOUR)
    assert late.kind == "notice_delivered"


def test_one_without_such_an_instant_is_sent_however_late(journal: Journal) -> None:
    """Safety and deviations, and every notice of an older release."""
    office = Office(NIGHT)
    assert sent(journal, office, started=NIGHT + timedelta(days=300)).kind == "notice_delivered"


class Shut(Office):
    """A sink whose channels accept nothing."""

    def deliver(self, notice: Notice) -> None:  # noqa: ARG002 - whatever it is
        """Refuse it."""
        raise OSError("not accepted by mail")


def test_each_refused_try_is_counted_and_nothing_is_taken_for_delivered(journal: Journal) -> None:
    """A notice that no channel takes shows in no other figure: the alert rests on this one."""
    seen = MetricBuffer(100)
    meter = Runtime(telemetry=TelemetryConfig(metrics=seen)).metric_meter
    for _ in range(2):
        with pytest.raises(OSError, match="not accepted by mail"):
            sent(journal, Shut(NIGHT, meter=meter), urgent=True)
    found = [(row.metric.name, row.value, row.attributes["urgent"]) for row in seen.retrieve_updates()]
    assert found == [("trialpath_notices_refused", 1, "true")] * 2
