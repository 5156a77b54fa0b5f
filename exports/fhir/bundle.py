"""The bundle: every resource once, each reference to one of them, and at last what it was made from."""

from exports.fhir.codes import HL7, Json, concept, instant, own
from exports.fhir.links import Links
from exports.fhir.measured import observations
from exports.fhir.study import consents, patient, research_study, research_subject
from exports.fhir.treated import administrations, adverse_events, care_plan, procedures
from exports.made_from import MadeFrom
from exports.text import json_text
from read_models.record import SubjectRecord


def bundle(record: SubjectRecord, made: MadeFrom) -> Json:
    """Give a subject as a FHIR R4 collection. Its last entry is the Provenance: stream, fact number, hash, instant."""
    links = Links(record.head.stream)
    resources = [
        research_study(record, links),
        patient(record, links),
        research_subject(record, links),
        *consents(record, links),
        care_plan(record, links),
        *observations(record, links),
        *administrations(record, links),
        *procedures(record, links),
        *adverse_events(record, links),
    ]
    resources.append(_provenance(resources, links, made))
    return {
        "resourceType": "Bundle",
        "id": links.url("bundle").removeprefix("urn:uuid:"),
        "type": "collection",
        "timestamp": instant(made.at),
        "entry": [{"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in resources],
    }


def fhir_json(record: SubjectRecord, made: MadeFrom) -> bytes:
    """Write the bundle as JSON, decimals with their own digits."""
    return json_text(bundle(record, made)).encode()


def _provenance(resources: list[Json], links: Links, made: MadeFrom) -> Json:
    """Say what the other resources were made from."""
    return links.resource("Provenance", "made-from") | {
        "target": [{"reference": f"urn:uuid:{resource['id']}"} for resource in resources],
        "recorded": instant(made.at),
        "activity": concept(f"{HL7}/v3-DataOperation", "CREATE"),
        "agent": [
            {"type": concept(f"{HL7}/provenance-participant-type", "assembler"), "who": {"display": "Trialpath"}}
        ],
        "entity": [
            {
                "role": "source",
                "what": {
                    "identifier": {"system": own("stream"), "value": head.stream},
                    "display": sentence,
                },
            }
            for head, sentence in zip(made.heads, made.sentences(), strict=True)
        ],
    }
