"""The study, the subject in it, and the consents."""

from collections.abc import Iterator

from domain.patient.journey import Journey
from exports.fhir.codes import HL7, LOINC, REGISTRY, Json, concept, own
from exports.fhir.links import Links
from read_models.record import SubjectRecord

STATUS = {"COMPLETED": "off-study", "SCREEN_FAILURE": "ineligible", "WITHDRAWAL": "withdrawn"}
"""ResearchSubject.status by how the study ended; every other ending is off-study."""


def patient(record: SubjectRecord, links: Links) -> Json:
    """Give the person behind the number: number and sex alone. Name and birth date stay at the site."""
    return links.resource("Patient", "patient") | {
        "identifier": [{"system": own("subject"), "value": f"{record.journey.trial}-{record.journey.subject}"}],
        "gender": record.journey.sex.lower(),
    }


def research_study(record: SubjectRecord, links: Links) -> Json:
    """Give the study with its arms."""
    protocol = record.journey.protocol
    return links.resource("ResearchStudy", "study") | {
        "identifier": [{"system": REGISTRY, "value": protocol.trial}],
        "title": protocol.title,
        "status": "active",
        "arm": [{"name": arm.code, "description": arm.label} for arm in protocol.arms],
    }


def research_subject(record: SubjectRecord, links: Links) -> Json:
    """Give the subject in the study: status, arm, first consent."""
    now = record.journey
    arm = {"assignedArm": now.arm, "actualArm": now.arm} if now.arm else {}
    consents = list(now.consents)
    about = links.resource("ResearchSubject", "subject") | {
        "identifier": [{"system": own("subject"), "value": now.subject}],
        "status": _status(now),
        "study": links.to("study"),
        "individual": links.to("patient"),
        **arm,
    }
    return about | ({"consent": links.to(f"consent-{consents[0]}")} if consents else {})


def _status(now: Journey) -> str:
    if now.study_ended:
        return STATUS.get(now.study_ended, "off-study")
    if now.randomized_on is None:
        return "eligible" if now.eligible_on else "screening"
    return "follow-up" if now.treatment_ended else "on-study-intervention"


def consents(record: SubjectRecord, links: Links) -> Iterator[Json]:
    """Give each consent, by the version of its form. One that was withdrawn is inactive."""
    now = record.journey
    for version, signed_on in now.consents.items():
        yield links.resource("Consent", f"consent-{version}") | {
            "status": "inactive" if now.consent_withdrawn_on else "active",
            "scope": concept(f"{HL7}/consentscope", "research", display="Research"),
            "category": [concept(LOINC, "59284-0", display="Consent Document")],
            "patient": links.to("patient"),
            "dateTime": str(signed_on),
            "policy": [{"uri": f"{REGISTRY}/study/{now.trial}"}],
            "sourceAttachment": {"title": f"informed consent form {version}"},
        }
