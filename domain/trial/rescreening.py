"""Re-screening: one person may be screened again under a new number, and is randomized at most once. Source: T1.1."""

from domain.patient.journey import Journey
from domain.submission import Reason, Refused
from domain.trial import commands as c
from domain.trial.register import Register


def randomized_as(register: Register, subject: str) -> str | None:
    """Give the number under which the person behind a subject number is randomized, or None."""
    person = register.first_number(subject)
    return next((other for other in register.allocations if register.first_number(other) == person), None)


def refuse_unless_failed(before: Journey, command: c.Enroll) -> None:
    """Raise Refused while the earlier screening goes on, or when its record is of somebody else.

    `before` is the journey of the earlier number, as far as it is recorded.
    """
    number = command.rescreening_of
    if not (before.screen_failed or before.is_over) or before.randomized_on is not None:
        detail = (
            f"the screening of {number} has not failed" if before.randomized_on is None else f"{number} is randomized"
        )
        accepts = f"screen_failure of {number} first"
        raise Refused(Reason.PHASE, detail, rule="T1.1", field="rescreening_of", accepts=accepts)
    for name in ("born_on", "sex"):
        if getattr(before, name) != getattr(command, name):
            accepts = f"that of {number}, or `correct` of {number} first"
            raise Refused(Reason.CONTRADICTS, f"{name} differs from the record of {number}", rule="T1.1", field=name,
                          accepts=accepts)  # fmt: skip
