"""Whom to tell of what happens outside the schedule: deviations, safety, allocation, endings."""

from domain.nct06978153.people import BOTH, INVESTIGATOR
from domain.nct06978153.sources import assumed, rule
from domain.protocol import Escalation, Repeats, Role

SAFETY: tuple[Role, ...] = ("INVESTIGATOR", "SPONSOR")

DEVIATION = Escalation(
    to=INVESTIGATOR,
    notice="DEVIATION",
    important=False,
    source=assumed("T4", "Q9", "every deviation is told to the investigator"),
)
IMPORTANT_DEVIATION = Escalation(
    to=SAFETY,
    notice="IMPORTANT_DEVIATION",
    important=True,
    source=assumed("T4", "Q9", "an important deviation is told to the sponsor too"),
)
REPEATS = Repeats(
    every_days=7,
    then_every_days=28,
    ladder=("INVESTIGATOR", "SPONSOR"),
    notice="STILL_WAITING",
    source=assumed("T4", "Q9", "overdue is told again after 7, 14, 21 d, to one role more each time, then every 28 d"),
)
PAUSE_REPEATS = Repeats(
    every_days=28,
    then_every_days=28,
    ladder=("INVESTIGATOR",),
    notice="STILL_WAITING",
    source=assumed("T11", "Q12", "the sponsor is told every 28 d of a pause that goes on, then the investigator too"),
)
EVENTS = {
    "RANDOMIZED": Escalation(
        to=("COORDINATOR", "PHARMACIST"), notice="RANDOMIZED", important=False, source=rule("T1", "allocation told")
    ),
    "ALLOCATION_DENIED": Escalation(
        to=BOTH, notice="ALLOCATION_DENIED", important=False, source=rule("T1.1", "cohorts closed or full")
    ),
    "SERIOUS_ADVERSE_EVENT": Escalation(
        to=SAFETY,
        notice="SERIOUS_ADVERSE_EVENT",
        important=True,
        source=assumed("T10", "Q12", "told to the sponsor at once"),
    ),
    "DEATH": Escalation(to=SAFETY, notice="DEATH", important=True, source=assumed("T10", "Q12", "told at once")),
    "CONTACT_REGAINED": Escalation(
        to=BOTH,
        notice="CONTACT_REGAINED",
        important=False,
        source=assumed("3.6", "Q13", "lost, then reached again: follow-up goes on, protocol treatment stays ended"),
    ),
    "PROGRESSION": Escalation(
        to=INVESTIGATOR, notice="PROGRESSION", important=False, source=assumed("T6.1", "Q3", "told to the investigator")
    ),
    "END_OF_TREATMENT": Escalation(
        to=BOTH, notice="END_OF_TREATMENT", important=False, source=assumed("T6", "Q3", "told when treatment ends")
    ),
    "DOSES_RECALCULATED": Escalation(
        to=("INVESTIGATOR", "PHARMACIST"),
        notice="DOSES_RECALCULATED",
        important=True,
        source=assumed("3.4", "Q8", "told when planned doses changed before day 1"),
    ),
    "DRUGS_DISCONTINUED": Escalation(
        to=INVESTIGATOR,
        notice="DRUGS_DISCONTINUED",
        important=True,
        source=assumed("T9", "Q8", "no drug of the regimen is left: the investigator decides, nothing ends by itself"),
    ),
    "RECONSENT_ASKED": Escalation(
        to=BOTH, notice="RECONSENT_ASKED", important=False, source=assumed("I1.1", "Q12", "a new ICF version is told")
    ),
    "DOSING_PAUSED": Escalation(
        to=BOTH, notice="DOSING_PAUSED", important=True, source=assumed("T11", "Q12", "a pause of dosing is told")
    ),
    "DOSING_RESUMED": Escalation(
        to=BOTH, notice="DOSING_RESUMED", important=False, source=assumed("T11", "Q12", "its end is told")
    ),
    "TRIAL_STOPPED": Escalation(
        to=BOTH, notice="TRIAL_STOPPED", important=True, source=assumed("T6.1", "Q3", "an early stop is told")
    ),
    "LAST_START_PASSED": Escalation(
        to=SAFETY,
        notice="LAST_START_PASSED",
        important=False,
        source=assumed("T7", "Q9", "treatment may not end by the completion date: told, not refused"),
    ),
    "ELIGIBILITY_WITHDRAWN": Escalation(
        to=("INVESTIGATOR", "SPONSOR"),
        notice="ELIGIBILITY_WITHDRAWN",
        important=True,
        source=assumed("T1.1", "Q12", "evidence of the eligibility verdict was corrected: to be confirmed again"),
    ),
    "LABORATORY_AMENDED": Escalation(
        to=INVESTIGATOR,
        notice="LABORATORY_AMENDED",
        important=True,
        source=assumed("T11", "Q8", "a later report of the laboratory that changes a recorded result is told"),
    ),
    "GATE_RELEASED": Escalation(
        to=BOTH,
        notice="GATE_RELEASED",
        important=False,
        source=assumed("T11", "Q8", "a hold that falls with the result it rested on is told"),
    ),
    "RESECTION_REVIEW": Escalation(
        to=SAFETY,
        notice="RESECTION_REVIEW",
        important=True,
        source=rule("T6", "pathology differs from the margin as seen: stop and review"),
    ),
    "SUSAR": Escalation(
        to=SAFETY, notice="SUSAR", important=True, source=rule("T10", "serious, unexpected and related: told at once")
    ),
    "SUSAR_FATAL": Escalation(
        to=SAFETY, notice="SUSAR_FATAL", important=True, source=rule("T10", "fatal or life-threatening: told at once")
    ),
    "PREGNANCY": Escalation(
        to=SAFETY, notice="PREGNANCY", important=True, source=rule("E25", "pregnancy report to the sponsor")
    ),
    "SERIOUSNESS_WITHDRAWN": Escalation(
        to=SAFETY,
        notice="SERIOUSNESS_WITHDRAWN",
        important=False,
        source=assumed("T10", "Q12", "an event that is no longer serious is told to whom it was told before"),
    ),
    "RESECTION_UNCERTAIN": Escalation(
        to=INVESTIGATOR,
        notice="RESECTION_UNCERTAIN",
        important=False,
        source=assumed("T6", "Q3", "R(un) is flagged; the branch follows UICC R0"),
    ),
    "PATHOLOGY_PRELIMINARY": Escalation(
        to=INVESTIGATOR,
        notice="PATHOLOGY_PRELIMINARY",
        important=False,
        source=rule("T5", "only final pathology counts for the evaluation"),
    ),
}
