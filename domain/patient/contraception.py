"""Until when contraception goes on after the end of treatment. It reads facts and decides nothing. Source: T8."""

from datetime import date

from domain.criteria import completed_years
from domain.patient.journey import Journey
from domain.patient.taken import last_taken
from domain.patient.windows import days


def contraception_until(journey: Journey) -> date | None:
    """Give the last day of contraception, once treatment has ended: so many days after the last of all study drugs.

    Of whom pregnancy is to be reckoned with: by sex, and age in completed years at consent (I10.1). Without a consent
    on record, as when it was entered in error, the age at randomization counts: the drugs were taken all the same.
    """
    ended_on = journey.treatment_ended_on
    if ended_on is None:
        return None
    age = completed_years(journey.born_on, journey.consent_on or journey.randomized_on or ended_on)
    if not journey.protocol.childbearing.covers(journey.sex, age):
        return None
    until = max([ended_on, *journey.last_dose.values()])
    drugs = journey.last_dose.keys() & journey.protocol.drugs
    taken = [on for on in (last_taken(journey, drug, until) for drug in drugs) if on is not None]
    return max(taken) + days(journey.protocol.contraception.ends.after_days) if taken else None
