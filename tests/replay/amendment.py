"""An amendment: a reminder, a notice, a criterion and a search attribute more than this release has."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from temporalio.common import SearchAttributeKey

from domain import catalogue, criteria, decider
from domain.decider import Decider
from domain.protocol import Criterion, Escalation, Protocol, Reminder, Source
from tests.given import TRIAL_ID
from tests.journeys.stage import protocol_is
from workflows import attributes

SOURCE = Source(rule="T4", text="amended")
REMINDER = Reminder(after_days=3, notice="EARLY", to=("MONITOR",), text="an early word", source=SOURCE)
NOTICE = Reminder(after_days=2, notice="MONITORING", to=("SPONSOR",), text="monitoring is due", source=SOURCE)
TOLD = Escalation(to=("MONITOR",), notice="AMENDED", important=True, source=SOURCE)
CRITERION = Criterion(rule="I99", title="Age again", low=30, high=90, source=SOURCE)
ATTRIBUTE = "Facts"


@contextmanager
def amendment() -> Iterator[None]:
    """Let the catalogue, the criteria, the deciders and the keys of attributes be the amended ones, for a while."""
    with pytest.MonkeyPatch.context() as patch, protocol_is(_amended()):
        patch.setitem(criteria.RULES, CRITERION.rule, criteria.RULES["I2"])
        patch.setitem(attributes.KEYS, ATTRIBUTE, SearchAttributeKey.for_int(ATTRIBUTE))
        patch.setattr(decider, "PATIENT", _with_attribute(decider.PATIENT))
        patch.setattr(decider, "TRIAL", _with_attribute(decider.TRIAL))
        yield


def _with_attribute(before: Decider) -> Decider:
    return replace(before, attributes=lambda state: {**before.attributes(state), ATTRIBUTE: state.seq})


def _amended() -> Protocol:
    """Give the protocol with two more rows in each wait and one more criterion. What was there has other words too."""
    before = catalogue.latest(TRIAL_ID)
    old = before.screening.criteria
    epochs = []
    for epoch in before.epochs:
        changed: dict[str, Any] = {"label": f"{epoch.label} (amended)"}
        changed |= {"reminders": (*epoch.reminders, NOTICE, REMINDER)} if hasattr(epoch, "reminders") else {}
        changed |= {"visit_notice": REMINDER} if hasattr(epoch, "visit_notice") else {}
        changed |= {"criteria": (*old, CRITERION)} if hasattr(epoch, "criteria") else {}
        epochs.append(epoch.model_copy(update=changed))
    events = dict.fromkeys(before.events, TOLD)
    return before.model_copy(update={"epochs": tuple(epochs), "events": events})
