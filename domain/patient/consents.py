"""Consent and its versions: what was signed, whether that version was approved, and the re-consent to a new one."""

from domain.criteria.consent import version_problem
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.submission import Reason, Refused


def consent(draft: Draft, command: c.Consent, by: str = "") -> bool:
    """Record a consent whatever its version, and say whether it is the first. The same version again is refused.

    Who entered it is the sender, unless another is named.
    """
    known = draft.journey.consents.get(command.version)
    if known is not None:
        asked = draft.journey.reconsent
        accepts = f"version {asked.version}, or " if asked else ""
        accepts += draft.journey.to_correct(f"consent {command.version}")
        raise Refused(
            Reason.CONTRADICTS,
            f"consent of {known} to {command.version} is on record",
            rule="I1.1",
            field="version",
            accepts=accepts,
        )
    first = draft.journey.consent_on is None
    draft.add(
        f.ConsentGiven(
            signed_on=command.signed_on,
            version=command.version,
            obtained_by=command.obtained_by,
            entered_by=by or draft.sender.staff,
        )
    )
    departures(draft, command)
    return first


def departures(draft: Draft, consent: c.Consent) -> None:
    """Record a consent to a version that was not the approved one at its date. Source: I1.1."""
    problem = version_problem(consent.version, consent.signed_on, draft.journey.icf_versions)
    if problem:
        draft.deviate(_item(consent.version), "I1.1", problem, important=True, on=consent.signed_on)


def _item(version: str) -> str:
    return f"CONSENT/{version}"


def icf_approved(draft: Draft, command: c.LearnIcf) -> None:
    """Learn of a version; who consented to another one is asked for re-consent. Source: I1.1."""
    journey = draft.journey
    if journey.is_over or command.version in journey.icf_versions:
        return
    draft.add(f.IcfApproved(version=command.version, approved_on=command.approved_on))
    signed_on = journey.consents.get(command.version)
    if signed_on is not None and signed_on >= (command.approved_on or signed_on):
        if _item(command.version) in journey.deviations:
            why = f"{command.version} was approved on {command.approved_on}"
            draft.add(f.DeviationWithdrawn(item=_item(command.version), why=why))
    elif journey.consent_on is not None:
        open_until = journey.reconsent.deadline if journey.reconsent else command.deadline
        deadline = min(command.deadline, open_until)
        draft.add(f.ReconsentAsked(version=command.version, deadline=deadline))
        draft.event("RECONSENT_ASKED", f"re-consent to {command.version} by {deadline}")
