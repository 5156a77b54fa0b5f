"""The one place that decides for a trial: registration, delegation and allocation (T1, T1.1)."""

from datetime import date, datetime
from typing import assert_never

from domain import catalogue
from domain.patient.commands import Begin, DosingPause
from domain.patient.judging import check_answers
from domain.submission import SYSTEM, UNATTRIBUTED, Reason, Refused, Submission
from domain.trial import acts
from domain.trial import commands as c
from domain.trial import facts as f
from domain.trial.register import Register
from domain.trial.rescreening import randomized_as
from domain.values import Site, dates_of


def decide(  # noqa: C901, PLR0911 - a table of cases
    register: Register, submission: Submission[c.Command], at: datetime
) -> tuple[f.Fact, ...]:
    """Give the facts a submission leads to at an instant of trial time. Raises Refused."""
    command = submission.command
    _check(register, submission)
    match command:
        case c.OpenTrial():
            return _open_trial(command)
        case c.AddSite():
            return (f.SiteAdded(site=_site(register, command)),)
        case c.Delegate():
            named = {name: getattr(command, name) for name in c.Delegation.model_fields}
            return (f.StaffDelegated(delegation=c.Delegation(**named)),)
        case c.EndDelegation():
            return _end_delegation(register, command)
        case c.Enroll():
            return _enroll(register, submission, command, at)
        case (
            c.ApproveIcf()
            | c.PauseEnrolment()
            | c.ResumeEnrolment()
            | c.PauseDosing()
            | c.ResumeDosing()
            | c.StopTrial()
        ):
            return acts.decide_act(register, command, submission.sender.staff, at)
        case c.ReportMisaddressed():
            _misaddressed(register, command)
            return ()
        case c.AllocateSlot():
            return _allocate(register, command, at)
        case c.ListSealed() | c.JourneyStarted() | c.ActDelivered() | c.SlotOpened():
            return _outcome(register, command)
        case c.TimePassed():
            return ()
        case c.CancelRequested():
            return (f.CancellationAsked(),)
        case _:
            assert_never(command)


def _check(register: Register, submission: Submission[c.Command]) -> None:
    command, role = submission.command, submission.sender.role
    if isinstance(command, c.OpenTrial) != (register.seq == 0):
        detail = "the trial is not open yet" if register.seq == 0 else "the trial is open already"
        raise Refused(Reason.PHASE, detail, accepts="open first" if register.seq == 0 else "enroll, delegate, add_site")
    if isinstance(command, c.FromSystem):
        if role != SYSTEM:
            detail = f"{command.kind} comes from the product itself, never from outside"
            raise Refused(Reason.ROLE, detail, accepts="a command of people, with a staff code")
        return
    if isinstance(command, c.OpenTrial | c.ReportMisaddressed):
        return
    row = register.protocol.permission(command.kind)
    may = row.roles if row else ()
    if role not in may:
        detail = f"{role} may not send {command.kind}"
        if role == UNATTRIBUTED:
            detail = f"{command.kind} needs a named staff member"
        raise Refused(Reason.ROLE, detail, rule="3.6 roles", field="role", accepts=" or ".join(may))


def _open_trial(command: c.OpenTrial) -> tuple[f.Fact, ...]:
    opened = f.TrialOpened(
        trial=command.trial,
        protocol_version=command.protocol_version,
        clock=command.clock,
        icf_versions=command.icf_versions,
    )
    sites = [f.SiteAdded(site=site) for site in command.sites]
    staff = [f.StaffDelegated(delegation=row) for row in command.staff]
    protocol = catalogue.PROTOCOLS.get((command.trial, command.protocol_version))
    if protocol is None:
        known = ", ".join(f"{trial} version {version}" for trial, version in sorted(catalogue.PROTOCOLS))
        detail = f"there is no protocol {command.trial} version {command.protocol_version}"
        raise Refused(Reason.RULE, detail, field="protocol_version", accepts=known)
    wanted = f.AllocationListRequested(
        arms=tuple((arm.code, arm.cap) for arm in protocol.arms), block_sizes=protocol.allocation.block_sizes
    )
    return (opened, *sites, *staff, wanted)


def _site(register: Register, command: c.AddSite) -> Site:
    if command.code in register.sites:
        raise Refused(Reason.CONTRADICTS, f"site {command.code} is on record", field="code", accepts="a new code")
    return Site(code=command.code, time_zone=command.time_zone, due_hour=command.due_hour)


def _end_delegation(register: Register, command: c.EndDelegation) -> tuple[f.Fact, ...]:
    known = sorted({row.staff for row in register.staff})
    if command.staff not in known:
        detail = f"{command.staff} is not in the delegation log"
        raise Refused(Reason.UNKNOWN_STAFF, detail, field="staff", accepts=", ".join(known))
    return (f.DelegationEnded(staff=command.staff, valid_to=command.valid_to),)


def _enroll(
    register: Register, submission: Submission[c.Command], command: c.Enroll, at: datetime
) -> tuple[f.Fact, ...]:
    closed = acts.enrolment_closed(register)
    if closed:
        raise Refused(Reason.RULE, closed, rule="T1.1", accepts=acts.when_open(register))
    site = register.sites.get(command.site)
    if site is None:
        known = ", ".join(sorted(register.sites))
        raise Refused(Reason.RULE, f"there is no site {command.site}", field="site", accepts=known)
    if len(register.allocations) >= register.protocol.target:
        detail = f"{register.protocol.target} subjects are randomized"
        raise Refused(Reason.FULL, detail, rule="T1.1", accepts="no further participant")
    _dates(command, site.date_of(at))
    _rescreening(register, command)
    if command.evidence is not None:
        check_answers(register.protocol, command.evidence.judgements)
    subject, pause = f"S{len(register.subjects) + 1:03d}", register.dosing_pause
    begin = Begin(
        trial=register.trial,
        protocol_version=register.protocol_version,
        subject=subject,
        site=site,
        born_on=command.born_on,
        sex=command.sex,
        clock=register.clock,
        consent=command.consent,
        evidence=command.evidence,
        by=submission.sender.staff,
        role=submission.sender.role,
        rescreening_of=command.rescreening_of,
        icf_versions=register.icf_versions,
        dosing_pause=DosingPause(paused_at=pause.at, why=pause.why) if pause else None,
    )
    return (f.SubjectEnrolled(subject=subject, begin=begin),)


def _rescreening(register: Register, command: c.Enroll) -> None:
    """Refuse re-screening of a subject that does not exist, or that was randomized."""
    before = command.rescreening_of
    if before is None:
        return
    if before not in register.subjects:
        raise Refused(Reason.UNKNOWN_SUBJECT, f"there is no subject {before}", field="rescreening_of",
                      accepts="a subject whose screening failed")  # fmt: skip
    randomized = randomized_as(register, before)
    if randomized is not None:
        raise Refused(Reason.RULE, f"{before} is randomized as {randomized}", rule="T1.1", field="rescreening_of",
                      accepts="a subject whose screening failed")  # fmt: skip


def _dates(command: c.Enroll, today: date) -> None:
    for name, value in dates_of(command):
        if value > today:
            raise Refused(Reason.FUTURE, f"{value} lies in the future", field=name, accepts=f"a date up to {today}")
        if value < command.born_on:
            raise Refused(Reason.IMPOSSIBLE, f"{value} is before birth", field=name, accepts="a date after birth")


def _misaddressed(register: Register, command: c.ReportMisaddressed) -> None:
    if command.subject not in register.subjects:
        last = f"S{len(register.subjects):03d}"
        accepts = f"S001 to {last}" if register.subjects else "enroll first"
        detail = f"there is no subject {command.subject} for {command.command}"
        raise Refused(Reason.UNKNOWN_SUBJECT, detail, field="subject", accepts=accepts)


def _allocate(register: Register, command: c.AllocateSlot, at: datetime) -> tuple[f.Fact, ...]:
    """Reserve the next slot. Asked again, the subject keeps its slot and nothing is drawn. Source: T1, T1.1."""
    if command.subject in register.allocations:
        return ()
    site = register.sites.get(register.subjects.get(command.subject, ""))
    if site is None:
        detail = f"there is no subject {command.subject}"
        raise Refused(Reason.UNKNOWN_SUBJECT, detail, field="subject", accepts="an enrolled subject")
    other = randomized_as(register, command.subject)
    if other is not None:
        why = f"this person is randomized as {other}"
        declined = f.AllocationDeclined(subject=command.subject, request=command.request, why=why)
        raise Refused(Reason.RULE, why, rule="T1.1", accepts="screen_failure", facts=(declined,))
    drawn = len(register.allocations)
    closed = acts.enrolment_closed(register)
    why = closed or f"{register.protocol.target} subjects are randomized"
    if closed or drawn >= register.protocol.target:
        declined = f.AllocationDeclined(subject=command.subject, request=command.request, why=why)
        accepts = acts.when_open(register) if closed else "no further subject"
        raise Refused(Reason.RULE if closed else Reason.FULL, why, rule="T1.1", accepts=accepts, facts=(declined,))
    return (f.SlotReserved(subject=command.subject, slot=drawn + 1, randomized_on=site.date_of(at)),)


def _outcome(
    register: Register, command: c.ListSealed | c.JourneyStarted | c.ActDelivered | c.SlotOpened
) -> tuple[f.Fact, ...]:
    """Record what came of an intent. Of one that is not open, or of another kind, nothing follows."""
    intent = register.intents.get(command.request)
    match command, intent.fact if intent else None:
        case c.ListSealed(), f.AllocationListRequested():
            return (f.AllocationListSealed(request=command.request, slots=command.slots, sha256=command.sha256),)
        case c.JourneyStarted(), f.SubjectEnrolled():
            return (f.JourneyBegan(request=command.request),)
        case c.ActDelivered(), f.ActPassedOn():
            return (f.ActReached(request=command.request),)
        case c.SlotOpened(), f.SlotReserved():
            return (f.SubjectAllocated(request=command.request, arm=command.arm),)
        case _:
            return ()
