"""Until when contraception goes on after the end of treatment. It reads facts and decides nothing. Source: T8."""

from datetime import date

from domain.criteria import completed_years
from domain.patient.journey import Journey
from domain.patient.taken import last_taken
from domain.patient.windows import days


def is_of_childbearing_potential(journey: Journey) -> bool:
    """Say whether pregnancy is to be reckoned with: by sex, and age in completed years at consent. Source: I10.1."""
    if journey.consent_on is None:
        return False
    return journey.protocol.childbearing.covers(journey.sex, completed_years(journey.born_on, journey.consent_on))


def contraception_until(journey: Journey) -> date | None:
    """Give the last day of contraception, once treatment has ended: so many days after the last of all study drugs."""
    ended_on = journey.treatment_ended_on
    if ended_on is None or not is_of_childbearing_potential(journey):
        return None
    until = max([ended_on, *journey.last_dose.values()])
    drugs = journey.last_dose.keys() & journey.protocol.drugs
    taken = [on for on in (last_taken(journey, drug, until) for drug in drugs) if on is not None]
    return max(taken) + days(journey.protocol.contraception.ends.after_days) if taken else None
