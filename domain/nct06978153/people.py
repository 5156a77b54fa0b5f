"""Who may send what: the table of the clinical specification as rows. A site's delegation log decides in the end."""

from domain.nct06978153.sources import assumed
from domain.protocol import Permission, Role

INVESTIGATOR: tuple[Role, ...] = ("INVESTIGATOR",)
BOTH: tuple[Role, ...] = ("COORDINATOR", "INVESTIGATOR")
DOSING: tuple[Role, ...] = ("COORDINATOR", "INVESTIGATOR", "PHARMACIST")
REPORTERS: tuple[Role, ...] = ("COORDINATOR", "INVESTIGATOR", "SURGEON", "PATHOLOGIST", "PHARMACIST")
ANYONE: tuple[Role, ...] = (*REPORTERS, "MONITOR", "SPONSOR")


def _may(kind: str, roles: tuple[Role, ...], *, unattributed: bool = False) -> Permission:
    source = assumed("3.6 roles", "Q12", "role table of the specification; the delegation log decides")
    return Permission(kind=kind, roles=roles, unattributed=unattributed, source=source)


PERMISSIONS = (
    _may("record_consent", BOTH),
    _may("screening_evidence", BOTH),
    _may("lab_results", BOTH),
    _may("judgement", ("INVESTIGATOR", "SURGEON")),
    _may("sponsor_ruling", ("SPONSOR",)),
    _may("confirm_eligibility", INVESTIGATOR),
    _may("screen_failure", INVESTIGATOR),
    _may("request_randomization", BOTH),
    _may("dose_given", DOSING, unattributed=True),
    _may("dose_delayed", DOSING),
    _may("dose_omitted", DOSING),
    _may("override_gate", INVESTIGATOR),
    _may("plan_doses", INVESTIGATOR),
    _may("hold_drug", INVESTIGATOR),
    _may("resume_drug", INVESTIGATOR),
    _may("discontinue_drug", INVESTIGATOR),
    _may("course_taken", DOSING),
    _may("proceed_to_surgery", INVESTIGATOR),
    _may("operability", ("INVESTIGATOR", "SURGEON")),
    _may("surgery_done", ("COORDINATOR", "INVESTIGATOR", "SURGEON"), unattributed=True),
    _may("surgery_cancelled", INVESTIGATOR),
    _may("pathology", ("PATHOLOGIST",)),
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
    _may("death", BOTH, unattributed=True),
    _may("follow_up_contact", BOTH),
    _may("end_of_study", INVESTIGATOR),
    _may("acknowledge", ANYONE),
)
