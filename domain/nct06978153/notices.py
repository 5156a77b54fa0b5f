"""Until when notices are worth sending, and which must be acknowledged by a person.

A reminder stays worth sending for 14 d: longer than the longest holiday of quiet hours (8 d), and than the week between
two of the surgery wait. That is generous on purpose. Deliveries take real time, and a demonstration's day lasts 0.12 s
where it is quickest: 14 d are 1.7 s there, a hundred times what its sink needs. Safety, deviations and what is overdue
are sent however late.

An acknowledgement is awaited for 24 h or more, beyond the 24 h clocks of safety reports (T10): who reports in time has
settled the notice with it.
"""

from domain.nct06978153.sources import assumed
from domain.protocol import Acknowledgement, NoticePlan, Step, Usefulness

AFTER_A_DAY = Step(after_hours=24, to="SPONSOR"), Step(after_hours=48, to="MONITOR")
NOTICES = NoticePlan(
    useful=(
        Usefulness(
            notices=(
                "SCREENING_CLOSES",
                "VISIT_DUE",
                "SURGERY_REMINDER",
                "EVALUATION_REMINDER",
                "FOLLOW_UP_DUE",
                "RECONSENT_REMINDER",
            ),
            hours=14 * 24,
            source=assumed("T4", "Q9", "a reminder is worth sending for 14 d; what comes later tells nothing new"),
        ),
    ),
    acknowledged=(
        Acknowledgement(
            notices=("SERIOUS_ADVERSE_EVENT", "SUSAR", "SUSAR_FATAL", "PREGNANCY"),
            steps=AFTER_A_DAY,
            settled_by="REPORTS",
            urgent=True,
            source=assumed(
                "T10", "Q12", "acknowledged within 24 h, else told again to the sponsor too, after 48 h to the monitor"
            ),
        ),
        Acknowledgement(
            notices=("DOSING_STOPPED",),
            steps=AFTER_A_DAY,
            settled_by="DECISION",
            urgent=True,
            source=assumed(
                "E25", "Q12", "acknowledged within 24 h, else told again to the sponsor too, after 48 h to the monitor"
            ),
        ),
        Acknowledgement(
            notices=("DOSE_ON_HOLD",),
            steps=(Step(after_hours=96, to="SPONSOR"), Step(after_hours=168, to="MONITOR")),
            settled_by="RELEASE",
            urgent=False,
            source=assumed(
                "T11", "Q8", "acknowledged within 4 d (a weekend is no reason), else told to the sponsor, then monitor"
            ),
        ),
        Acknowledgement(
            notices=("IMPORTANT_DEVIATION",),
            steps=(Step(after_hours=168, to="MONITOR"),),
            settled_by="WITHDRAWAL",
            urgent=False,
            source=assumed("T4", "Q9", "an important deviation is acknowledged within 7 d, else told to the monitor"),
        ),
    ),
    notice="NOT_ACKNOWLEDGED",
)
