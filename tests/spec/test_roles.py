"""Who may send what: the role table, messages nobody signed, and the product's own."""

from typing import get_args

import pytest

from domain.catalogue import latest
from domain.patient import commands as c
from domain.protocol import Role
from domain.submission import SYSTEM, UNATTRIBUTED, Reason
from tests.given import TRIAL_ID, refused, when
from tests.laws.strategies import an_example
from tests.stories import in_adjuvant, registered

PEOPLE = get_args(c.FromPeople)
OWN = [kind for kind in get_args(c.FromSystem) if kind is not c.Begin]
C, I, S, PA, PH, M, SP = ("COORDINATOR", "INVESTIGATOR", "SURGEON", "PATHOLOGIST", "PHARMACIST", "MONITOR", "SPONSOR")  # noqa: E741 - the columns of the table
TABLE: dict[str, set[str]] = {
    "record_consent": {C, I},
    "screening_evidence": {C, I},
    "lab_results": {C, I},
    "judgement": {I, S},
    "sponsor_ruling": {SP},
    "confirm_eligibility": {I},
    "screen_failure": {I},
    "request_randomization": {C, I},
    "dose_given": {C, I, PH},
    "dose_delayed": {C, I, PH},
    "dose_omitted": {C, I, PH},
    "override_gate": {I},
    "plan_doses": {I},
    "hold_drug": {I},
    "resume_drug": {I},
    "discontinue_drug": {I},
    "drug_check": {I},
    "course_taken": {C, I, PH},
    "proceed_to_surgery": {I},
    "operability": {I, S},
    "surgery_done": {C, I, S},
    "surgery_cancelled": {I},
    "pathology": {PA},
    "adjuvant_evaluation": {I},
    "adverse_event": {C, I, S, PA, PH},
    "adverse_event_update": {C, I, S, PA, PH},
    "sae_reported": {C, I, S, PA, PH},
    "pregnancy": {C, I, S, PA, PH},
    "live_vaccine": {C, I, S, PA, PH},
    "safety_decision": {I},
    "progression": {C, I},
    "discontinue_treatment": {I},
    "withdrawal": {C, I},
    "lost_to_follow_up": {C, I},
    "contact_regained": {C, I},
    "death": {C, I},
    "follow_up_contact": {C, I},
    "end_of_study": {I},
    "acknowledge": {C, I, S, PA, PH, M, SP},
    "sign": {C, I, S, PA, PH},
    "correct": {C, I, S, PA, PH},
}
"""The table of clinical-spec 3.6, written out a second time."""
UNSIGNED = {"dose_given", "surgery_done", "adverse_event", "death"}


@pytest.mark.parametrize("kind", PEOPLE, ids=lambda kind: kind.model_fields["kind"].default)
def test_a_command_is_taken_from_the_roles_of_the_table_only(kind: type) -> None:
    """Another role is refused, naming who may."""
    command = an_example(kind)
    may = TABLE[command.kind]
    for role in get_args(Role):
        outcome = when(in_adjuvant(), command, role=role)
        if role in may:
            refusal = outcome.refusal
            assert refusal is None or (refusal.reason, refusal.rule) != (Reason.ROLE, "3.6 roles")
        else:
            no = refused(outcome, Reason.ROLE, rule="3.6 roles", field="role")
            assert set(no.accepts.split(" or ")) == may


@pytest.mark.parametrize("kind", PEOPLE, ids=lambda kind: kind.model_fields["kind"].default)
def test_only_what_must_never_be_lost_is_taken_from_nobody(kind: type) -> None:
    """Doses, surgery, adverse events and deaths."""
    command = an_example(kind)
    refusal = when(in_adjuvant(), command, role=UNATTRIBUTED).refusal
    by_role = refusal is not None and (refusal.reason, refusal.field) == (Reason.ROLE, "staff")
    assert by_role == (command.kind not in UNSIGNED)


@pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.model_fields["kind"].default)
def test_the_product_s_own_kinds_are_refused_from_people(kind: type) -> None:
    """Whatever role is claimed, and from nobody."""
    for role in (*get_args(Role), UNATTRIBUTED):
        refused(when(registered(), an_example(kind), role=role), Reason.ROLE)


def test_the_product_sends_nothing_that_people_say() -> None:
    """SYSTEM holds no role of the table."""
    for kind in PEOPLE:
        refused(when(in_adjuvant(), an_example(kind), role=SYSTEM), Reason.ROLE)


def test_every_command_has_its_row_and_every_row_its_command() -> None:
    """The table of the protocol and the union of commands agree."""
    kinds = {kind.model_fields["kind"].default for kind in PEOPLE}
    protocol = latest(TRIAL_ID)
    assert kinds == set(TABLE) == {row.kind for row in protocol.permissions}
    assert {row.kind for row in protocol.permissions if row.unattributed} == UNSIGNED
    assert protocol.permission("no_such_kind") is None


def test_a_kind_without_a_row_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A protocol that forgets a kind lets nobody send it."""
    bare = latest(TRIAL_ID).model_copy(update={"permissions": ()})
    monkeypatch.setitem(__import__("domain.catalogue").catalogue.PROTOCOLS, (TRIAL_ID, "1"), bare)
    death = an_example(c.ReportDeath)
    refused(when(registered(), death, role="INVESTIGATOR"), Reason.ROLE)
    refused(when(registered(), death, role=UNATTRIBUTED), Reason.ROLE)
