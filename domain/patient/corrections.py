"""Corrections: an earlier fact reads otherwise from now on, or counts as never said. The original stays.

A correction is one act: the corrected fact, and then whatever makes the record true again.
"""

from typing import Any

from domain.patient import commands as c
from domain.patient import differences, follow
from domain.patient import facts as f
from domain.patient.contradictions import check
from domain.patient.correctable import reads, row_of
from domain.patient.draft import Draft
from domain.patient.ended import HEADS
from domain.patient.expected import expected
from domain.patient.history import Entry, effective, fold
from domain.patient.readings import set_aside
from domain.submission import SYSTEM, Reason, Refused, Submission


def correct(draft: Draft, submission: Submission[c.Command], command: c.Correct) -> None:
    """Record the correction and all that follows from it. Raises Refused."""
    entry = _entry(draft, command)
    known = counts(draft, command.fact)
    _check_sender(draft, entry, command)
    new = None
    if command.void:
        _check_void(draft, entry, known, command)
        if isinstance(known, f.LabResultsRecorded) and known.order is not None:
            new = set_aside(known, command.why)
    else:
        new = _reads(draft, entry, known, command)
        if isinstance(known, f.DoseGiven) and known.day == 1 != new.day:
            follow.refuse_void(draft, command.fact, known, "fields.day")
    before, was = draft.journey, tuple(effective(draft.every_fact))
    showed = expected(draft.record, was, before, draft.at)
    correction = f.FactCorrected(fact=command.fact, of=entry.fact.kind, content=new, why=command.why)
    check(draft, submission, correction, known)
    draft.add(correction)
    follow.settle(draft, before, follow.Corrected(command.fact, known, new, was), showed)


def _entry(draft: Draft, command: c.Correct) -> Entry:
    last = len(draft.record)
    if command.fact > last:
        raise Refused(Reason.CONTRADICTS, f"fact {command.fact} is not on record", field="fact",
                      accepts=f"a number from 1 to {last}")  # fmt: skip
    entry = draft.record[command.fact - 1]
    row_of(entry.fact, command.fact)
    if isinstance(entry.fact, HEADS):
        first = next(n for n, other in enumerate(draft.record, start=1) if other.act == entry.act)
        if first != command.fact:
            raise Refused(Reason.RULE, f"fact {command.fact} follows from fact {first}", field="fact",
                          accepts=f"fact {first}")  # fmt: skip
    return entry


def counts(draft: Draft, number: int) -> Any:  # noqa: ANN401 - a fact of any kind
    """Give a fact as it counts now; None when it was entered in error."""
    fact = effective(draft.every_fact)[number - 1]
    return None if isinstance(fact, f.FactCorrected) else fact


def _check_sender(draft: Draft, entry: Entry, command: c.Correct) -> None:
    """Raise Refused unless the sender entered the fact, or is an investigator. Source: 3.6 roles."""
    by = getattr(entry.fact, "by", entry.staff)
    if draft.sender.role != "INVESTIGATOR" and draft.sender.staff != by:
        detail = f"fact {command.fact} was entered by {_own_name(entry) if by == SYSTEM else by}"
        raise Refused(
            Reason.ROLE,
            detail,
            rule="3.6 corrections",
            field="fact",
            accepts="INVESTIGATOR" if by == SYSTEM else f"{by} or INVESTIGATOR",
        )


def _own_name(entry: Entry) -> str:
    """Say in words where a fact came from that no person of the site sent."""
    return "the laboratory" if isinstance(entry.fact, f.LabResultsRecorded) else "the product"


def _check_void(draft: Draft, entry: Entry, known: object, command: c.Correct) -> None:
    if command.fields:
        raise Refused(Reason.MALFORMED, "a fact that counts as never said has no fields", field="fields",
                      accepts="void alone, or fields alone")  # fmt: skip
    if not row_of(entry.fact, command.fact).may_be_void:
        raise Refused(Reason.RULE, f"{entry.fact.kind} cannot be void", field="void", accepts="fields")
    aside = isinstance(known, f.LabResultsRecorded) and not known.accepted and known.order is not None
    if known is None or aside:
        raise Refused(Reason.CONTRADICTS, f"fact {command.fact} counts as never said already", field="void",
                      accepts="fields, when it was said after all")  # fmt: skip
    follow.refuse_void(draft, command.fact, known)


def _reads(draft: Draft, entry: Entry, known: object, command: c.Correct) -> Any:  # noqa: ANN401 - a fact of any kind
    base = known or entry.fact
    new = reads(draft, command.fact, base, command)  # type: ignore[arg-type] # a fact of any kind
    if new == known:
        raise Refused(Reason.CONTRADICTS, f"fact {command.fact} reads like that already", field="fields",
                      accepts="a field that differs")  # fmt: skip
    return new


def list_changes(draft: Draft, made: f.FactCorrected) -> None:
    """Write what the correction changed into its fact: the fields, and the differences that matter."""
    facts = tuple(entry.fact for entry in draft.record)
    was, site = effective(facts)[made.fact - 1], draft.journey.site
    changes = [
        *differences.of_content(site, made.fact, None if isinstance(was, f.FactCorrected) else was, made.content)
    ]
    for also in draft.facts[1:]:
        if isinstance(also, f.FactCorrected) and also.content is not None:
            old = effective(facts)[also.fact - 1]
            known = None if isinstance(old, f.FactCorrected) else old
            changes += differences.of_content(site, also.fact, known, also.content)
    changes += differences.of_journeys(fold(facts), draft.journey)
    draft.facts[0] = made.model_copy(update={"changes": tuple(changes)})
