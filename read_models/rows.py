"""A subject's rows for each table. Pure: the same record gives the same rows."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from domain.analytes import ANALYTES
from domain.criteria.case import completed_years
from domain.findings import Verdict
from domain.patient import facts as f
from domain.patient.agenda import is_overdue
from domain.patient.view import next_due_instant, phase
from read_models.dose_rows import doses
from read_models.record import SubjectRecord, decision_of
from read_models.visit_rows import visits

Row = dict[str, Any]
EXCLUDES = (Verdict.NOT_MET, Verdict.TRIGGERED)
WITHHELD = "withheld"
"""What stands in the place of a birth date: identity stays outside."""

RESULT = {"analyte", "value", "unit", "lower_limit", "upper_limit", "collected_at", "reported", "status"}
DEVIATION = {
    "item", "rule", "text", "important", "expected_from", "expected_to", "actual_on", "days_off", "why",
}  # fmt: skip


def subjects(record: SubjectRecord) -> Iterator[Row]:
    """Give where the subject stands."""
    now = record.journey
    due = next_due_instant(now)
    begun = [cycle.day_1_on for cycle in now.cycles.values() if cycle.day_1_on]
    events = [event for event in now.safety.events.values() if not event.is_pregnancy]
    yield {
        "site": now.site.code,
        "protocol_version": now.protocol_version,
        "sex": now.sex,
        "age_years": completed_years(now.born_on, now.consent_on) if now.consent_on else None,
        "phase": phase(now),
        "epoch": now.epoch or None,
        "arm": now.arm or None,
        "consent_on": now.consent_on,
        "consent_version": now.consent_version or None,
        "eligible_on": now.eligible_on,
        "randomized_on": now.randomized_on,
        "first_dose_on": min(begun, default=None),
        "cycles_begun": len(begun),
        "surgery_on": now.surgery_on,
        "resection": now.resection,
        "pathology": now.pathology,
        "evaluated_on": now.evaluated_on,
        "treatment_ended_on": now.treatment_ended_on,
        "treatment_ended": now.treatment_ended or None,
        "progressed_on": now.progressed_on,
        "died_on": now.died_on,
        "study_ended": now.study_ended or None,
        "screen_failed_by": " ".join(failed_by(record)) or None,
        "dosing_stopped": bool(now.safety.stopped) and now.is_on_treatment,
        "drugs_held": " ".join(now.held) or None,
        "drugs_discontinued": " ".join(dict.fromkeys(now.discontinued)) or None,
        "next_due_on": now.site.date_of(datetime.fromisoformat(due)) if due else None,
        "overdue": is_overdue(now),
        "deviations": len(now.deviations),
        "important_deviations": sum(row.important for row in now.deviations.values()),
        "adverse_events": len(events),
        "serious_events": sum(event.serious for event in events),
        "facts": now.seq,
    }


def failed_by(record: SubjectRecord) -> tuple[str, ...]:
    """Give the rules a screening failed by: those found to exclude, else the one that was given as the reason."""
    failed = [fact for _, fact in record.counting(f.ScreenFailed)]
    if not failed or record.journey.study_ended != "SCREEN_FAILURE":
        return ()
    found = tuple(row.rule for row in failed[-1].findings if row.verdict in EXCLUDES)
    named = tuple(row.rule for row in record.journey.protocol.screening.criteria if row.rule == failed[-1].why)
    return found or named


def deviations(record: SubjectRecord) -> Iterator[Row]:
    """Give each deviation once: as said last, dated as recorded first."""
    found: dict[str, Row] = {}
    why_not: dict[str, str] = {}
    for told, fact in record.counting(f.DeviationRecorded):
        first = found.get(fact.item, {"recorded_at": told.recorded_at, "seq": told.seq})
        said = fact.model_dump(include=DEVIATION)
        found[fact.item] = {**said, "recorded_at": first["recorded_at"], "seq": first["seq"]}
    for _, withdrawn in record.counting(f.DeviationWithdrawn):
        why_not[withdrawn.item] = withdrawn.why
    for item, row in found.items():
        holds = item in record.journey.deviations
        yield {**row, "withdrawn": not holds, "withdrawn_why": None if holds else why_not.get(item)}


def notices(record: SubjectRecord) -> Iterator[Row]:
    """Give each notice with what became of it."""
    reached = {fact.notice: told.recorded_at for told, fact in record.counting(f.NoticeReached)}
    missed = {fact.notice: fact.missed_at for _, fact in record.counting(f.NoticeMissed)}
    answered = {fact.notice: told for told, fact in record.counting(f.NoticeAcknowledged)}
    for told, fact in record.counting(f.NoticeRequested):
        answer = answered.get(told.seq)
        yield {
            "seq": told.seq,
            "notice": fact.notice,
            "roles": " ".join(fact.to),
            "text": fact.text,
            "urgent": fact.urgent,
            "asked_at": told.recorded_at,
            "reached_at": reached.get(told.seq),
            "missed_at": missed.get(told.seq),
            "acknowledged_at": answer.recorded_at if answer else None,
            "acknowledged_by": answer.stored.staff if answer else None,
        }


def verdicts(record: SubjectRecord) -> Iterator[Row]:
    """Give the verdicts of the latest decision."""
    decision = decision_of(record)
    for finding in decision.findings if decision else ():
        parts = [
            " ".join(filter(None, (used.what, used.value, f"of {used.on}" if used.on else "", used.document)))
            for used in finding.evidence
        ]
        yield {
            "rule": finding.rule,
            "verdict": str(finding.verdict),
            "sentence": finding.sentence,
            "evidence": "; ".join(parts),
            "decided_at": decision.told.recorded_at if decision else None,
            "seq": decision.told.seq if decision else None,
        }


def adverse_events(record: SubjectRecord) -> Iterator[Row]:
    """Give each event as it stands."""
    for event in record.journey.safety.events.values():
        yield {
            "seq": event.number,
            "term": "PREGNANCY" if event.is_pregnancy else event.term,
            "grade": event.grade or None,
            "serious": event.serious,
            "criteria": " ".join(event.criteria),
            "onset_on": event.onset_on,
            "resolved_on": event.resolved_on,
            "outcome": event.outcome,
            "causality": event.causality,
            "aesi": event.aesi,
            "fatal": event.fatal,
        }


def laboratory(record: SubjectRecord) -> Iterator[Row]:
    """Give each result fit for use."""
    for told, fact in record.counting(f.LabResultsRecorded):
        for number, result in enumerate(fact.accepted, start=1):
            analyte = ANALYTES.get(result.analyte)
            yield {
                "seq": told.seq,
                "number": number,
                "loinc": analyte.stored_loinc if analyte else None,
                **result.model_dump(include=RESULT),
            }


def signatures(record: SubjectRecord) -> Iterator[Row]:
    """Give each signature that was asked for, with the one that answered it."""
    signed = list(record.counting(f.FactSigned))
    for asked, ask in record.counting(f.SignatureAsked):
        answer = next((row for row in signed if row[0].seq > asked.seq and ask.fact in row[1].facts), None)
        yield {
            "fact": ask.fact,
            "asked": asked.seq,
            "act": ask.act,
            "roles": " ".join(ask.to),
            "asked_on": ask.asked_on,
            "signed_at": answer[1].signed_at if answer else None,
            "signed_by": answer[0].stored.staff if answer else None,
            "role": answer[0].stored.role if answer else None,
            "meaning": answer[1].meaning if answer else None,
        }


def corrections(record: SubjectRecord) -> Iterator[Row]:
    """Give each thing that a correction changed: old, new, reason, who. A correction that lists none is one row."""
    for told in record.told:
        fact = told.recorded
        if not isinstance(fact, f.FactCorrected):
            continue
        word = "entered in error" if fact.content is None else "reads otherwise"
        for number, change in enumerate(fact.changes or (f.Change(what=word),), start=1):
            birth = change.what.endswith("born_on")
            yield {
                "seq": told.seq,
                "number": number,
                "fact": fact.fact,
                "kind": fact.of,
                "what": change.what,
                "old": WITHHELD if birth else change.before,
                "new": WITHHELD if birth else change.after,
                "reason": fact.why,
                "staff": told.stored.staff,
                "role": told.stored.role,
                "recorded_at": told.recorded_at,
            }


BY_TABLE: Mapping[str, Callable[[SubjectRecord], Iterator[Row]]] = {
    "subjects": subjects,
    "visits": visits,
    "doses": doses,
    "deviations": deviations,
    "notices": notices,
    "verdicts": verdicts,
    "adverse_events": adverse_events,
    "laboratory": laboratory,
    "signatures": signatures,
    "corrections": corrections,
}


def rows_of(record: SubjectRecord, names: Collection[str] = BY_TABLE) -> dict[str, list[Row]]:
    """Give a subject's rows of each table, or of these."""
    subject = {"subject": record.journey.subject}
    return {name: [subject | row for row in BY_TABLE[name](record)] for name in BY_TABLE if name in names}
