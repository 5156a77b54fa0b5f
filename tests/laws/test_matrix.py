"""The full matrix: every kind of command in every phase is applied or refused for the reason that stands here."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decider import PATIENT
from domain.patient import commands as c
from domain.submission import SYSTEM, Reason
from tests.given import Outcome, Story, when
from tests.laws.sensible import sensible
from tests.laws.strategies import OWN, PEOPLE, about, an_example, dates_near, model
from tests.stories import PHASES

LETTERS = {
    ".": None,  # applied
    "P": Reason.PHASE,
    "O": Reason.OVER,
    "C": Reason.CONTRADICTS,
    "E": Reason.NOT_ELIGIBLE,
    "R": Reason.RULE,
}
MATRIX = """
record_consent          P.CCCCCCCCCCCCCCCCCCOOOC
screening_evidence      P...................OOO.
lab_results             P.......................
judgement               P...................OOOO
sponsor_ruling          P.....PPPPPPPPPPPPPPOOOO
confirm_eligibility     PE..ECPPPPPPPPPPPPPPOOOO
screen_failure          P....CPPPPPPPPPPPPPPOOOO
request_randomization   PRR.ECPPPPPPPPPPPPPPOOOO
dose_given              P...........CCCC.CCCCC.C
dose_delayed            PPPPPP......PPPP..PPOOOO
dose_omitted            PPPPPP......PPPP..PPOOOO
override_gate           PPPPPP......PPPP..PPOOOO
plan_doses              PPPPPP.R....PPPP..PPOOOO
hold_drug               PPPPPP.............POOOO
resume_drug             PPPPPPCCC.CCCCCCCCCPOOOO
discontinue_drug        PPPPPP.............POOOO
drug_check              PPPPPPPPPPPPPPP....POOOO
course_taken            PPPPPPPP..............P.
proceed_to_surgery      PPPPPPPP....PPPPPPPPOOOO
operability             PPPPPP.........CCCCCOOOO
surgery_done            P..............CCCCCC..C
surgery_cancelled       PPPPPP.........CCCCCOOOO
pathology               PPPPPPPPPPPPPPPCCCCCCPPC
adjuvant_evaluation     PPPPPPPPPPPPPPP.PPPPOOOO
adverse_event           P.......................
adverse_event_update    PCCCCCCCCCCCCCCCCCCCCCCC
sae_reported            PCCCCCCCCCCCCCCCCCCCCCCC
pregnancy               PCCCCCCCCCCCCCCCCCCCCCCC
live_vaccine            P.......................
safety_decision         PCCCCCCCCCCCCCCCCCCCOOOO
progression             P.......................
discontinue_treatment   PPPPPP.............POOOO
withdrawal              P...................OOO.
lost_to_follow_up       P...................OOOO
contact_regained        PPPPPPPPPPPPPPPPPPPPOOO.
death                   P....................C..
follow_up_contact       P.......................
end_of_study            PPPPPPPPPPPPPPPPPPP.OOOO
acknowledge             PC......................
sign                    PCCCCCCCCCCCCCCCCCCCCCCC
correct                 P.......................
"""
"""A row a kind, a column a phase, in the order of `PHASES`."""
ROWS = dict(line.split() for line in MATRIX.strip().splitlines())


def _sent(story: Story, kind: str) -> Outcome:
    """Send the sensible command of a kind, confirmed; an acknowledgement in a role its notice is for."""
    command = sensible(story)[kind]
    known = story.state.notices.get(command.notice) if isinstance(command, c.Acknowledge) else None
    return when(story, command, role=known.to[0] if known else None, confirmed=True, reason="told so")


@pytest.mark.parametrize("kind", ROWS)
def test_every_kind_in_every_phase_is_applied_or_refused_as_the_matrix_says(kind: str) -> None:
    """Sent with today's dates, by a role that may, confirmed."""
    for letter, (phase, build) in zip(ROWS[kind], PHASES.items(), strict=True):
        outcome = _sent(build(), kind)
        reason = outcome.refusal.reason if outcome.refusal else None
        assert reason == LETTERS[letter], f"{kind} in {phase}: {outcome.refusal}"


def test_the_matrix_has_every_kind() -> None:
    """A new command needs its row."""
    assert set(ROWS) == {kind.model_fields["kind"].default for kind in PEOPLE} == set(sensible(PHASES["screening"]()))


@pytest.mark.parametrize("phase", PHASES)
def test_the_product_s_own_kinds_are_applied_or_refused_in_every_phase(phase: str) -> None:
    """Whatever they name: at most a refusal comes of them."""
    story = PHASES[phase]()
    for kind in OWN:
        outcome = when(story, an_example(kind), role=SYSTEM)
        assert outcome.refusal is None or outcome.refusal.reason in (Reason.PHASE, Reason.CONTRADICTS)


@given(st.data(), st.sampled_from(sorted(PHASES)), st.sampled_from((*PEOPLE, *OWN)))
@about(400)
def test_any_command_in_any_phase_is_applied_or_refused(data: st.DataObject, phase: str, kind: type) -> None:
    """Whatever it holds: nothing but facts or a refusal comes of it, and the journey can go on."""
    story = PHASES[phase]()
    outcome = when(story, data.draw(model(kind, dates_near(story.now))), confirmed=data.draw(st.booleans()), reason="x")
    if outcome.refusal is not None:
        assert outcome.refusal.detail
        assert outcome.facts == ()
        return
    after = outcome.story
    assert after.state.seq == len(after.facts)
    assert PATIENT.attributes(after.state)["SubjectNo"] == after.state.subject
    assert when(after, c.TimePassed()).refusal is None or after.state.seq == 0


def test_the_unions_are_what_the_matrix_is_about() -> None:
    """People's kinds and the product's own together are all commands."""
    assert set(get_args(c.Command)) == {*PEOPLE, *OWN}
