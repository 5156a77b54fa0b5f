"""I9: who sent what is on record, and their delegated role allows it. Authentication is not checked here.

The table is that of the clinical specification, "Who may send what".
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from chaos.checker.evidence import Evidence, Violation

SYSTEM, NOBODY = "SYSTEM", "UNATTRIBUTED"
BOTH = ("COORDINATOR", "INVESTIGATOR")
OPERATORS = ("INVESTIGATOR", "SURGEON")
DOSING = (*BOTH, "PHARMACIST")
CLINIC = (*BOTH, "SURGEON", "PATHOLOGIST", "PHARMACIST")
EVERYBODY = (*CLINIC, "MONITOR", "SPONSOR")
INVESTIGATOR, SPONSOR = ("INVESTIGATOR",), ("SPONSOR",)
MAY: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("enroll", "record_consent", "screening_evidence", "lab_results"), BOTH),
    **dict.fromkeys(("judgement", "operability"), OPERATORS),
    **dict.fromkeys(("confirm_eligibility", "screen_failure"), INVESTIGATOR),
    "request_randomization": BOTH,
    **dict.fromkeys(("dose_given", "dose_omitted", "dose_delayed", "course_taken"), DOSING),
    **dict.fromkeys(
        ("hold_drug", "resume_drug", "discontinue_drug", "override_gate", "plan_doses", "drug_check"), INVESTIGATOR
    ),
    **dict.fromkeys(("proceed_to_surgery", "surgery_cancelled", "adjuvant_evaluation"), INVESTIGATOR),
    "surgery_done": (*BOTH, "SURGEON"),
    "pathology": ("PATHOLOGIST",),
    **dict.fromkeys(("adverse_event", "adverse_event_update", "sae_reported", "pregnancy", "live_vaccine"), CLINIC),
    **dict.fromkeys(("safety_decision", "discontinue_treatment", "end_of_study"), INVESTIGATOR),
    **dict.fromkeys(
        ("withdrawal", "death", "progression", "lost_to_follow_up", "contact_regained", "follow_up_contact"), BOTH
    ),
    **dict.fromkeys(("correct", "sign"), CLINIC),
    "acknowledge": EVERYBODY,
    **dict.fromkeys(("sponsor_ruling", "open_trial", "approve_icf", "pause_enrolment", "resume_enrolment"), SPONSOR),
    **dict.fromkeys(("pause_dosing", "resume_dosing", "stop_trial"), SPONSOR),
    **dict.fromkeys(("add_site", "delegate", "end_delegation"), ("SPONSOR", "INVESTIGATOR")),
}
WITHOUT_A_NAME = ("dose_given", "surgery_done", "adverse_event", "death", "report_misaddressed")
"""What happened is never refused: these may come from somebody unknown, and say so."""
OPENS = "open_trial"


def check(evidence: Evidence) -> Iterator[Violation]:
    """Hold each applied submission, and the facts that came of it, against the table and the delegation log."""
    log = _delegations(evidence)
    for row in evidence.journal["submissions"]:
        if row["outcome"] == "applied" and row["channel"] in ("update", "signal") and row["staff"] != SYSTEM:
            what = _wrong(row, log, evidence)
            if what:
                step = evidence.step_of(row["stream"], row["submission_id"])
                yield Violation("I9", f"{row['stream']}: {row['kind']} {row['submission_id']} {what}", step)
        elif not row["staff"] or not row["role"]:
            yield Violation("I9", f"{row['stream']}: {row['kind']} {row['submission_id']} names nobody")
    for stream, facts in evidence.facts.items():
        for fact in facts:
            sent = evidence.submissions.get((stream, str(fact.row["submission_id"])))
            if sent is not None and (sent["staff"], sent["role"]) != (fact.row["staff"], fact.row["role"]):
                yield Violation("I9", f"{fact.name} names {fact.row['staff']}, its submission {sent['staff']}")


def _wrong(row: dict[str, Any], log: list[dict[str, Any]], evidence: Evidence) -> str:
    """Say what is wrong with a sender; nothing when all is well."""
    if row["staff"] == NOBODY or row["role"] == NOBODY:
        return "" if row["kind"] in WITHOUT_A_NAME else "was applied, and nobody is named"
    if row["role"] not in MAY.get(row["kind"], ()):
        return f"was applied for a {row['role']}"
    if row["kind"] == OPENS:
        return ""
    zone = ZoneInfo(evidence.run.get("site", {}).get("zone", "Asia/Shanghai"))
    on = datetime.fromisoformat(row["recorded_at"]).astimezone(zone).date()
    mine = [entry for entry in log if entry["staff"] == row["staff"] and row["role"] in entry["roles"]]
    held = any(date.fromisoformat(entry["valid_from"]) <= on <= _last_day(entry) for entry in mine)
    return "" if held else f"was applied for {row['staff']} as {row['role']}, which the delegation log does not hold"


def _last_day(entry: dict[str, Any]) -> date:
    return date.fromisoformat(entry["valid_to"]) if entry.get("valid_to") else date.max


def _delegations(evidence: Evidence) -> list[dict[str, Any]]:
    log: list[dict[str, Any]] = []
    for fact in evidence.facts.get(evidence.register, []):
        if fact.kind == "StaffDelegated":
            log.append(dict(fact.body["delegation"]))
        if fact.kind == "DelegationEnded":
            for entry in log:
                if entry["staff"] == fact.body["staff"] and not entry.get("valid_to"):
                    entry["valid_to"] = fact.body["valid_to"]
    return log
