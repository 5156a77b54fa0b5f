"""Findings as facts store them: what is empty is left out, and read as empty again."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

from pydantic import PlainSerializer

from domain.findings import Finding


def _stored(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Give findings as JSON takes them, without fields that hold nothing."""
    return [
        {
            "rule": row.rule,
            "verdict": row.verdict,
            "sentence": row.sentence,
            "evidence": [
                {name: value for name, value in used.items() if value not in ("", None)}
                for used in map(asdict, row.evidence)
            ],
            **({"warnings": row.warnings} if row.warnings else {}),
        }
        for row in findings
    ]


Findings = Annotated[tuple[Finding, ...], PlainSerializer(_stored, when_used="json")]
"""Findings of any release: facts of before hold their empty fields too."""
