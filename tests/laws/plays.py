"""Plays: a story from any phase, and then commands that are sensible or silly, at random instants."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue

from domain.labs import ANALYTES, LabValue, ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.asks import asks
from domain.patient.correctable import CORRECTABLE
from domain.patient.unread import unread
from domain.protocol import Recipient, Resection
from domain.submission import UNATTRIBUTED
from domain.trial import commands as t
from domain.values import Clock, dates_of
from tests.given import SITE, START, TRIAL_ID, Outcome, Story, day, given_trial, noon, when
from tests.laws.sensible import sensible
from tests.laws.strategies import OWN, PEOPLE, REGISTER_KINDS, dates_near, model
from tests.stories import PHASES, as_woman, begin, dosing_paused, in_neoadjuvant, reconsent_asked, results, told

MOVES = [*["asked"] * 3, *["awaited"] * 3, *["fitting"] * 2, *["silly"] * 2]
JUMPS = st.sampled_from([0, 0, 0, 0, 1, 3, 7, 21, 22, 45, 120, 400])
ROLES = st.sampled_from(
    [None, None, None, None, UNATTRIBUTED, "COORDINATOR", "PHARMACIST", "MONITOR", "PATHOLOGIST", "SURGEON"]
)
LOW: dict[str, tuple[str, str, str] | None] = {"PLT": ("40", "10*9/L", "")}
RESECTIONS: st.SearchStrategy[Resection] = st.sampled_from(["R0", "R0", "R0", "R1", "RX", "NOT_RESECTED"])
RECIPIENTS: st.SearchStrategy[Recipient] = st.sampled_from(["SPONSOR", "EC", "AUTHORITY"])

TURNED: dict[str, list[Any]] = {
    "resection": ["R0", "R1"],
    "weight_kg": ["64", "90"],
    "fit": [True, False],
    "grade": [1, 2, 3, 5],
    "serious": [True, False],
    "aesi": ["ILD", "BLEEDING"],
    "to": ["SPONSOR", "EC"],
    "dosing": ["CONTINUE", "HOLD"],
    "reported_at": [noon(day(number)).isoformat() for number in (7, 9, 30)],
    "aware_at": [noon(day(number)).isoformat() for number in (7, 9, 30)],
    "cycle": ["C1", "C2", "C3", "C4"],
    "day": [1, 2, 3],
}
"""Fields a correction may turn, with values for them."""
OPPOSITE = {"MET": "NOT_MET", "NOT_MET": "MET", "TRIGGERED": "NOT_TRIGGERED", "NOT_TRIGGERED": "TRIGGERED"}

BEGINNINGS: dict[str, Callable[[], Story]] = {
    **PHASES,
    "dosing paused": dosing_paused,
    "re-consent asked": reconsent_asked,
    "serious event": lambda: _serious(in_neoadjuvant("COHORT_1", 1)),
    "pregnant": lambda: _pregnant(as_woman(in_neoadjuvant("COHORT_1", 1))),
}


@dataclass(frozen=True)
class Play:
    """How a play went: each command and what came of it, and the story at its end."""

    start: Story
    steps: tuple[tuple[Any, Outcome], ...]
    end: Story


def _serious(story: Story) -> Story:
    """A serious event with a follow-up and a report."""
    report = c.ReportAdverseEvent(term="x", grade=2, serious=False, onset_on=story.today, aesi="BLEEDING")
    story = told(story, report)
    number = max(story.state.safety.events)
    story = told(story, c.UpdateAdverseEvent(event=number, grade=3, serious=True))
    return told(story, c.ReportSafety(event=number, reported_at=story.now, to="SPONSOR"))


def _pregnant(story: Story) -> Story:
    """A pregnancy with a decision to hold."""
    story = told(story, c.ReportPregnancy(found_on=story.today))
    number = max(story.state.safety.events)
    return told(story, c.DecideSafety(event=number, decided_on=story.today, dosing="HOLD", why="x"))


def _asked(draw: st.DrawFn, story: Story) -> Any:
    """Give a command the journey asks for, or one that fits any time."""
    today = story.today
    event = max(story.state.safety.events, default=1)
    fitting: dict[str, Any] = {
        "record_consent": lambda: c.RecordConsent(
            signed_on=today,
            version=story.state.reconsent.version if story.state.reconsent else "V1.0",
            obtained_by="INV1",
        ),
        "confirm_eligibility": lambda: c.ConfirmEligibility(judged_on=today),
        "request_randomization": c.RequestRandomization,
        "dose_given": lambda: _dose(draw, story),
        "plan_doses": lambda: c.PlanDoses(
            cycle=story.state.current_cycle.label, choice=draw(st.sampled_from([None, "CISPLATIN"])), why="x"
        ),
        "discontinue_treatment": lambda: c.DiscontinueTreatment(decided_on=today, why="x"),
        "override_gate": lambda: c.OverrideGate(cycle=story.state.current_cycle.label, why="x"),
        "operability": lambda: c.JudgeOperability(judged_on=today, operable=True),
        "surgery_done": lambda: c.ReportSurgery(performed_on=today, resection=draw(RESECTIONS)),
        "pathology": lambda: c.ReportPathology(reported_on=today, resection=draw(RESECTIONS)),
        "adjuvant_evaluation": lambda: c.EvaluateAdjuvant(evaluated_on=today, fit=draw(st.booleans()), why="x"),
        "drug_check": lambda: c.CheckDrug(drug="ANLOTINIB", checked_on=today, met=draw(st.booleans())),
        "follow_up_contact": lambda: c.ReportContact(contacted_on=today),
        "sign": lambda: c.Sign(facts=(draw(st.sampled_from(sorted(story.state.unsigned))),), meaning="reviewed"),
        "acknowledge": lambda: c.Acknowledge(notice=draw(st.sampled_from([row.number for row in unread(story.state)]))),
        "end_of_study": lambda: c.EndStudy(ended_on=today),
        "death": lambda: c.ReportDeath(died_on=today),
        "sae_reported": lambda: c.ReportSafety(event=event, reported_at=story.now, to=draw(RECIPIENTS)),
        "safety_decision": lambda: c.DecideSafety(event=event, decided_on=today, dosing="CONTINUE", why="x"),
    }
    if story.state.held and draw(st.booleans()):
        return c.ResumeDrug(drug=story.state.held[0], decided_on=today, why="x")
    asked = [ask.kind for ask in asks(story.state) if ask.kind in fitting]
    return fitting[draw(st.sampled_from(asked))]() if asked else c.TimePassed()


def _dose(draw: st.DrawFn, story: Story) -> c.ReportDose:
    """Give the report of day 1 of the awaited cycle, or of the infusions of the cycle before that are unreported."""
    cycle, choice = story.state.current_cycle, draw(st.sampled_from([None, "CISPLATIN"]))
    text = next(ask.text for ask in asks(story.state) if ask.kind == "dose_given")
    label, _, number = text.split()[0].partition("D")
    if cycle is not None and (number == "1" or draw(st.booleans())):
        return c.ReportDose(cycle=cycle.label, given_on=story.today, choice=choice)
    day_1_on = story.state.cycles[int(label[1:])].day_1_on
    return c.ReportDose(cycle=label, day=int(number), given_on=day_1_on + timedelta(days=int(number) - 1))


def _awaited(draw: st.DrawFn, story: Story) -> Any:
    """Give the outcome of an open intent, good or bad, or that of one that is not open."""
    every = sorted(
        story.state.intents.values(), key=lambda intent: (isinstance(intent.fact, f.NoticeRequested), -intent.seq)
    )
    intents = [every[0], every[0], every[-1]] if every else []
    if story.state.seq == 0:
        return begin()
    if story.state.is_dosing_paused and draw(st.booleans()):
        return c.LearnDosingResumption(resumed_at=story.now)
    if not intents or draw(st.integers(0, 5)) == 0:
        return draw(model(draw(st.sampled_from(OWN)), dates_near(story.now)))
    intent = draw(st.sampled_from(intents))
    if isinstance(intent.fact, f.NoticeRequested):
        late = c.NoticeTooLate(notice=intent.seq, why="no worker tried it in time")
        return draw(st.sampled_from([*[c.NoticeDelivered(notice=intent.seq, sink="test")] * 4, late]))
    if isinstance(intent.fact, f.AllocationRequested):
        allocated = c.SlotAllocated(
            slot=1, arm=draw(st.sampled_from(["COHORT_1", "COHORT_2"])), randomized_on=story.today
        )
        return draw(st.sampled_from([allocated, c.AllocationDenied(why="full")]))
    changed: dict[str, tuple[str, str, str] | None] = draw(st.sampled_from([{}, {}, LOW, {"ANC": None}]))
    later = _later_report(draw, story) if draw(st.booleans()) else ()
    fresh = results(story.now, changed)
    return c.LabsReported(order=intent.seq, results=(*fresh, *later), complete="ANC" not in changed)


def _later_report(draw: st.DrawFn, story: Story) -> tuple[ReportedResult, ...]:
    """Give a later report of a result on record, which replaces or withdraws it."""
    known = [value for fact in story.facts if isinstance(fact, f.LabResultsRecorded) for value in fact.accepted]
    if not known:
        return ()
    return (_reported(draw, draw(st.sampled_from(known)), ("corrected", "entered-in-error")),)


def _reported(draw: st.DrawFn, value: LabValue, statuses: tuple[str, ...]) -> ReportedResult:
    """Give a report of a result with its value as it was, or halved, or doubled."""
    by = draw(st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(2)]))
    code = ANALYTES[value.analyte]
    scale = code.ordinal or not value.unit or value.unit == "1"
    return ReportedResult(
        code=value.analyte,
        system="analyte",
        value=value.reported.split(" ")[0] if scale else str(value.value * by),
        unit="{INR}" if value.analyte == "INR" else value.unit,
        upper_limit=str(value.upper_limit) if value.upper_limit else "",
        collected_at=value.collected_at,
        status=draw(st.sampled_from(statuses)),
    )


def _command(draw: st.DrawFn, story: Story) -> Any:
    match draw(
        st.sampled_from(
            [
                "asked",
                "asked",
                "asked",
                "awaited",
                "awaited",
                "awaited",
                "fitting",
                "fitting",
                "silly",
                "silly",
                "correction",
            ]
        )
    ):
        case "asked":
            return _asked(draw, story)
        case "awaited":
            return _awaited(draw, story)
        case "correction":
            return _correction(draw, story)
        case "fitting":
            return draw(st.sampled_from(list(sensible(story).values())))
        case _:
            kind: type[BaseModel] = draw(st.sampled_from(PEOPLE))
            return draw(model(kind, dates_near(story.now)))


def _correction(draw: st.DrawFn, story: Story) -> c.Correct:
    """Give the correction of a fact that may be corrected: void, or a date of it moved."""
    known = [seq for seq, fact in enumerate(story.facts, start=1) if type(fact) in CORRECTABLE] or [1]
    seq = draw(st.sampled_from(known))
    if draw(st.booleans()) or seq > len(story.facts):
        return c.Correct(fact=seq, void=True, why="entered in error")
    fact = story.facts[seq - 1]
    dates = {name: value for name, value in dates_of(fact) if name in CORRECTABLE[type(fact)].fields}
    by = timedelta(days=draw(st.integers(-5, 5)))
    fields: dict[str, Any] = {name: str(value + by) for name, value in dates.items()}
    if isinstance(fact, f.LabResultsRecorded) and fact.accepted:
        report = _reported(draw, draw(st.sampled_from(fact.accepted)), ("final", "entered-in-error"))
        return c.Correct(fact=seq, fields={"results": [report.model_dump(mode="json")]}, why="misread")
    if isinstance(fact, f.JudgementsGiven):
        turned = draw(st.sampled_from(range(len(fact.answers))))
        answers: list[JsonValue] = [
            row.model_dump(mode="json") | ({"verdict": OPPOSITE[row.verdict]} if number == turned else {})
            for number, row in enumerate(fact.answers)
        ]
        return c.Correct(fact=seq, fields={"answers": answers}, why="misread")
    for name, others in TURNED.items():
        if hasattr(fact, name) and name in CORRECTABLE[type(fact)].fields and draw(st.booleans()):
            fields |= {name: draw(st.sampled_from(others)), **({"why": "x"} if hasattr(fact, "why") else {})}
    return c.Correct(fact=seq, fields=fields, why="misread")


@st.composite
def plays(draw: st.DrawFn, longest: int = 6) -> Play:
    """Give a play from any phase."""
    start = story = BEGINNINGS[draw(st.sampled_from(sorted(BEGINNINGS)))]()
    steps = []
    for _ in range(draw(st.integers(1, longest))):
        at = story.now + timedelta(days=draw(JUMPS))
        story = replace(story, now=at)
        command = _command(draw, story)
        confirmed = draw(st.booleans())
        role = draw(ROLES) if isinstance(command, PEOPLE) else None
        outcome = when(story, command, role=role, confirmed=confirmed, reason="because" if confirmed else None)
        steps.append((command, outcome))
        story = story if outcome.refusal else outcome.story
    return Play(start, tuple(steps), story)


@st.composite
def trials(draw: st.DrawFn, longest: int = 8) -> Play:
    """Give a play of a trial's register, some of it nearly full, some full."""
    drawn = draw(st.sampled_from([0, 65, 66]))
    story = start = busy(drawn) if drawn else opened()
    steps = []
    for _ in range(draw(st.integers(1, longest))):
        any_kind = model(draw(st.sampled_from(REGISTER_KINDS)), dates_near(story.now))
        command = draw(any_kind if draw(st.booleans()) else st.one_of(_enroll(), _slot(story), _act(story)))
        outcome = when(story, command, role=draw(ROLES) if isinstance(command, t.Enroll) else None)
        steps.append((command, outcome))
        story = story.with_facts(outcome.refusal.facts if outcome.refusal else outcome.facts, story.now)
    return Play(start, tuple(steps), story)


@cache
def opened() -> Story:
    """A trial with one site."""
    staff = (t.Delegation(staff="CRC1", roles=("COORDINATOR",), valid_from=START),)
    command = t.OpenTrial(trial=TRIAL_ID, protocol_version="1", clock=Clock.real(), sites=(SITE,), staff=staff)
    return told(given_trial(), command)


@cache
def busy(drawn: int) -> Story:
    """A trial with 70 subjects, so many of them with their slots."""
    story = opened()
    for _ in range(70):
        story = told(story, t.Enroll(site="TDH", born_on=day(-20000), sex="FEMALE"))
    for number in range(1, drawn + 1):
        story = told(story, t.AllocateSlot(subject=f"S{number:03d}", request=9))
    return story


def _enroll() -> st.SearchStrategy[t.Enroll]:
    return st.just(t.Enroll(site="TDH", born_on=day(-20000), sex="FEMALE"))


def _slot(story: Story) -> st.SearchStrategy[Any]:
    subjects = st.sampled_from([*sorted(story.state.subjects)[-9:], "S999"])
    asked = st.builds(t.AllocateSlot, subject=subjects, request=st.integers(1, 9))
    requests = st.sampled_from([*sorted(story.state.intents)[-9:], 1])
    opened_slot = st.builds(t.SlotOpened, request=requests, arm=st.sampled_from(["COHORT_1", "COHORT_2"]))
    sealed = st.builds(t.ListSealed, request=requests, slots=st.just(66), sha256=st.just("ab" * 32))
    started, reached = st.builds(t.JourneyStarted, request=requests), st.builds(t.ActDelivered, request=requests)
    return st.one_of(asked, opened_slot, sealed, started, reached)


def _act(story: Story) -> st.SearchStrategy[Any]:
    """Give an act of the sponsor that fits the trial's date."""
    approved = t.ApproveIcf(version=f"V{len(story.state.icf_versions) + 1}.0", approved_on=START)
    words = [kind(why="safety") for kind in (t.PauseEnrolment, t.ResumeEnrolment, t.PauseDosing, t.ResumeDosing)]
    return st.sampled_from([approved, *words, *words, t.StopTrial(why="futility")])
