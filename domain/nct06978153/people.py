"""Who may send what, and who signs it: the table of the clinical specification. A delegation log decides in the end."""

from domain.nct06978153.sources import assumed
from domain.protocol import Escalation, Permission, Role, SignatureBlock, SignaturePlan

INVESTIGATOR: tuple[Role, ...] = ("INVESTIGATOR",)
SPONSOR: tuple[Role, ...] = ("SPONSOR",)
BOTH: tuple[Role, ...] = ("COORDINATOR", "INVESTIGATOR")
OPERATORS: tuple[Role, ...] = ("INVESTIGATOR", "SURGEON")
DOSING: tuple[Role, ...] = ("COORDINATOR", "INVESTIGATOR", "PHARMACIST")
REPORTERS: tuple[Role, ...] = ("COORDINATOR", "INVESTIGATOR", "SURGEON", "PATHOLOGIST", "PHARMACIST")
ANYONE: tuple[Role, ...] = (*REPORTERS, "MONITOR", "SPONSOR")
COVERS = assumed(
    "3.6 roles",
    "Q12",
    "an investigator's eligibility verdict or screen failure signs what it rests on: the enrolment, consent, evidence "
    "and results entered until then and not signed yet; it judges nothing in the place of another",
)
EVIDENCE = ("enroll", "record_consent", "screening_evidence", "lab_results")


def _may(
    kind: str,
    roles: tuple[Role, ...],
    signs: tuple[Role, ...] = INVESTIGATOR,
    *,
    covers: tuple[str, ...] = (),
    unattributed: bool = False,
) -> Permission:
    source = assumed("3.6 roles", "Q12", "role table of the specification; the delegation log decides")
    return Permission(
        kind=kind,
        roles=roles,
        signs=signs,
        covers=covers,
        covers_source=COVERS if covers else None,
        unattributed=unattributed,
        source=source,
    )


PERMISSIONS = (
    _may("record_consent", BOTH),
    _may("screening_evidence", BOTH),
    _may("lab_results", BOTH),
    _may("judgement", OPERATORS, OPERATORS),
    _may("sponsor_ruling", SPONSOR, SPONSOR),
    _may("confirm_eligibility", INVESTIGATOR, covers=EVIDENCE),
    _may("screen_failure", INVESTIGATOR, covers=EVIDENCE),
    _may("request_randomization", BOTH),
    _may("dose_given", DOSING, unattributed=True),
    _may("dose_delayed", DOSING),
    _may("dose_omitted", DOSING),
    _may("override_gate", INVESTIGATOR),
    _may("plan_doses", INVESTIGATOR),
    _may("hold_drug", INVESTIGATOR),
    _may("resume_drug", INVESTIGATOR),
    _may("discontinue_drug", INVESTIGATOR),
    _may("drug_check", INVESTIGATOR),
    _may("course_taken", DOSING),
    _may("proceed_to_surgery", INVESTIGATOR),
    _may("operability", OPERATORS, OPERATORS),
    _may("surgery_done", ("COORDINATOR", "INVESTIGATOR", "SURGEON"), OPERATORS, unattributed=True),
    _may("surgery_cancelled", INVESTIGATOR),
    _may("pathology", ("PATHOLOGIST",), ("PATHOLOGIST",)),
    _may("adjuvant_evaluation", INVESTIGATOR),
    _may("adverse_event", REPORTERS, unattributed=True),
    _may("adverse_event_update", REPORTERS),
    _may("sae_reported", REPORTERS),
    _may("pregnancy", REPORTERS),
    _may("live_vaccine", REPORTERS),
    _may("safety_decision", INVESTIGATOR),
    _may("progression", BOTH),
    _may("discontinue_treatment", INVESTIGATOR),
    _may("withdrawal", BOTH),
    _may("lost_to_follow_up", BOTH),
    _may("contact_regained", BOTH),
    _may("death", BOTH, unattributed=True),
    _may("follow_up_contact", BOTH),
    _may("end_of_study", INVESTIGATOR),
    _may("acknowledge", ANYONE, ()),
    _may("sign", REPORTERS, ()),
    _may("correct", REPORTERS),
)
TRIAL_PERMISSIONS = (
    _may("enroll", BOTH),
    _may("add_site", ("SPONSOR", "INVESTIGATOR"), ()),
    _may("delegate", ("SPONSOR", "INVESTIGATOR"), ()),
    _may("end_delegation", ("SPONSOR", "INVESTIGATOR"), ()),
    _may("approve_icf", SPONSOR, SPONSOR),
    _may("pause_enrolment", SPONSOR, SPONSOR),
    _may("resume_enrolment", SPONSOR, SPONSOR),
    _may("pause_dosing", SPONSOR, SPONSOR),
    _may("resume_dosing", SPONSOR, SPONSOR),
    _may("stop_trial", SPONSOR, SPONSOR),
)
SIGNATURES = SignaturePlan(
    after_days=14,
    overdue=Escalation(
        to=INVESTIGATOR,
        notice="SIGNATURES_OVERDUE",
        important=False,
        source=assumed("3.6 roles", "Q12", "signatures not given after 14 d are escalated, together"),
    ),
    blocks=(
        SignatureBlock(
            blocks="request_randomization",
            until_signed=("confirm_eligibility",),
            source=assumed("T1.1", "Q12", "randomization waits for the signed eligibility verdict"),
        ),
        SignatureBlock(
            blocks="ADJUVANT",
            until_signed=("pathology", "adjuvant_evaluation"),
            source=assumed("T5", "Q12", "adjuvant treatment waits for the signed R status and evaluation"),
        ),
    ),
    judging=("judged by me",),
    judging_source=assumed(
        "3.6 roles",
        "Q12",
        "judgements entered by others become those of the investigator (I7: or "
        "surgeon) who signs that evidence with the meaning `judged by me`; no other meaning does",
    ),
    source=assumed("3.6 roles", "Q12", "a signature is awaited for 14 d before it is escalated"),
)
