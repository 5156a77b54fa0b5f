"""What holds for every command: who may send it, whether the journey takes it, and which dates are possible."""

from datetime import date, datetime

from domain.patient import commands as c
from domain.patient.journey import Journey
from domain.submission import UNATTRIBUTED, Reason, Refused, Submission
from domain.values import Frozen, dates_of

REPORTS = (
    c.RecordConsent,
    c.RecordEvidence,
    c.ReportDose,
    c.ReportCourse,
    c.ReportSurgery,
    c.ReportPathology,
    c.ReportAdverseEvent,
    c.UpdateAdverseEvent,
    c.ReportPregnancy,
    c.ReportLiveVaccine,
    c.ReportProgression,
    c.ReportWithdrawal,
    c.ReportDeath,
    c.ReportContact,
)
"""Reports say what happened: never refused for a broken rule, only when impossible."""

AFTER_THE_END = (
    c.ReportAdverseEvent,
    c.UpdateAdverseEvent,
    c.ReportSafety,
    c.ReportPregnancy,
    c.ReportDeath,
    c.ReportPathology,
    c.TypeLabResults,
    c.Acknowledge,
    c.Sign,
    c.Correct,
)
"""What is still taken after the end of study from people: safety reports and late results, signatures."""
OF_BEFORE_THE_END = (
    c.ReportDose,
    c.ReportCourse,
    c.ReportSurgery,
    c.ReportLiveVaccine,
    c.ReportProgression,
    c.ReportContact,
)
"""What is taken after the end of study when it happened up to that end: what happened is never refused."""
AFTER_A_LOSS = tuple(dict.fromkeys((*AFTER_THE_END, c.RegainContact, *REPORTS)))
"""What is still taken of a subject lost to follow-up: every report of what happened, and the way back."""
AFTER_WITHDRAWAL_OF_CONSENT = (c.UpdateAdverseEvent, c.ReportSafety, c.Acknowledge, c.Correct)
"""What is still taken after a withdrawal of consent: what belongs to events that are on record. Nothing new."""

PLANNED_DATES = frozenset({"until"})
AFTER_DEATH = frozenset({"died_on", "reported_on", "ended_on", "decided_on", "assessed_on", "judged_on"})


def check(journey: Journey, submission: Submission[c.Command], at: datetime) -> None:
    """Raise Refused when the sender, the state or a date forbids the command."""
    command = submission.command
    if isinstance(command, c.Begin) != (journey.seq == 0):
        detail = "the subject is not registered yet" if journey.seq == 0 else "the subject is registered already"
        raise Refused(Reason.PHASE, detail, accepts="enroll")
    if isinstance(command, c.FromSystem):
        if not submission.sender.is_system:
            detail = f"{command.kind} comes from the product itself, never from outside"
            raise Refused(Reason.ROLE, detail, accepts="a command of people, with a staff code")
        return
    _check_sender(journey, submission)
    _check_end(journey, command)
    if submission.occurred_at is not None and submission.occurred_at > at:
        raise Refused(Reason.FUTURE, "occurred_at lies in the future", field="occurred_at", accepts=f"up to {at}")
    _check_dates(journey, submission, journey.site.date_of(at))


def _check_end(journey: Journey, command: c.Command) -> None:
    passes = isinstance(command, c.ReportWithdrawal) and command.level == "CONSENT"
    ended_on = journey.study_ended_on
    if journey.consent_withdrawn_on is not None:
        taken: tuple[type, ...] = AFTER_WITHDRAWAL_OF_CONSENT
        detail = f"consent was withdrawn on {journey.consent_withdrawn_on}: nothing further is collected"
        passes = False
    else:
        taken = AFTER_A_LOSS if journey.is_lost else AFTER_THE_END
        detail = f"the study ended for this subject ({journey.study_ended} on {ended_on})"
        if isinstance(command, OF_BEFORE_THE_END) and ended_on is not None:
            passes = all(on <= ended_on for _, on in dates_of(command))
    if journey.is_over and not isinstance(command, taken) and not passes:
        accepts = _kinds(taken)
        if journey.consent_withdrawn_on is None and not journey.is_lost:
            accepts += f"; of up to {ended_on}: {_kinds(OF_BEFORE_THE_END)}"
        raise Refused(Reason.OVER, detail, rule="T6.1", accepts=accepts)


def _kinds(commands: tuple[type, ...]) -> str:
    return ", ".join(kind.model_fields["kind"].default for kind in commands if issubclass(kind, Frozen))


def _check_sender(journey: Journey, submission: Submission[c.Command]) -> None:
    kind, sender = submission.command.kind, submission.sender
    row = journey.protocol.permission(kind)
    roles = row.roles if row else ()
    if sender.role == UNATTRIBUTED:
        if row is None or not row.unattributed:
            detail = f"{kind} needs a named staff member"
            raise Refused(Reason.ROLE, detail, field="staff", accepts=f"a staff code with role {' or '.join(roles)}")
    elif sender.role not in roles:
        detail = f"{sender.role} may not send {kind}"
        raise Refused(Reason.ROLE, detail, rule="3.6 roles", field="role", accepts=" or ".join(roles))


def _check_dates(journey: Journey, submission: Submission[c.Command], today: date) -> None:
    command = submission.command
    for name, value in dates_of(command):
        if name in PLANNED_DATES:
            continue
        refuse_impossible(journey, name, value, today)
        if isinstance(command, REPORTS) and name != "last_support_on" and "." not in name:
            _check_plausible(journey, submission, name, value, today)
    if isinstance(command, c.ReportDeath) and journey.died_on is None:
        refuse_too_late(journey, submission, command.died_on)


def refuse_impossible(journey: Journey, name: str, value: date, today: date) -> None:
    """Raise Refused for a date to come, before birth, or after the death on record."""
    if value > today:
        raise Refused(Reason.FUTURE, f"{value} lies in the future", field=name, accepts=f"a date up to {today}")
    if value < journey.born_on:
        raise Refused(Reason.IMPOSSIBLE, f"{value} is before birth", field=name, accepts="a date after birth")
    if journey.died_on and value > journey.died_on and name.removeprefix("fields.") not in AFTER_DEATH:
        accepts = f"a date up to {journey.died_on}, or `correct` of the death"
        raise Refused(Reason.CONTRADICTS, f"{value} is after the death on record", field=name, accepts=accepts)


def refuse_too_late(journey: Journey, submission: Submission[c.Command], died_on: date) -> None:
    """Ask for confirmation of a death before something that shows the subject alive."""
    alive_on, what = _last_alive(journey)
    if died_on < alive_on:
        source = str(journey.protocol.plausibility.source)
        confirm(submission, f"{died_on} is before {what} of {alive_on}", source, "died_on")


def _last_alive(journey: Journey) -> tuple[date, str]:
    """Give the last date at which the record shows the subject alive, and by what."""
    shown = {
        "the consent": journey.consent_on,
        "the surgery": journey.surgery_on,
        "the evaluation": journey.evaluated_on,
        "the follow-up contact": journey.contacted_on,
        **{f"the last dose of {drug}": on for drug, on in journey.last_dose.items()},
    }
    return max(((on, what) for what, on in shown.items() if on is not None), default=(journey.born_on, "the birth"))


def _check_plausible(journey: Journey, submission: Submission[c.Command], name: str, value: date, today: date) -> None:
    limit = journey.protocol.plausibility
    late = (today - value).days
    early = journey.consent_on is not None and value < journey.consent_on and name != "onset_on"
    if late > limit.backdated_days:
        confirm(submission, f"{value} is {late} d ago, more than {limit.backdated_days} d", str(limit.source), name)
    if early and not isinstance(submission.command, c.RecordConsent | c.RecordEvidence):
        confirm(submission, f"{value} is before the informed consent of {journey.consent_on}", "I1.1", name)


def confirm(submission: Submission[c.Command], detail: str, rule: str, field: str) -> None:
    """Raise Refused unless the unusual report was sent with confirmation and reason."""
    if not (submission.confirmed and submission.reason):
        accepts = "the same, sent again with confirmed and a reason"
        raise Refused(Reason.CONFIRM, detail, rule=rule, field=field, accepts=accepts)
