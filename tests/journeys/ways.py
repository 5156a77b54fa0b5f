"""The ways of the golden histories: each exit a subject can take, from each phase, in each arm. For export alone.

A way goes to a phase and leaves treatment there; where follow-up comes after that, the study ends in one of its ways.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from tests.given import day, noon
from tests.journeys.scripts import (
    ARMS,
    CONFIRMED,
    DETOURS,
    DOSED,
    FIRST,
    OPERABLE,
    SCREENED,
    SCRIPTS,
    WHOLE,
    WHY_NOT,
    Act,
    acted,
    adjuvant,
    closed,
    operated,
    said,
)
from tests.journeys.stage import Stage, body
from workflows.client import Submitted

NO_ARM = "NONE"
"""The arm of who was never randomized."""
AWAY_SECONDS = 7.0
"""How long the journal is away: longer than the quick tries of a record, 5 s."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way: its acts and its arm. `mode` names what else is so, or what opens it in place of an enrolment."""

    name: str
    arm: str
    acts: tuple[Act, ...]
    mode: str = ""
    is_whole: bool = False
    """Every run is kept, not only those from the exit on."""


@dataclass(frozen=True, slots=True)
class Signalled(Act):
    """A command that comes as a signal; `recorded` is the kind of fact that shows that it came."""

    recorded: str = ""

    async def play(self, stage: Stage) -> None:
        """Send it, and wait for its fact."""
        await stage.come(noon(day(self.on)))
        await stage.handle.signal(*_message(self))
        await stage.recorded(stage.stream, self.recorded)
        await stage.settle()


@dataclass(frozen=True, slots=True)
class Together(Act):
    """Commands that come at once, as signals, with a wake before and behind them."""

    acts: tuple[Act, ...] = ()
    recorded: str = ""

    async def play(self, stage: Stage) -> None:
        """Send them, and wait for the last one's fact."""
        await stage.come(noon(day(self.on)))
        await stage.handle.signal("wake")
        for act in self.acts:
            await stage.handle.signal(*_message(act))
        await stage.handle.signal("wake")
        await stage.recorded(stage.stream, self.recorded)
        await stage.settle()


@dataclass(frozen=True, slots=True)
class Terminated(Act):
    """An operator terminates the run: what comes next begins another one from the journal."""

    async def play(self, stage: Stage) -> None:
        """Terminate it."""
        await stage.come(noon(day(self.on)))
        await stage.handle.terminate("by an operator")
        await stage.assert_over()


@dataclass(frozen=True, slots=True)
class WithoutJournal(Act):
    """A command that comes while the journal is away: its record waits."""

    async def play(self, stage: Stage) -> None:
        """Send it while another holds the journal, and wait for the answer."""
        await stage.come(noon(day(self.on)))
        async with stage.journal_away(AWAY_SECONDS):
            await stage.send(self.kind, self.staff, **self.fields)


@dataclass(frozen=True, slots=True)
class Acknowledged(Act):
    """Somebody acknowledges the first notice of a code, which `fields` names."""

    async def play(self, stage: Stage) -> None:
        """Acknowledge it."""
        await stage.come(noon(day(self.on)))
        asked = [fact for fact in stage.facts("NoticeRequested") if body(fact)["notice"] == self.fields["notice"]]
        await stage.send(self.kind, self.staff, notice=asked[0].seq)


def _message(act: Act) -> tuple[str, Any]:
    return Submitted(act.kind, dict(act.fields), staff=act.staff).message()


def _exits(on: int) -> dict[str, tuple[Act, ...]]:
    """Give the ways out of any phase of treatment, on a day; those that lead to follow-up are `TO_FOLLOW_UP`."""
    return {
        "death": (said(on, "death", dated="died_on", cause="unknown"),),
        "withdrawal-study": (said(on, "withdrawal", "CRC1", "withdrawn_on", level="STUDY"),),
        "withdrawal-consent": (said(on, "withdrawal", "CRC1", "withdrawn_on", level="CONSENT"),),
        "lost": (said(on, "lost_to_follow_up", "CRC1", "decided_on"),),
        "withdrawal-treatment": (said(on, "withdrawal", "CRC1", "withdrawn_on", level="TREATMENT"),),
        "progression": (said(on, "progression", dated="found_on"),),
        "discontinued": (said(on, "discontinue_treatment", dated="decided_on", why="toxicity"),),
        "stopped": (acted(on, "stop_trial"),),
    }


LEADS_ON = {"withdrawal-treatment", "progression", "discontinued", "stopped"}
"""The ways out after which follow-up goes on."""


def _ends(on: int) -> dict[str, tuple[Act, ...]]:
    """Give the ends of follow-up, on a day."""
    return {
        "closed": (closed(on),),
        "death": (said(on, "death", dated="died_on", cause="unknown"),),
        "withdrawal-study": (said(on, "withdrawal", "CRC1", "withdrawn_on", level="STUDY"),),
        "withdrawal-consent": (said(on, "withdrawal", "CRC1", "withdrawn_on", level="CONSENT"),),
        "lost": (said(on, "lost_to_follow_up", "CRC1", "decided_on"),),
    }


PHASES = {
    "neoadjuvant": (FIRST, 20),
    "surgery": (DOSED, 60),
    "evaluation": (CONFIRMED, 95),
    "adjuvant": (adjuvant(1), 130),
}
"""What leads into each phase of treatment, and the day on which it is left."""
OWN = {
    "surgery": {
        "not-operable": (
            *DOSED,
            said(72, "operability", "SUR1", "judged_on", operable=False, why="lung function"),
        ),
        "cancelled": (*OPERABLE, said(75, "surgery_cancelled", dated="decided_on", why="subject declined")),
        "R1": operated("R1"),
        "R2": operated("R2"),
        "RX": operated("RX"),
        "not-resected": (*operated("NOT_RESECTED"), WHY_NOT),
    },
    "evaluation": {
        **{
            f"pathology-{result}": (
                *operated("R0"),
                said(90, "pathology", "PAT1", "reported_on", resection=result),
            )
            for result in ("R1", "R2", "RX")
        },
        "not-fit": (
            *CONFIRMED,
            said(115, "adjuvant_evaluation", dated="evaluated_on", fit=False, why="frail"),
        ),
    },
    "adjuvant": {"completed": WHOLE},
}
"""The ways out that only one phase has. All lead to follow-up."""


def _treated(arm: str) -> Iterator[Way]:
    """Give the ways of who is randomized; follow-up ends in turn as it can."""
    ends = cycle(_ends(0))
    for phase, (acts, on) in PHASES.items():
        for name, left in _exits(on).items():
            follow_up = _ends(on + 20)[next(ends)] if name in LEADS_ON else ()
            yield Way(f"{phase}-{name}-{arm}", arm, (*acts, *left, *follow_up))
        for name, acts_of_its_own in OWN.get(phase, {}).items():
            last = acts_of_its_own[-1].on
            end = "closed" if name == "completed" else next(ends)
            follow_up = _ends(last + 20)[end]
            yield Way(f"{phase}-{name}-{arm}", arm, (*acts_of_its_own, *follow_up), is_whole=name == "completed")


def _screened() -> Iterator[Way]:
    """Give the ways of who leaves in screening."""
    exits = {name: acts for name, acts in _exits(5).items() if name not in LEADS_ON or name == "stopped"}
    for name, left in exits.items():
        yield Way(f"screening-{name}", NO_ARM, (*SCREENED, *left))
    failed = said(4, "screen_failure", dated="decided_on", why="I2")
    yield Way("screening-failure", NO_ARM, (Act(1, "labs"), failed))
    pregnant = said(2, "pregnancy", "CRC1", "found_on")
    yield Way("screening-pregnancy", NO_ARM, (pregnant, said(4, "screen_failure", dated="decided_on", why="E25")))


SERIOUS = said(12, "adverse_event", "CRC1", "onset_on", term="sepsis", grade=3, serious=True)
LEFT_CLOSED = (said(20, "discontinue_treatment", dated="decided_on", why="toxicity"), closed(40))
ONE, OTHER = ARMS


def _special() -> Iterator[Way]:
    """Give the ways that are about what Temporal and the world do, in one arm each."""
    doses = said(7, "dose_given", dated="given_on", cycle="C1")
    first = [act for act in FIRST if (act.kind, act.on) != ("dose_given", 7)]
    given = Signalled(doses.on, doses.kind, doses.staff, doses.fields, recorded="DoseGiven")
    vaccine = said(14, "live_vaccine", "CRC1", "given_on", product="measles")
    event = said(14, "adverse_event", "CRC1", "onset_on", term="rash", grade=1, serious=False)
    held = said(14, "hold_drug", dated="decided_on", drug="ETOPOSIDE", why="rash")
    together = Together(14, "wait", acts=(vaccine, event, held), recorded="DrugHeld")
    away = said(15, "adverse_event", "CRC1", "onset_on", term="cough", grade=1, serious=False)
    yield Way("every-fact", ONE, DETOURS, is_whole=True)
    acts = next(script.acts for script in SCRIPTS if script.name == "sponsor-acts")
    yield Way("sponsor-acts", OTHER, acts, is_whole=True)
    read = Acknowledged(18, "acknowledge", "INV1", {"notice": "SERIOUS_ADVERSE_EVENT"})
    yield Way("unread", OTHER, (*FIRST, SERIOUS, read, *LEFT_CLOSED))
    gone = said(6, "withdrawal", "CRC1", "withdrawn_on", level="STUDY")
    yield Way("missed", OTHER, (gone,), mode="missed", is_whole=True)
    failed = said(6, "screen_failure", dated="decided_on", why="no slot")
    yield Way("denied", NO_ARM, (failed,), mode="denied", is_whole=True)
    yield Way("traced", OTHER, (*FIRST, Act(18, "wait"), *LEFT_CLOSED), mode="traced", is_whole=True)
    ordered = sorted([*first, given], key=lambda act: act.on)
    yield Way("signalled", ONE, (*ordered, together, *LEFT_CLOSED), is_whole=True)
    yield Way("terminated", ONE, (*FIRST, Terminated(14, "terminate"), *LEFT_CLOSED), is_whole=True)
    waited = WithoutJournal(away.on, away.kind, away.staff, away.fields)
    yield Way("journal-away", OTHER, (*FIRST, waited, *LEFT_CLOSED), is_whole=True)
    cancelled = (*FIRST, Act(14, "cancel"), said(20, "death", dated="died_on", cause="unknown"))
    yield Way("cancel-asked", OTHER, cancelled, is_whole=True)
    back = said(150, "contact_regained", "CRC1", "regained_on", why="reached by telephone")
    lost = said(130, "lost_to_follow_up", "CRC1", "decided_on")
    yield Way("regained", OTHER, (*adjuvant(1), lost, back, closed(160)))
    late = said(110, "surgery_done", "SUR1", "performed_on", resection="R0")
    stopped = said(115, "discontinue_treatment", dated="decided_on", why="toxicity")
    yield Way("late-surgery", ONE, (*OPERABLE, late, stopped, closed(140)))


WAYS = (*_screened(), *(way for arm in ARMS for way in _treated(arm)), *_special())
