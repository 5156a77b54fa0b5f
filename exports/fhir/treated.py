"""What was done and what happened: doses, surgery, adverse events, and the plan of visits."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.patient import facts as f
from domain.patient.events import SafetyEvent
from exports.fhir.codes import HL7, ROUTES, SNOMED, Json, concept, own, quantity, without_nothing
from exports.fhir.links import Links
from read_models.dose_rows import COURSE, OMITTED, PLANNED, doses
from read_models.record import SubjectRecord
from read_models.visit_rows import DONE, visits
from read_models.visit_rows import OMITTED as LEFT_OUT

SEVERITY = {1: "mild", 2: "moderate"}
"""CTCAE 5.0: grade 1 mild, 2 moderate, 3 and above severe."""
OUTCOMES = {
    "RECOVERED": "resolved",
    "RECOVERING": "recovering",
    "NOT_RECOVERED": "ongoing",
    "SEQUELAE": "resolvedWithSequelae",
    "FATAL": "fatal",
    "UNKNOWN": "unknown",
}


def administrations(record: SubjectRecord, links: Links) -> Iterator[Json]:
    """Give each dose given, each course taken at home, and each drug or cycle left out."""
    for row in doses(record):
        if row["status"] != PLANNED:
            yield without_nothing(_administration(links, row))


def _administration(links: Links, row: Mapping[str, Any]) -> Json:
    left_out = row["status"] == OMITTED
    drug = row["drug"] or "ALL_DRUGS"
    taken = f"days {row['days_taken']} of the cycle" if row["status"] == COURSE else ""
    return links.resource("MedicationAdministration", f"dose-{row['dose']}") | {
        "status": "not-done" if left_out else "completed",
        "statusReason": [{"text": row["why"]}] if left_out else [],
        "medicationCodeableConcept": concept(own("drug"), drug, drug.replace("_", " ").lower()),
        "subject": links.to("patient"),
        "effectiveDateTime": str(row["given_on"] or ""),
        "dosage": _dosage(row),
        "note": [{"text": ", ".join(filter(None, (row["dose"].split("/")[0], taken)))}],
    }


def _dosage(row: Mapping[str, Any]) -> Json:
    """Give amount and route. Without an amount FHIR knows no dosage."""
    if row["given_amount"] is None:
        return {}
    route = ROUTES.get(row["route"] or "")
    return without_nothing(
        {
            "route": concept(SNOMED, route[0], display=route[1]) if route else {},
            "dose": quantity(row["given_amount"], row["given_unit"])
            if row["given_unit"]
            else {"value": row["given_amount"]},
        }
    )


def procedures(record: SubjectRecord, links: Links) -> Iterator[Json]:
    """Give the surgery with its result as it counts, or that it was cancelled."""
    code = concept(own("procedure"), "TUMOUR_RESECTION", "resection of the tumour")
    for told, fact in record.counting(f.SurgeryPerformed):
        resection = record.journey.pathology or fact.resection
        yield links.resource("Procedure", f"surgery-{told.seq}") | {
            "status": "completed",
            "code": code,
            "subject": links.to("patient"),
            "performedDateTime": str(fact.performed_on),
            "outcome": concept(own("resection"), resection, resection),
        }
    for told, cancelled in record.counting(f.SurgeryCancelled):
        yield links.resource("Procedure", f"surgery-{told.seq}") | {
            "status": "not-done",
            "statusReason": {"text": cancelled.why},
            "code": code,
            "subject": links.to("patient"),
        }


def adverse_events(record: SubjectRecord, links: Links) -> Iterator[Json]:
    """Give each adverse event and pregnancy as it stands."""
    for event in record.journey.safety.events.values():
        yield without_nothing(_adverse_event(links, event))


def _adverse_event(links: Links, event: SafetyEvent) -> Json:
    grade = f" (CTCAE grade {event.grade})" if event.grade else ""
    about: Json = links.resource("AdverseEvent", f"event-{event.number}") | {
        "identifier": {"system": own("event"), "value": str(event.number)},
        "actuality": "actual",
        "event": {"text": "pregnancy" if event.is_pregnancy else f"{event.term}{grade}"},
        "subject": links.to("patient"),
        "date": str(event.onset_on),
        "study": [links.to("study")],
    }
    if not event.is_pregnancy:
        seriousness = "Serious" if event.serious else "Non-serious"
        about["seriousness"] = concept(f"{HL7}/adverse-event-seriousness", seriousness)
        about["severity"] = concept(f"{HL7}/adverse-event-severity", SEVERITY.get(event.grade, "severe"))
    if event.outcome:
        about["outcome"] = concept(f"{HL7}/adverse-event-outcome", OUTCOMES[event.outcome])
    return about


def care_plan(record: SubjectRecord, links: Links) -> Json:
    """Give the plan: every visit with its window, and whether it took place."""
    now = record.journey
    status = "revoked" if now.is_over and now.study_ended != "COMPLETED" else "completed" if now.is_over else "active"
    return without_nothing(
        links.resource("CarePlan", "plan")
        | {
            "status": status,
            "intent": "plan",
            "title": f"visits of {now.subject} under protocol version {now.protocol_version}",
            "subject": links.to("patient"),
            "activity": [{"detail": _visit(row)} for row in visits(record)],
        }
    )


def _visit(row: Mapping[str, Any]) -> Json:
    first, last = row["earliest_on"] or row["planned_on"], row["latest_on"] or row["planned_on"]
    done = f"took place on {row['actual_on']}" if row["actual_on"] else ""
    planned = f"planned {row['planned_on']}" if row["planned_on"] else ""
    status = {DONE: "completed", LEFT_OUT: "cancelled"}.get(row["status"], "scheduled")
    return without_nothing(
        {
            "code": concept(own("visit"), row["visit"], row["visit"]),
            "status": status,
            "scheduledPeriod": {"start": str(first), "end": str(last)} if first else {},
            "description": ", ".join(filter(None, (planned, done))),
        }
    )
