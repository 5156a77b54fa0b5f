"""A subject's dossier: facts, verdicts with evidence, doses planned and given, deviations, signatures, and the head.

It holds the subject number and coded words; the birth date is withheld, the age at consent stands in its place. What
staff wrote freely is in it as they wrote it.
"""

import json
from typing import Any

from domain.patient.view import state
from exports.made_from import MadeFrom
from exports.text import json_text, without_birth_date
from read_models.record import SubjectRecord, Told, decision_of
from read_models.rows import rows_of

SECTIONS = ("visits", "doses", "deviations", "adverse_events", "laboratory", "signatures", "corrections", "notices")


def dossier(record: SubjectRecord, made: MadeFrom) -> dict[str, Any]:
    """Give the dossier as JSON values, with dates and decimals as such. It ends with what it was made from."""
    rows = rows_of(record)
    now = record.journey
    return {
        "document": "subject dossier",
        "trial": now.trial,
        "title": now.protocol.title,
        "subject": rows["subjects"][0],
        "state": {name: value for name, value in state(now).items() if name not in ("subject", "trial")},
        "verdicts": _verdicts(record),
        **{name: [_about(row) for row in rows[name]] for name in SECTIONS},
        "facts": [_fact(told) for told in record.told],
        "made_from": made.as_json(),
    }


def dossier_json(record: SubjectRecord, made: MadeFrom) -> bytes:
    """Write the dossier as JSON."""
    return json_text(dossier(record, made)).encode()


def _about(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "subject"}


def _verdicts(record: SubjectRecord) -> dict[str, Any] | None:
    decision = decision_of(record)
    if decision is None:
        return None
    return {
        "decided_at": decision.told.recorded_at,
        "fact": decision.told.seq,
        "staff": decision.told.stored.staff,
        "role": decision.told.stored.role,
        "findings": [
            {
                "rule": finding.rule,
                "verdict": str(finding.verdict),
                "sentence": finding.sentence,
                "evidence": [
                    {
                        "what": used.what,
                        "value": used.value,
                        "on": used.on,
                        "upper_limit": used.upper_limit,
                        "document": used.document,
                        "days_before_rand": used.days_before_rand,
                        "days_before_c1d1": used.days_before_c1d1,
                    }
                    for used in finding.evidence
                ],
            }
            for finding in decision.findings
        ],
    }


def _fact(told: Told) -> dict[str, Any]:
    stored = told.stored
    return {
        "seq": stored.seq,
        "kind": stored.kind,
        "recorded_at": stored.recorded_at,
        "occurred_at": stored.occurred_at,
        "staff": stored.staff,
        "role": stored.role,
        "submission_id": stored.submission_id,
        "corrected_by": told.corrected_by,
        "hash": told.hash or None,
        "body": without_birth_date(json.loads(stored.body)),
    }
