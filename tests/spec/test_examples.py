"""The documents in examples/ lead to what examples/README.md promises: Enroll, Begin, then the eligibility."""

import pytest

from demo.documents import example
from domain.decider import intents
from domain.findings import Verdict
from domain.patient import commands as c
from domain.patient.eligibility import findings_on
from domain.submission import SYSTEM
from domain.trial import commands as t
from tests.given import day, given, given_trial, noon, when
from tests.spec.test_register import OPEN
from tests.stories import told

PROMISED: dict[str, dict[str, Verdict]] = {
    "all-clear": {},
    "all-clear-woman": {},
    "screen-failure": {"I11.4": Verdict.NOT_MET, "E12": Verdict.TRIGGERED, "E19": Verdict.TRIGGERED},
    "unknown": dict.fromkeys(("E4", "I4.1", "E2", "I12.1"), Verdict.UNKNOWN),
    "conflict": {"I13.4": Verdict.CONFLICT, "E16.3": Verdict.CONFLICT},
}


@pytest.mark.parametrize("name", PROMISED)
@pytest.mark.parametrize("role", ["INVESTIGATOR", "COORDINATOR"])
def test_an_example_leads_to_what_is_promised(name: str, role: str) -> None:
    """Sent by an investigator the judgements count; sent by a coordinator they are awaited (3.1)."""
    enroll = t.Enroll.model_validate(example(name, day(4)))
    outcome = when(told(given_trial(), OPEN), enroll, on=day(4), role=role)
    (intent,) = [one for one in intents(outcome.story.state) if one.fact.kind == "SubjectEnrolled"]
    begun = when(given(), c.Begin.model_validate(intent.fact.begin), on=day(4), role=SYSTEM).story
    found = {row.rule: row.verdict for row in findings_on(begun.state, noon(day(4))) if not row.is_clear}
    pending = {rule for rule, verdict in found.items() if verdict == Verdict.JUDGEMENT_PENDING}
    assert {rule: verdict for rule, verdict in found.items() if rule not in pending} == PROMISED[name]
    assert pending == (set() if role == "INVESTIGATOR" else {row["rule"] for row in _answers(name)})


def _answers(name: str) -> list[dict[str, str]]:
    answers: list[dict[str, str]] = example(name, day(4))["evidence"]["judgements"]
    return answers
