"""What an early stop of the trial ends for a subject."""

from domain.patient import commands as c
from domain.patient import ending
from domain.patient import facts as f
from domain.patient.draft import Draft
from domain.protocol import ScreeningEpoch


def trial_stopped(draft: Draft, command: c.LearnTrialStop) -> None:
    """End protocol treatment, or screening, because the sponsor stopped the trial. Source: T6.1, Q3."""
    journey, on = draft.journey, draft.journey.site.date_of(command.stopped_at)
    if journey.is_over:
        return
    if isinstance(draft.protocol.epoch(journey.epoch), ScreeningEpoch):
        draft.event("TRIAL_STOPPED", "trial stopped by sponsor")
        ending.leave(draft, "TRIAL_STOPPED", on, command.why)
        return
    if not journey.treatment_ended:
        draft.event("TRIAL_STOPPED", "trial stopped by sponsor")
        draft.end_treatment("TRIAL_STOPPED", on, command.why)
    if draft.protocol.acts.after_stop == "END":
        draft.add(f.StudyEnded(ended_on=on, reason="TRIAL_STOPPED", why=command.why))
