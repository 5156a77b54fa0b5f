"""Who must do what by when, for one subject. Every open subject has an ask or a due instant, or both."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import assert_never

from domain.last_start import last_first_dose_on
from domain.patient.agenda import agenda, every_item, has_passed
from domain.patient.clocks import HOUR, open_clocks
from domain.patient.cycle import Cycle
from domain.patient.doses import to_plan
from domain.patient.facts import GateChecked
from domain.patient.journey import Journey
from domain.patient.regimens import is_all_discontinued, unchecked, unreported
from domain.patient.samples import awaits_sample, unstated
from domain.patient.unread import unread
from domain.patient.waiting import dosing_holds
from domain.patient.windows import contact_dates, epoch_dates
from domain.protocol import EvaluationEpoch, FollowUpEpoch, ProcedureEpoch, Role, ScreeningEpoch, TreatmentEpoch

SHOWN = 10
"""Facts named in one ask for signatures; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Ask:
    """An act awaited from people: the command's kind, the roles that may do it, and by when."""

    kind: str
    to: tuple[Role, ...]
    text: str
    by: date | None = None
    overdue: bool = False
    at: datetime | None = None


def asks(journey: Journey) -> tuple[Ask, ...]:
    """Give the acts awaited from people: in every phase safety reports first and signatures last."""
    if not journey.epoch:
        return ()
    reports = tuple(_reports(journey))
    if journey.is_over:
        return (*reports, *_signatures(journey))
    ours = (*_safety(journey), *_unreported(journey), *_courses(journey), *_of_epoch(journey), *_reconsent(journey))
    return (*reports, *ours, *_unread(journey), *_signatures(journey))


def _reports(journey: Journey) -> Iterator[Ask]:
    """Ask for each safety report that is still to be made, by its instant. Source: T10."""
    late = {item.about for item in every_item(journey) if item.act == "REPORT_OVERDUE" and item.key in journey.reached}
    for clock in sorted(open_clocks(journey), key=lambda clock: clock.deadline):
        row = journey.protocol.permission("sae_reported")
        text = clock.text
        if clock.event.serious and clock.event.causality == "NOT_ASSESSED" and not clock.event.drug_causality:
            text += " (causality not assessed)"
        yield Ask("sae_reported", row.roles if row else (), text, clock.by, clock.item in late, clock.deadline)


def _safety(journey: Journey) -> Iterator[Ask]:
    """Ask for what safety events want from the investigator while treatment goes on, and for what a report left out."""
    if journey.is_on_treatment:
        for asked in journey.safety.open:
            rule = next((row for row in journey.protocol.safety.rules if row.command == asked.command), None)
            yield Ask(asked.command, rule.to, asked.text) if rule else _plain(journey, asked.command, asked.text)
    for event in journey.safety.events.values():
        if event.fatal and journey.died_on is None:
            yield _plain(journey, "death", f"fact {event.number} is fatal: the death is not on record")
    if journey.resection == "NOT_RESECTED" and journey.resection_why is None:
        yield _plain(journey, "surgery_done", "the same surgery again, with why it was not resected")


def _plain(journey: Journey, kind: str, text: str) -> Ask:
    row = journey.protocol.permission(kind)
    return Ask(kind, row.roles if row else (), text)


def _of_epoch(journey: Journey) -> tuple[Ask, ...]:
    """Give the acts the current epoch waits for."""
    epoch = journey.protocol.epoch(journey.epoch)
    match epoch:
        case ScreeningEpoch():
            return _screening(journey)
        case TreatmentEpoch():
            return _treatment(journey)
        case ProcedureEpoch():
            return _procedure(journey)
        case EvaluationEpoch():
            return _evaluation(journey)
        case FollowUpEpoch():
            return _follow_up(journey, epoch)
        case _:
            assert_never(epoch)


def _ask(journey: Journey, kind: str, text: str, by: date | None = None) -> Ask:
    row = journey.protocol.permission(kind)
    late = by is not None and any(item.act == "OVERDUE" and item.key in journey.reached for item in every_item(journey))
    return Ask(kind, row.roles if row else (), text, by, late)


def _unreported(journey: Journey) -> Iterator[Ask]:
    """Give the planned doses of begun cycles that nobody reported, until they count as missed."""
    row = journey.protocol.permission("dose_given")
    open_ones = {item.cycle for item in agenda(journey) if item.act == "MISSED"}
    for number in sorted(cycle for cycle in open_ones if cycle is not None):
        for awaited in sorted(unreported(journey, journey.cycles[number]), key=lambda one: one.on):
            yield Ask("dose_given", row.roles if row else (), awaited.label, awaited.on)


def _courses(journey: Journey) -> Iterator[Ask]:
    """Ask once a drug for the days taken at home in the cycles that have asked for them. Source: T2.1, T3."""
    open_ones: dict[str, list[int]] = {}
    for item in every_item(journey):
        if item.act == "TELL" and item.cycle is not None and item.key in journey.reached:
            open_ones.setdefault(item.about, []).append(item.cycle)
    for drug, cycles in sorted(open_ones.items()):
        labels = ", ".join(f"C{number}" for number in sorted(cycles))
        yield _plain(journey, "course_taken", f"days actually taken of {drug} in {labels}")


def _screening(journey: Journey) -> tuple[Ask, ...]:
    dates, last = epoch_dates(journey), last_first_dose_on(journey.protocol)
    by = dates.latest_on if dates else None
    late = f"; enrolled after the last C1D1 of {last}" if journey.epoch_on > last else ""
    if journey.consent_on is None:
        return (_ask(journey, "record_consent", f"informed consent{late}"),)
    if journey.allocation is not None:
        return ()
    if journey.eligible_on is None:
        return (_ask(journey, "confirm_eligibility", f"eligibility verdict{late}", by),)
    return (_ask(journey, "request_randomization", f"ask for the allocation{late}", by),)


def _treatment(journey: Journey) -> tuple[Ask, ...]:
    cycle = journey.current_cycle
    if cycle is None or journey.safety.stopped:
        return ()
    waits = [hold.word for hold in dosing_holds(journey) if hold.word != "gate"]
    text = "; on hold: ".join((f"{cycle.label}D1 planned {cycle.planned_on}", *waits))
    given = _ask(journey, "dose_given", text, max(cycle.latest_on, cycle.planned_on))
    waiting = tuple(_checks(journey, cycle))
    if is_all_discontinued(journey):
        text = f"every drug of {journey.epoch} is discontinued: end treatment, or leave the cycle out"
        return (_ask(journey, "discontinue_treatment", text, given.by), given)
    to_do = to_plan(journey)
    if to_do:
        return (*waiting, given, _ask(journey, "plan_doses", to_do, given.by))
    if cycle.gate != "FAILED":
        return (*waiting, given)
    return (*waiting, *_at_gate(journey, cycle, given.by), given)


def _at_gate(journey: Journey, cycle: Cycle, by: date | None) -> Iterator[Ask]:
    """Ask for what lets a dose on hold at its gate go: statements, or the investigator's word while samples come."""
    check = next((fact for fact in reversed(cycle.checks) if isinstance(fact, GateChecked)), None)
    wanted = unstated(journey.protocol, check) if check else ()
    if wanted:
        text = f"{cycle.label}D1 on hold: statements as of now on {', '.join(wanted)}"
        yield _ask(journey, "screening_evidence", text, by)
    sampled = check is None or awaits_sample(journey.protocol, check)
    text = f"{cycle.label}D1 on hold: gate failed{', new sample awaited' if sampled else ''}"
    yield _ask(journey, "override_gate", text, by)


def _checks(journey: Journey, cycle: Cycle) -> Iterator[Ask]:
    """Ask for the answer that a drug waits for; one that is held or discontinued for another reason waits for none."""
    for drug, check in unchecked(journey, cycle.number).items():
        if drug not in (*journey.held, *journey.discontinued):
            text = f"{drug} waits in {cycle.label}: {check.asks} ({check.rule})?"
            yield Ask("drug_check", check.to, text, cycle.planned_on)


def _reconsent(journey: Journey) -> tuple[Ask, ...]:
    asked = journey.reconsent
    if asked is None:
        return ()
    row, late = journey.protocol.permission("record_consent"), has_passed(journey, "RECONSENT_OVERDUE")
    return (Ask("record_consent", row.roles if row else (), f"re-consent to {asked.version}", asked.deadline, late),)


def _unread(journey: Journey) -> Iterator[Ask]:
    """Ask all who were told for one acknowledgement, by the time the notice goes one step higher."""
    for one in unread(journey):
        at = one.since + one.row.steps[0].after_hours * HOUR
        late = any(step.key in journey.reached for step in one.steps(journey))
        text = f"acknowledge the notice of fact {one.number}: {one.notice.notice}"
        yield Ask("acknowledge", one.told, text, journey.site.date_of(at), late, at)


def _signatures(journey: Journey) -> tuple[Ask, ...]:
    """Ask each set of roles once for all it has to sign, by the time the oldest is escalated."""
    late, wait = has_passed(journey, "SIGNATURES_OVERDUE"), timedelta(days=journey.protocol.signatures.after_days)
    made = []
    for to in dict.fromkeys(row.to for row in journey.unsigned.values()):
        rows = [row for _, row in sorted(journey.unsigned.items()) if row.to == to]
        shown = ", ".join(f"#{row.fact} {row.act}" for row in rows[:SHOWN])
        more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        made.append(Ask("sign", to, f"signature of {shown}{more}", min(row.asked_on for row in rows) + wait, late))
    return tuple(made)


def _procedure(journey: Journey) -> tuple[Ask, ...]:
    dates = epoch_dates(journey)
    window = f" {dates.earliest_on} to {dates.latest_on}" if dates else ""
    done = _ask(journey, "surgery_done", f"surgery{window}", dates.latest_on if dates else None)
    if journey.operable is not None:
        return (done,)
    return (_ask(journey, "operability", "operability verdict", dates.earliest_on if dates else None), done)


def _evaluation(journey: Journey) -> tuple[Ask, ...]:
    dates = epoch_dates(journey)
    text = f"adjuvant evaluation {dates.earliest_on} to {dates.latest_on}" if dates else "adjuvant evaluation"
    made = []
    if journey.pathology is None:
        waits = "final pathology" + (": the treatment after it waits" if journey.evaluated_on else "")
        made.append(_ask(journey, "pathology", waits, dates.earliest_on if dates else None))
    if journey.evaluated_on is None:
        made.append(_ask(journey, "adjuvant_evaluation", text, dates.latest_on if dates else None))
    return tuple(made)


def _follow_up(journey: Journey, epoch: FollowUpEpoch) -> tuple[Ask, ...]:
    dates = contact_dates(journey, epoch)
    end = journey.protocol.completion_on
    if dates.target_on > end:
        return (_ask(journey, "end_of_study", f"end of study {end}", end),)
    return (_ask(journey, "follow_up_contact", f"survival contact planned {dates.target_on}", dates.latest_on),)
