"""Who acted in which role: the delegation log on the date of the act, not of its record."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain.patient import commands as c
from domain.submission import Reason, Refused, Sender, Submission
from domain.trial import commands as t
from domain.trial.delegation import DATES_OF_ACTS, acted_on, acting_role
from domain.trial.register import Register
from tests.given import SITE, START, day, given_trial, noon
from tests.spec.test_register import OPEN
from tests.stories import told

NOW = noon(day(30))
STAFF = (
    t.Delegation(staff="CRC1", roles=("COORDINATOR",), valid_from=day(-30)),
    t.Delegation(staff="NEW1", roles=("COORDINATOR", "INVESTIGATOR"), valid_from=day(20)),
    t.Delegation(staff="OLD1", roles=("INVESTIGATOR",), site="TDH", valid_from=day(-30), valid_to=day(10)),
)


def register() -> Register:
    """A trial with staff that came on day 20 and staff that went on day 10."""
    state: Register = told(given_trial(), OPEN.model_copy(update={"staff": STAFF})).state
    return state


def sent(command: Any, staff: str, role: str = "", occurred_at: datetime | None = None) -> Submission[Any]:
    """Give a submission of a staff member."""
    sender = Sender(staff=staff, role=role)
    return Submission(id="delegation-1", sender=sender, command=command, occurred_at=occurred_at)


def dose(on: date) -> c.ReportDose:
    """Give a report of C1D1."""
    return c.ReportDose(cycle="C1", given_on=on)


@pytest.mark.parametrize(
    ("command", "occurred_at", "on"),
    [
        (dose(day(7)), None, day(7)),
        (dose(day(7)), noon(day(8)), day(8)),
        (dose(day(31)), None, day(30)),
        (dose(day(7)), noon(day(31)), day(30)),
        (c.RequestRandomization(), None, day(30)),
        (c.DelayDose(cycle="C1", until=day(40), why="x"), None, day(30)),
        (c.ReportDeath(died_on=day(7)), None, day(30)),
        (c.ReportAdverseEvent(term="x", grade=1, serious=False, onset_on=day(7)), None, day(30)),
        (c.ReportWithdrawal(withdrawn_on=day(7), level="STUDY"), None, day(30)),
        (c.ReportPathology(reported_on=day(7), resection="R0"), None, day(7)),
        (c.RecordConsent(signed_on=day(7), version="V1.0", obtained_by="INV1"), None, day(7)),
    ],
)
def test_the_date_of_the_act(command: Any, occurred_at: datetime | None, on: date) -> None:
    """When it occurred, else its own date, else today; a date ahead counts as today, and is refused as such later.

    What befell the subject is no act of the sender's: it may be told by who came later.
    """
    assert acted_on(sent(command, "CRC1", occurred_at=occurred_at), SITE, NOW) == on


def test_without_a_site_the_date_is_utc_s() -> None:
    """For acts on the whole trial."""
    late = noon(START).replace(hour=23)
    assert acted_on(sent(t.StopTrial(why="x"), "CRC1"), None, late) == START
    assert acted_on(sent(t.StopTrial(why="x"), "CRC1"), SITE, late) == START + timedelta(days=1)


@pytest.mark.parametrize(("on", "role"), [(19, ""), (20, "COORDINATOR"), (21, "COORDINATOR")])
def test_who_was_delegated_later_did_not_do_it_before(on: int, role: str) -> None:
    """The day before, at and after the delegation; the refusal says which role may."""
    submission = sent(dose(day(on)), "NEW1")
    if role:
        assert acting_role(register(), SITE, submission, NOW) == role
        return
    with pytest.raises(Refused) as no:
        acting_role(register(), SITE, submission, NOW)
    assert (no.value.reason, no.value.detail) == (Reason.ROLE, f"NEW1 held no role on {day(19)}")
    assert no.value.accepts == "COORDINATOR or INVESTIGATOR or PHARMACIST"


@pytest.mark.parametrize(("on", "held"), [(9, True), (10, True), (11, False)])
def test_who_has_gone_may_still_tell_what_they_did(on: int, *, held: bool) -> None:
    """Up to the last day of the delegation, whenever it is entered."""
    submission = sent(dose(day(on)), "OLD1", role="INVESTIGATOR")
    if held:
        assert acting_role(register(), SITE, submission, NOW) == "INVESTIGATOR"
        return
    with pytest.raises(Refused) as no:
        acting_role(register(), SITE, submission, NOW)
    assert no.value.detail == f"OLD1 did not hold the role INVESTIGATOR on {day(11)}"
    assert (no.value.field, no.value.accepts) == ("role", f"no role on {day(11)}")


def test_the_role_is_the_first_held_that_may_send_it() -> None:
    """Where none may, the first held, and the refusal names who may; a role that is not held is refused."""
    assert acting_role(register(), SITE, sent(c.ConfirmEligibility(judged_on=day(25)), "NEW1"), NOW) == "INVESTIGATOR"
    assert acting_role(register(), SITE, sent(c.ConfirmEligibility(judged_on=day(25)), "CRC1"), NOW) == "COORDINATOR"
    with pytest.raises(Refused) as no:
        acting_role(register(), SITE, sent(dose(day(25)), "NEW1", role="SURGEON"), NOW)
    assert no.value.accepts == "COORDINATOR or INVESTIGATOR"


def test_the_delegation_holds_at_its_site() -> None:
    """And who is not in the log is unknown."""
    elsewhere = SITE.model_copy(update={"code": "BER"})
    with pytest.raises(Refused) as no:
        acting_role(register(), elsewhere, sent(dose(day(5)), "OLD1"), NOW)
    assert no.value.reason == Reason.ROLE
    with pytest.raises(Refused) as unknown:
        acting_role(register(), SITE, sent(dose(day(5)), "XYZ9"), NOW)
    assert (unknown.value.reason, unknown.value.accepts) == (Reason.UNKNOWN_STAFF, "CRC1, NEW1, OLD1")


def test_a_kind_without_a_row_takes_the_first_role_held() -> None:
    """The register's own table does not hold the opening."""
    assert acting_role(register(), None, sent(OPEN, "CRC1"), NOW) == "COORDINATOR"


def test_every_date_of_an_act_is_a_field_of_some_command() -> None:
    """A renamed field would silently fall back to today."""
    names = {name for kind in c.FromPeople.__args__ for name in kind.model_fields}
    assert set(DATES_OF_ACTS) <= names
