"""The pure core alone, without a server or a journal: eligibility, one decision, the fold of a finished journey."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table

from bench.figures import percentile
from demo.documents import example
from domain.catalogue import latest
from domain.decider import PATIENT
from domain.labs import ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.eligibility import findings_on
from domain.patient.journey import Journey
from domain.patient.regimens import regimen_of, site_days
from domain.submission import SYSTEM, Sender, Submission
from domain.values import Clock, Site

TRIAL, SITE, START = "NCT06978153", Site(code="TDH"), date(2025, 6, 2)
DAY = timedelta(days=1)
Figures = dict[str, dict[str, float]]


@dataclass
class Play:
    """One journey told by the public commands; it keeps the facts and the seconds of each decide + evolve."""

    journey: Journey = field(default_factory=lambda: PATIENT.initial)
    facts: list[Any] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    on: date = START
    said: list[tuple[str, str, int]] = field(default_factory=list)
    """Of each command: its kind, its JSON, and how many facts came of it."""

    def say(self, command: c.Command, role: str = "INVESTIGATOR", at: datetime | None = None) -> None:
        """Decide and fold one command at noon of the play's date, or at an instant."""
        sender = Sender(staff=SYSTEM if role == SYSTEM else "INV1", role=role)
        submission = Submission(id=f"bench-{len(self.facts):06}", sender=sender, command=command)
        started = time.perf_counter()
        facts = PATIENT.decide(self.journey, submission, at or _noon(self.on))
        for fact in facts:
            self.journey = PATIENT.evolve(self.journey, fact)
        self.seconds.append(time.perf_counter() - started)
        self.facts += facts
        self.said.append((command.kind, command.model_dump_json(), len(facts)))

    def until(self, on: date) -> None:
        """Let time pass to noon of a date, with every due instant on the way acted on."""
        while (due := PATIENT.due(self.journey)) is not None and due.at <= _noon(on):
            self.say(c.TimePassed(), SYSTEM, due.at)
        self.on = max(on, self.on)

    def sampled(self) -> None:
        """The laboratory answers the latest order with a sample of this morning."""
        order = max(seq for seq, fact in enumerate(self.facts, start=1) if isinstance(fact, f.LabsOrdered))
        rows = example("all-clear", self.on + DAY)["evidence"]["labs"]
        results = tuple(ReportedResult.model_validate(row) for row in rows)
        self.say(c.LabsReported(order=order, results=results, complete=True), SYSTEM)

    def dosed(self) -> None:
        """The awaited cycle is given on its planned date with a passed gate, and its later infusions are reported."""
        cycle = self.journey.current_cycle
        if cycle is None:
            raise RuntimeError("no cycle is awaited")
        self.until(cycle.planned_on - DAY)
        self.sampled()
        self.until(cycle.planned_on)
        lines = regimen_of(self.journey, cycle.number)
        choice = next((line.options[0].drug for line in lines if len(line.options) > 1), None)
        self.say(c.ReportDose(cycle=cycle.label, given_on=cycle.planned_on, choice=choice))
        for number in sorted({number for line in lines for number in site_days(line)} - {1}):
            self.until(cycle.planned_on + (number - 1) * DAY)
            self.say(c.ReportDose(cycle=cycle.label, day=number, given_on=self.on))


def _noon(on: date) -> datetime:
    return datetime.combine(on, time_of_day(12), ZoneInfo(SITE.time_zone))


def screened() -> Play:
    """The all-clear document is in, and the laboratory has answered."""
    play = Play()
    document = example("all-clear", START)
    about = {"trial": TRIAL, "protocol_version": latest(TRIAL).version, "subject": "S001", "site": SITE}
    person = {name: document[name] for name in ("born_on", "sex", "consent", "evidence")}
    begin = about | person | {"clock": Clock.real(), "by": "INV1", "role": "INVESTIGATOR"}
    play.say(c.Begin.model_validate(begin), SYSTEM)
    return play


def finished() -> Play:
    """A clean journey of cohort 1 from enrolment to the end of study."""
    play = screened()
    play.say(c.ConfirmEligibility(judged_on=START))
    play.say(c.RequestRandomization())
    play.say(c.SlotAllocated(slot=1, arm="COHORT_1", randomized_on=START), SYSTEM)
    while play.journey.epoch == "NEOADJUVANT":
        play.dosed()
    last = play.on
    play.until(last + 22 * DAY)
    play.say(c.JudgeOperability(judged_on=play.on, operable=True))
    play.until(last + 30 * DAY)
    play.say(c.ReportSurgery(performed_on=play.on, resection="R0"))
    play.until(play.on + 10 * DAY)
    play.say(c.ReportPathology(reported_on=play.on, resection="R0"), "PATHOLOGIST")
    play.until(play.on + 25 * DAY)
    play.say(c.EvaluateAdjuvant(evaluated_on=play.on, fit=True))
    while play.journey.current_cycle is not None:
        play.dosed()
    play.until(play.on + 30 * DAY)
    play.say(c.EndStudy(ended_on=play.on))
    return play


def measure(repeats: int, folds: int) -> Figures:
    """Give each figure: milliseconds of one (p50, p99), and how many finished journeys a second are folded."""
    ready, whole = screened(), finished()
    at = _noon(ready.on)
    decided = sorted(second for _ in range(max(repeats // len(whole.seconds), 3)) for second in finished().seconds)
    started = time.perf_counter()
    for _ in range(folds):
        PATIENT.fold(whole.facts)
    rate = folds / (time.perf_counter() - started)
    return {
        f"eligibility, {len(findings_on(ready.journey, at))} criteria": _times(
            _timed(repeats, lambda: findings_on(ready.journey, at))
        ),
        f"decide + evolve, of the journey's {len(whole.seconds)} submissions": _times(decided),
        f"fold of a finished journey of {len(whole.facts)} facts": _times(
            _timed(repeats, lambda: PATIENT.fold(whole.facts))
        ),
        f"finished journeys folded, of {folds:,}": {"per_second": rate},
    }


def _timed(repeats: int, act: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        act()
        found.append(time.perf_counter() - started)
    return found


def _times(seconds: list[float]) -> dict[str, float]:
    return {"p50_ms": median(seconds) * 1000, "p99_ms": percentile(seconds, 0.99) * 1000}


def table(figures: Figures) -> Table:
    """Give the figures as a table."""
    shown = Table(title="The pure core, no server and no journal", title_justify="left")
    for heading in ("", "p50 ms", "p99 ms", "a second"):
        shown.add_column(heading, justify="left" if heading == "" else "right")
    for name, row in figures.items():
        cells = [f"{row[key]:.2f}" if key in row else "" for key in ("p50_ms", "p99_ms")]
        shown.add_row(name, *cells, f"{row['per_second']:.0f}" if "per_second" in row else "")
    return shown
