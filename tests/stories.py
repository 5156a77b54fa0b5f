"""How far a subject has come, told by real commands: each function gives the story up to a point of the trial."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from domain.labs import ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.regimens import regimen_of, site_days
from domain.patient.taken import untold
from domain.values import Clock
from tests.evidence import clean
from tests.given import SITE, START, TRIAL_ID, Story, day, given, noon, when

HEALED = c.CheckDrug(drug="ANLOTINIB", checked_on=day(115), met=True)
"""The wound has healed: what anlotinib waits for after surgery (T7)."""
CLEAN = {
    "HB": ("13.2", "g/dL", ""),
    "ANC": ("4.1", "10*3/uL", ""),
    "PLT": ("231", "10*3/uL", ""),
    "TBIL": ("0.7", "mg/dL", "1.2"),
    "ALT": ("24", "U/L", "40"),
    "AST": ("22", "U/L", "40"),
    "CREAT": ("0.9", "mg/dL", "1.2"),
    "UPROT": ("negative", "", ""),
    "INR": ("1.0", "{INR}", ""),
    "PT": ("12.1", "s", "13.5"),
    "APTT": ("29", "s", "36"),
    "CA": ("9.4", "mg/dL", "10.5"),
    "ALB": ("4.2", "g/dL", ""),
    "GLU_F": ("5.4", "mmol/L", ""),
    "FOB": ("negative", "", ""),
    "HIV": ("negative", "", ""),
    "HBSAG": ("negative", "", ""),
    "HCV": ("negative", "", ""),
}
"""A result set without a finding: value, unit, upper limit of normal."""


def results(
    on: date | datetime, changed: Mapping[str, tuple[str, str, str] | None] | None = None
) -> tuple[ReportedResult, ...]:
    """Give a clean result set of a sample taken on a date, with some values changed or (None) left out."""
    at = on if isinstance(on, datetime) else noon(on)
    rows = {**CLEAN, **(changed or {})}
    return tuple(
        ReportedResult(code=code, system="analyte", value=row[0], unit=row[1], upper_limit=row[2], collected_at=at)
        for code, row in rows.items()
        if row is not None
    )


def begin(**changed: Any) -> c.Begin:
    """Give the registration of a man of 65, with consent and evidence of the trial's start."""
    fields: dict[str, Any] = {
        "trial": TRIAL_ID,
        "protocol_version": "1",
        "subject": "S001",
        "site": SITE,
        "born_on": date(1960, 2, 3),
        "sex": "MALE",
        "clock": Clock.real(),
        "consent": c.Consent(signed_on=START, version="V1.0", obtained_by="INV1"),
        "evidence": clean(START),
        "by": "INV1",
        "role": "INVESTIGATOR",
    }
    return c.Begin(**(fields | changed))


def told(story: Story, command: Any, on: date | None = None, **how: Any) -> Story:
    """Tell one more command. A refusal fails the test."""
    return when(story, command, on=on, **how).story


def passing(story: Story, until: date) -> Story:
    """Let time pass to noon of a date, with every due instant on the way acted on, as the workflow does."""
    while (due := story.decider.due(story.state)) is not None and due.at <= noon(until):
        story = told(story, c.TimePassed(), at=max(due.at, story.now))
    return replace(story, now=max(noon(until), story.now))


def diaries(story: Story, until: date) -> Story:
    """The days taken at home are reported on the last planned one of each course that ends by a date."""
    for cycle in story.state.cycles.values():
        for drug in {name for _, name, _ in cycle.given}:
            left = untold(story.state, cycle, drug)
            if left and max(left.values()) <= until:
                story = passing(story, max(left.values()))
                story = told(story, c.ReportCourse(cycle=cycle.label, drug=drug, days=tuple(left)))
    return story


def answered(story: Story, sampled_on: date, changed: Mapping[str, Any] | None = None, on: date | None = None) -> Story:
    """Answer the latest laboratory order with a result set."""
    report = c.LabsReported(order=story.seq_of(f.LabsOrdered), results=results(sampled_on, changed), complete=True)
    return told(story, report, on or sampled_on)


@cache
def registered(**changed: Any) -> Story:
    """A subject is registered, with consent and evidence."""
    return told(given(), begin(**changed))


@cache
def screened(**changed: Any) -> Story:
    """Clean screening results are in, of a sample of day 1."""
    return answered(registered(**changed), day(1), on=day(2))


@cache
def eligible() -> Story:
    """Eligibility is confirmed on day 3."""
    return told(screened(), c.ConfirmEligibility(judged_on=day(3)), day(3))


@cache
def allocating() -> Story:
    """An allocation is asked for on day 3."""
    return told(eligible(), c.RequestRandomization())


@cache
def in_neoadjuvant(arm: str = "COHORT_1", given: int = 0) -> Story:
    """Randomized on day 3; so many cycles are given, each on its planned date with a passed gate."""
    if given == 0:
        return told(allocating(), c.SlotAllocated(slot=1, arm=arm, randomized_on=day(3)))
    return cycle_given(in_neoadjuvant(arm, given - 1), choice="CISPLATIN")


def at_visit(story: Story, changed: Mapping[str, Any] | None = None) -> Story:
    """It is the planned date of the awaited cycle, and results of the day before have been held against the gate."""
    planned = story.state.current_cycle.planned_on
    story = passing(diaries(story, planned), planned - timedelta(days=1))
    return passing(answered(story, planned - timedelta(days=1), changed), planned)


def cycle_given(story: Story, **changed: Any) -> Story:
    """The awaited cycle is given on its planned date, with a passed gate, and its later infusion days are reported."""
    story = at_visit(story)
    cycle = story.state.current_cycle
    fields = {"cycle": cycle.label, "given_on": cycle.planned_on} | changed
    return infused(told(story, c.ReportDose(**fields)), cycle.number)


def infused(story: Story, number: int) -> Story:
    """The infusions after day 1 of a cycle are reported in one message, on the last of their days."""
    later = sorted({day for line in regimen_of(story.state, number) for day in site_days(line)} - {1})
    if not later:
        return story
    day_1_on = story.state.cycles[number].day_1_on
    dates = [day_1_on + timedelta(days=one - 1) for one in (later[0], later[-1])]
    report = c.ReportDose(cycle=f"C{number}", day=later[0], until_day=later[-1], given_on=dates[0])
    return told(passing(story, dates[1]), report)


@cache
def in_surgery_wait(arm: str = "COHORT_1") -> Story:
    """All three neoadjuvant cycles are given, the last from day 49 (2025-07-21) to day 51."""
    return in_neoadjuvant(arm, 3)


@cache
def operable(arm: str = "COHORT_1") -> Story:
    """The subject is judged operable on day 72; nothing else is due before the window opens on day 77."""
    story = passing(diaries(in_surgery_wait(arm), day(72)), day(72))
    return told(story, c.JudgeOperability(judged_on=day(72), operable=True))


@cache
def in_evaluation(arm: str = "COHORT_1") -> Story:
    """Surgery with R0 on day 80; pathology confirms it on day 90."""
    surgery = c.ReportSurgery(performed_on=day(80), resection="R0")
    story = told(passing(operable(arm), day(80)), surgery)
    return told(passing(story, day(90)), c.ReportPathology(reported_on=day(90), resection="R0"))


@cache
def in_adjuvant(arm: str = "COHORT_1", given: int = 0) -> Story:
    """Judged fit on day 115, within the window of days 108 to 122; so many adjuvant cycles are given."""
    if given == 0:
        story = passing(in_evaluation(arm), day(115))
        story = told(story, c.EvaluateAdjuvant(evaluated_on=day(115), fit=True))
        return told(story, HEALED) if arm == "COHORT_1" else story
    return cycle_given(in_adjuvant(arm, given - 1))


@cache
def in_follow_up(arm: str = "COHORT_1") -> Story:
    """All twelve adjuvant cycles are given and the last is over."""
    story = in_adjuvant(arm, 12)
    end = story.today + timedelta(days=22)
    return passing(diaries(story, end), end)


@cache
def ended() -> Story:
    """The study has ended for the subject, as planned."""
    story = in_follow_up()
    return told(story, c.EndStudy(ended_on=story.today))


@cache
def lost() -> Story:
    """The subject was lost to follow-up after the first adjuvant cycle."""
    story = in_adjuvant("COHORT_1", 1)
    return told(story, c.LoseToFollowUp(decided_on=story.today, why="moved"))


@cache
def died() -> Story:
    """The subject died on day 60, in the surgery wait."""
    return told(passing(in_surgery_wait(), day(60)), c.ReportDeath(died_on=day(60), cause="unknown"))


@cache
def screen_failure() -> Story:
    """The subject is a screen failure."""
    return told(screened(), c.ReportScreenFailure(decided_on=day(4), why="I11.2"), day(4))


def as_woman(story: Story, born_on: date = date(1985, 2, 3)) -> Story:
    """The same story of a woman, by default of 40 years."""
    registered_as, *rest = story.facts
    facts = (registered_as.model_copy(update={"sex": "FEMALE", "born_on": born_on}), *rest)
    return replace(given(*facts, at=story.now), entered=story.entered)


@cache
def dosing_paused(given: int = 1) -> Story:
    """So many cycles are given, then the sponsor pauses dosing on day 20 of the trial, or on a later day."""
    story = passing(in_neoadjuvant("COHORT_1", given), day(20 + 21 * max(given - 1, 0)))
    return told(story, c.LearnDosingPause(paused_at=story.now, why="safety signal"))


@cache
def reconsent_asked() -> Story:
    """After C1, on day 10, version V2.0 is approved; re-consent is asked until day 25."""
    learned = c.LearnIcf(version="V2.0", approved_on=day(10), deadline=day(25))
    return told(passing(in_neoadjuvant("COHORT_1", 1), day(10)), learned)


def _no_consent() -> Story:
    return registered(consent=None, evidence=None)


def _on_hold() -> Story:
    return at_visit(in_neoadjuvant(), {"PLT": ("40", "10*9/L", "")})


def _held() -> Story:
    story = in_neoadjuvant("COHORT_1", 1)
    return told(story, c.HoldDrug(drug="ANLOTINIB", decided_on=story.today, why="bleeding"))


def _half_given() -> Story:
    report = c.ReportDose(cycle="C1", given_on=day(7), drugs=(c.GivenDrug(drug="BENMELSTOBART"),))
    return told(at_visit(in_neoadjuvant()), report)


PHASES: Mapping[str, Callable[[], Story]] = {
    "not registered": given,
    "registered": _no_consent,
    "screening": screened,
    "eligible": eligible,
    "screening overdue": lambda: passing(eligible(), day(40)),
    "allocating": allocating,
    "neoadjuvant C1": in_neoadjuvant,
    "neoadjuvant C1 on hold": _on_hold,
    "neoadjuvant C1 half given": _half_given,
    "neoadjuvant C2, a drug held": _held,
    "neoadjuvant C2": lambda: in_neoadjuvant("COHORT_2", 1),
    "neoadjuvant C3": lambda: in_neoadjuvant("COHORT_1", 2),
    "surgery wait": lambda: in_surgery_wait("COHORT_2"),
    "operable": operable,
    "surgery overdue": lambda: passing(diaries(in_surgery_wait(), day(120)), day(120)),
    "evaluation": in_evaluation,
    "adjuvant C4": in_adjuvant,
    "adjuvant C15": lambda: in_adjuvant("COHORT_2", 11),
    "adjuvant done": lambda: in_adjuvant("COHORT_1", 12),
    "follow-up": in_follow_up,
    "ended": ended,
    "died": died,
    "screen failure": screen_failure,
    "lost": lost,
}
"""A story for each phase a subject can be in."""
