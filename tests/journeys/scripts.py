"""The scripts of the journeys: what is said on which day by whom, and where it leads. One script an exit.

A script tells no arm: one that gets past randomization is played in each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from domain import catalogue
from domain.decider import TRIAL
from domain.protocol import Protocol
from domain.values import Sex
from tests.given import SITE, TRIAL_ID, day, noon
from tests.journeys.stage import Stage

CORRECTED = {"correct": "SurgeryPerformed"}
"""The kind of fact a correction in a script is about: the latest one."""
OF_AN_EVENT = ("adverse_event_update", "sae_reported", "safety_decision")
"""Kinds about the latest adverse event."""
NEOADJUVANT_CYCLES = 3
ARMS = tuple(arm.code for arm in catalogue.latest(TRIAL_ID).arms)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that is done at noon of a day of the trial. `labs` are dropped ahead, and count from their day."""

    on: int
    kind: str
    staff: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    async def play(self, stage: Stage) -> None:
        """Do it."""
        if self.kind == "labs":
            stage.drop_labs(day(self.on), **self.fields)
            return
        await stage.come(noon(day(self.on)))
        if self.kind == "cancel":
            await stage.cancel()
        elif self.kind == "sign":
            await stage.send("sign", self.staff, facts=stage.unsigned(), **self.fields)
        elif self.kind in TRIAL.people:
            await stage.act(self.kind, **self.fields)
        elif self.kind != "wait":
            event = {"event": stage.facts("AdverseEventReported")[-1].seq} if self.kind in OF_AN_EVENT else {}
            if self.kind in CORRECTED:
                event = {"fact": stage.facts(CORRECTED[self.kind])[-1].seq}
            await stage.send(self.kind, self.staff, **self.fields, **event)


@dataclass(frozen=True, slots=True)
class Script:
    """One journey: its acts, and the epochs, the end of treatment and the end of study they lead to."""

    name: str
    acts: tuple[Act, ...]
    epochs: str
    treatment: str = ""
    study: str = "COMPLETED"
    deviations: tuple[str, ...] = ()

    @property
    def is_randomized(self) -> bool:
        """Say whether it gets past randomization."""
        return self.epochs != "SCREENING"

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms to play it in: one, whichever it is, when it ends in screening."""
        return ARMS if self.is_randomized else ARMS[:1]


def said(on: int, kind: str, staff: str = "INV1", dated: str = "", **fields: object) -> Act:
    """Say something; the field `dated` names gets the day's date."""
    return Act(on, kind, staff, {**fields, **({dated: str(day(on))} if dated else {})})


def acted(on: int, kind: str, **fields: object) -> Act:
    """Let the sponsor act on the whole trial."""
    return Act(on, kind, "SPO1", fields or {"why": "safety signal"})


def dosed(cycle: int, on: int) -> tuple[Act, ...]:
    """Give a cycle on fresh results of the day before: its doses are planned, and days 2 and 3 told in one message."""
    labs, day_1 = Act(on - 1, "labs"), said(on, "dose_given", dated="given_on", cycle=f"C{cycle}")
    if cycle > NEOADJUVANT_CYCLES:
        return labs, day_1
    planned = said(on, "plan_doses", cycle=f"C{cycle}", choice="CISPLATIN", why="hearing and kidneys are sound")
    later = said(on + 2, "dose_given", cycle=f"C{cycle}", day=2, until_day=3, given_on=str(day(on + 1)))
    return (labs, *((planned,) if cycle == 1 else ()), day_1, later)


def closed(on: int) -> Act:
    """Close the subject in follow-up."""
    return said(on, "end_of_study", dated="ended_on")


def operated(resection: str) -> tuple[Act, ...]:
    """Operate on day 80, within the window of days 77 to 91."""
    return (*OPERABLE, said(80, "surgery_done", "SUR1", "performed_on", resection=resection))


def adjuvant(cycles: int) -> tuple[Act, ...]:
    """Judge fit on day 115 and give so many adjuvant cycles from day 122 on."""
    fit = said(115, "adjuvant_evaluation", dated="evaluated_on", fit=True)
    healed = said(116, "drug_check", dated="checked_on", drug="ANLOTINIB", met=True)
    return (*CONFIRMED, fit, healed, *(act for n in range(cycles) for act in dosed(4 + n, 122 + 21 * n)))


WHY_NOT = said(
    81, "surgery_done", "SUR1", performed_on=str(day(80)), resection="NOT_RESECTED", why="invasion of the aorta"
)
SCREENED = (Act(1, "labs"), said(3, "confirm_eligibility", dated="judged_on"))
RANDOMIZED = (*SCREENED, said(3, "request_randomization", "CRC1"))
FIRST = (*RANDOMIZED, *dosed(1, 7))
DOSED = (*FIRST, *dosed(2, 28), *dosed(3, 49))
OPERABLE = (*DOSED, said(72, "operability", "SUR1", "judged_on", operable=True))
CONFIRMED = (*operated("R0"), said(90, "pathology", "PAT1", "reported_on", resection="R0"))
WHOLE = (*adjuvant(12), Act(375, "wait"), said(465, "follow_up_contact", "CRC1", "contacted_on", disease_free=True))

TO_FOLLOW_UP = "SCREENING NEOADJUVANT FOLLOW_UP"
TO_SURGERY = "SCREENING NEOADJUVANT SURGERY FOLLOW_UP"
TO_EVALUATION = "SCREENING NEOADJUVANT SURGERY EVALUATION FOLLOW_UP"
TO_ADJUVANT = "SCREENING NEOADJUVANT SURGERY EVALUATION ADJUVANT FOLLOW_UP"

DETOURS = (
    said(0, "sponsor_ruling", "SPO1", "ruled_on", rule="I13.4", allowed=True, why="low bleeding risk"),
    *RANDOMIZED,
    Act(6, "labs", fields={"PLATELETS": "40"}),
    Act(7, "wait"),
    said(7, "dose_delayed", cycle="C1", until=str(day(9)), why="platelets"),
    said(9, "override_gate", cycle="C1", why="checked by hand"),
    said(9, "dose_given", dated="given_on", cycle="C1", drugs=[{"drug": "BENMELSTOBART"}]),
    said(9, "dose_given", dated="given_on", cycle="C1", drugs=[{"drug": "ETOPOSIDE"}, {"drug": "CISPLATIN"}]),
    said(
        12,
        "adverse_event",
        "CRC1",
        "onset_on",
        term="neutropenia",
        grade=4,
        serious=True,
        aware_at=noon(day(12)).isoformat(),
    ),
    said(12, "sae_reported", "CRC1", reported_at=noon(day(12)).isoformat(), to="SPONSOR"),
    said(12, "hold_drug", dated="decided_on", drug="ETOPOSIDE", why="neutropenia"),
    said(13, "resume_drug", dated="decided_on", drug="ETOPOSIDE", why="recovered"),
    said(14, "discontinue_drug", dated="decided_on", drug="CISPLATIN", why="hearing"),
    said(14, "adverse_event", "CRC1", "onset_on", term="pneumonitis", grade=1, serious=False, aesi="ILD"),
    said(15, "adverse_event_update", "CRC1", causality="NOT_RELATED", outcome="RECOVERED"),
    said(15, "safety_decision", dated="decided_on", dosing="CONTINUE", why="infection"),
    said(15, "live_vaccine", "CRC1", "given_on", product="measles"),
    said(15, "course_taken", "CRC1", cycle="C1", drug="ANLOTINIB", days=[2, 3, 4]),
    said(30, "dose_omitted", dated="decided_on", cycle="C2", why="neutropenia"),
    said(40, "proceed_to_surgery", dated="decided_on", why="toxicity"),
    said(44, "surgery_done", "SUR1", "performed_on", resection="R0"),
    said(46, "correct", fields={"performed_on": str(day(45))}, why="misread"),
    said(50, "pathology", "PAT1", "reported_on", resection="R1"),
    closed(60),
    said(62, "adverse_event", "CRC1", "onset_on", term="wound infection", grade=2, serious=False),
)

SCRIPTS = (
    Script("completed", (*WHOLE, closed(470)), TO_ADJUVANT, "COMPLETED"),
    Script(
        "screen-failure", (Act(1, "labs"), said(4, "screen_failure", dated="decided_on", why="I2")), "SCREENING",
        study="SCREEN_FAILURE",
    ),
    Script(
        "withdrawn-in-screening", (*SCREENED, said(5, "withdrawal", "CRC1", "withdrawn_on", level="STUDY")),
        "SCREENING", study="WITHDRAWAL",
    ),
    Script(
        "withdrawn-from-treatment", (*FIRST, said(20, "withdrawal", "CRC1", "withdrawn_on", level="TREATMENT"),
        closed(120)), TO_FOLLOW_UP, "WITHDRAWAL",
    ),
    Script(
        "withdrawn-from-study", (*DOSED, said(55, "withdrawal", "CRC1", "withdrawn_on", level="STUDY")),
        "SCREENING NEOADJUVANT SURGERY", "WITHDRAWAL", "WITHDRAWAL",
    ),
    Script(
        "discontinued", (*adjuvant(1), said(130, "discontinue_treatment", dated="decided_on", why="toxicity"),
        closed(140)), TO_ADJUVANT, "DISCONTINUED",
    ),
    Script(
        "progressed", (*adjuvant(2), said(150, "progression", dated="found_on"), closed(160)), TO_ADJUVANT,
        "PROGRESSION",
    ),
    Script(
        "died-on-treatment", (*FIRST, said(20, "death", dated="died_on", cause="unknown")), "SCREENING NEOADJUVANT",
        "DEATH", "DEATH",
    ),
    *(Script(f"resected-{result}", (*operated(result), closed(100)), TO_SURGERY, f"RESECTION_{result}")
      for result in ("R1", "R2", "RX")),
    Script(
        "resected-NOT_RESECTED", (*operated("NOT_RESECTED"), WHY_NOT, closed(100)), TO_SURGERY,
        "RESECTION_NOT_RESECTED", deviations=("NOT_RESECTED",),
    ),
    Script(
        "pregnant-in-screening", (said(2, "pregnancy", "CRC1", "found_on"),
        said(4, "screen_failure", dated="decided_on", why="E25")), "SCREENING", study="SCREEN_FAILURE",
    ),
    Script(
        "not-operable", (*DOSED, said(72, "operability", "SUR1", "judged_on", operable=False, why="lung function"),
        closed(100)), TO_SURGERY, "NOT_OPERABLE",
    ),
    Script(
        "surgery-cancelled", (*OPERABLE, said(75, "surgery_cancelled", dated="decided_on", why="subject declined"),
        closed(100)), TO_SURGERY, "NO_SURGERY",
    ),
    Script(
        "pathology-R1", (*operated("R0"), said(90, "pathology", "PAT1", "reported_on", resection="R1"), closed(100)),
        TO_EVALUATION, "RESECTION_R1",
    ),
    Script(
        "not-fit", (*CONFIRMED, said(115, "adjuvant_evaluation", dated="evaluated_on", fit=False, why="frail"),
        closed(120)), TO_EVALUATION, "NOT_FIT",
    ),
    Script(
        "lost", (*adjuvant(1), said(130, "lost_to_follow_up", "CRC1", "decided_on")),
        TO_ADJUVANT.removesuffix(" FOLLOW_UP"), "LOST_TO_FOLLOW_UP", "LOST_TO_FOLLOW_UP",
    ),
    Script(
        "regained", (*adjuvant(1), said(130, "lost_to_follow_up", "CRC1", "decided_on"),
        said(150, "contact_regained", "CRC1", "regained_on", why="reached by telephone"), closed(160)),
        TO_ADJUVANT, "LOST_TO_FOLLOW_UP", "LOST_TO_FOLLOW_UP COMPLETED",
    ),
    # In one run: this server cannot hand over to a new run after a cancel request.
    Script(
        "cancel-asked", (*SCREENED, Act(3, "cancel"), said(5, "screen_failure", dated="decided_on", why="I2")),
        "SCREENING", study="SCREEN_FAILURE",
    ),
    Script(
        "sponsor-acts", (*FIRST, acted(10, "approve_icf", version="V2.0", approved_on=str(day(10))),
        said(12, "record_consent", "CRC1", "signed_on", version="V2.0", obtained_by="INV1"),
        said(13, "sign", meaning="reviewed"), acted(15, "pause_enrolment"), acted(15, "pause_dosing"),
        acted(17, "resume_enrolment"),
        acted(40, "resume_dosing"), acted(41, "stop_trial"), closed(50)), TO_FOLLOW_UP, "TRIAL_STOPPED",
    ),
    Script("detours", DETOURS, TO_EVALUATION, "RESECTION_R1", deviations=("*",)),
)  # fmt: skip


def sex_of(acts: tuple[Act, ...]) -> Sex:
    """Give the sex of the subject the acts are about: a woman where one is a pregnancy."""
    return "FEMALE" if any(act.kind == "pregnancy" for act in acts) else "MALE"


async def play(stage: Stage, *acts: Act) -> None:
    """Enrol a subject and play."""
    await stage.enroll(sex_of(acts))
    for act in acts:
        await act.play(stage)


async def deny(stage: Stage) -> None:
    """Let one subject take the only slot of a trial of one and die, and another, enrolled before, ask for one."""
    await play(stage, Act(1, "labs"))
    first = stage.subject
    await play(stage, *SCREENED)
    second, stage.subject = stage.subject, first
    await said(3, "confirm_eligibility", dated="judged_on").play(stage)
    await said(3, "request_randomization", "CRC1").play(stage)
    await said(3, "death", dated="died_on").play(stage)
    stage.subject = second
    await said(4, "request_randomization", "CRC1").play(stage)


def hasty() -> Protocol:
    """Give the protocol with reminders that are worth sending for an hour: fourteen days are twenty thousand tries."""
    protocol = catalogue.latest(TRIAL_ID)
    useful = tuple(row.model_copy(update={"hours": 1}) for row in protocol.notices.useful)
    return protocol.model_copy(update={"notices": protocol.notices.model_copy(update={"useful": useful})})


async def miss(stage: Stage) -> None:
    """Let nobody be told for two hours after the first visit is announced; then all is well again. For `hasty`."""
    await play(stage, *RANDOMIZED)
    await stage.mute(SITE.due_at(day(4)) + timedelta(hours=2))
    await stage.come(noon(day(4)))
