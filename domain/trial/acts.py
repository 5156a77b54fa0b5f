"""The sponsor's acts on the whole trial, and what they close. Each one that subjects must know is passed on to each."""

from datetime import date, datetime, timedelta
from typing import assert_never

from domain.patient import commands as p
from domain.submission import Reason, Refused
from domain.trial import commands as c
from domain.trial import facts as f
from domain.trial.register import Register


def decide_act(register: Register, command: c.SponsorAct, by: str, at: datetime) -> tuple[f.Fact, ...]:
    """Give the facts of an act, with one intent for each subject it reaches. Raises Refused."""
    if register.stop is not None and not isinstance(command, c.ApproveIcf):
        raise Refused(Reason.PHASE, enrolment_closed(register), accepts="approve_icf: the trial does not go on")
    match command:
        case c.ApproveIcf():
            return _approve(register, command, at)
        case c.PauseEnrolment():
            _not_paused(register.enrolment_pause, "enrolment", "resume_enrolment")
            return (f.EnrolmentPaused(by=by, at=at, why=command.why),)
        case c.ResumeEnrolment():
            _paused(register.enrolment_pause, "enrolment", "pause_enrolment")
            return (f.EnrolmentResumed(by=by, at=at, why=command.why),)
        case c.PauseDosing():
            _not_paused(register.dosing_pause, "dosing", "resume_dosing")
            word = p.LearnDosingPause(paused_at=at, why=command.why)
            return (f.DosingPaused(by=by, at=at, why=command.why), *_to_all(register, word))
        case c.ResumeDosing():
            _paused(register.dosing_pause, "dosing", "pause_dosing")
            resumed = f.DosingResumed(by=by, at=at, why=command.why)
            return (resumed, *_to_all(register, p.LearnDosingResumption(resumed_at=at)))
        case c.StopTrial():
            stopped = f.TrialStopped(by=by, at=at, why=command.why)
            return (stopped, *_to_all(register, p.LearnTrialStop(stopped_at=at, why=command.why)))
        case _:
            assert_never(command)


def _approve(register: Register, command: c.ApproveIcf, at: datetime) -> tuple[f.Fact, ...]:
    known = [row.version for row in register.icf_versions]
    if command.version in known:
        detail = f"{command.version} is approved already"
        raise Refused(Reason.CONTRADICTS, detail, rule="I1.1", field="version", accepts="a new version")
    if command.deadline is not None and command.re_consent_within_days is not None:
        detail = "a deadline and a number of days are two answers"
        raise Refused(Reason.MALFORMED, detail, rule="I1.1", field="deadline", accepts="one of the two")
    today = max(site.date_of(at) for site in register.sites.values())
    if command.approved_on > today:
        detail = f"{command.approved_on} lies in the future"
        raise Refused(Reason.FUTURE, detail, rule="I1.1", field="approved_on", accepts=f"a date up to {today}")
    if command.deadline is not None and command.deadline < today:
        detail = f"{command.deadline} has passed"
        raise Refused(Reason.RULE, detail, rule="I1.1", field="deadline", accepts=f"a date from {today}")
    named = {name: getattr(command, name) for name in c.ApproveIcf.model_fields if name != "kind"}
    words = (
        _passed_on(subject, p.LearnIcf(version=command.version, approved_on=command.approved_on, deadline=by))
        for subject, by in _deadlines(register, command, at)
    )
    return (f.IcfApproved(**named), *words)


def _deadlines(register: Register, command: c.ApproveIcf, at: datetime) -> list[tuple[str, date]]:
    """Give each subject's last day for the re-consent, on its site's calendar."""
    within = timedelta(days=command.re_consent_within_days or register.protocol.acts.consent_within_days)
    return [
        (subject, command.deadline or register.sites[site].date_of(at) + within)
        for subject, site in register.subjects.items()
    ]


def _to_all(register: Register, word: p.TrialActCommand) -> tuple[f.ActPassedOn, ...]:
    return tuple(_passed_on(subject, word) for subject in register.subjects)


def _passed_on(subject: str, word: p.TrialActCommand) -> f.ActPassedOn:
    return f.ActPassedOn(subject=subject, act=word.kind, word=word)


def _not_paused(pause: f.SponsorActed | None, what: str, accepts: str) -> None:
    if pause is not None:
        raise Refused(Reason.CONTRADICTS, f"{what} is paused already: {_who(pause)}", accepts=accepts)


def _paused(pause: f.SponsorActed | None, what: str, accepts: str) -> None:
    if pause is None:
        raise Refused(Reason.PHASE, f"{what} is not paused", accepts=accepts)


def enrolment_closed(register: Register) -> str:
    """Say why nobody is enrolled or randomized now; nothing when enrolment is open."""
    if register.stop is not None:
        return f"the trial was stopped: {_who(register.stop)}"
    if register.enrolment_pause is not None:
        return f"enrolment is paused: {_who(register.enrolment_pause)}"
    return ""


def when_open(register: Register) -> str:
    """Say what would open it again."""
    return "no further participant" if register.stop is not None else "after resume_enrolment"


def _who(act: f.SponsorActed) -> str:
    return f"{act.by} on {act.at:%Y-%m-%d %H:%M} UTC, {act.why}"
