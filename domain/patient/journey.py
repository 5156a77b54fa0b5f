"""A subject's state as a fold over facts. `evolve` is total: it has no rule, reads no clock and never raises."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import assert_never

from domain.criteria.case import Consented, Judgement, Ruling
from domain.labs import LabValue, supersedes
from domain.patient import facts as f
from domain.patient import state
from domain.patient.copying import amend, copied
from domain.patient.cycle import Cycle, Stop
from domain.patient.events import fold as fold_safety
from domain.patient.state import Confirmed, Intent, Journey, Notice, Pause
from domain.values import Site

__all__ = ["Cycle", "Intent", "Journey", "Notice", "Pause", "Stop", "evolve"]


def evolve(journey: Journey, fact: f.Fact) -> Journey:  # noqa: C901, PLR0911, PLR0912, PLR0915 - a table
    """Give the journey after one more fact."""
    now = state.replace(journey, seq=journey.seq + 1)
    match fact:
        # The most frequent facts first: each case costs a look at all above it.
        case f.NoticeRequested():
            return _notice(now, fact)
        case f.NoticeReached():
            return _close(_mark(now, fact.notice, reached=True), fact.notice)
        case f.DueReached():
            return amend(now, reached=now.reached | {fact.item})
        case f.DoseGiven():
            return _dose(_numbered(now, *(f"C{fact.cycle}D{fact.day} {row.drug}" for row in fact.drugs)), fact)
        case f.LabResultsRecorded():
            return _lab_results(now, fact)
        case f.LabsOrdered():
            return _ordered(now, fact)
        case f.GateChecked():
            gate = "PASSED" if fact.passed else "FAILED"
            now = _cycle(now, fact.cycle, gate=gate, gate_sampled_on=fact.sampled_on, gate_failed=not fact.passed)
            return _checked(now, fact)
        case f.CyclePlanned():
            return _planned(now, fact)
        case f.DosesPlanned():
            last = now.planned_last | {row.drug: row for row in fact.administrations}
            return _cycle(amend(now, planned_last=last), fact.cycle, doses=fact)
        case f.SubjectRegistered():
            return amend(
                now,
                trial=fact.trial,
                subject=fact.subject,
                protocol_version=fact.protocol_version,
                site=fact.site,
                clock=fact.clock,
                born_on=fact.born_on,
                sex=fact.sex,
                icf_versions={row.version: row.approved_on for row in fact.icf_versions},
            )
        case f.ConsentGiven():
            return _consent(_numbered(now, f"consent {fact.version}"), fact)
        case f.IcfApproved():
            return amend(now, icf_versions=now.icf_versions | {fact.version: fact.approved_on})
        case f.ReconsentAsked():
            return amend(now, reconsent=fact)
        case f.DosingPaused():
            return amend(now, pauses=(*now.pauses, Pause(fact.paused_at, fact.why)))
        case f.DosingResumed():
            ended = tuple(replace(pause, until=pause.until or fact.resumed_at) for pause in now.pauses)
            return amend(now, pauses=ended)
        case f.SignatureAsked():
            return amend(now, unsigned=now.unsigned | {fact.fact: fact})
        case f.FactSigned():
            return amend(now, unsigned={seq: row for seq, row in now.unsigned.items() if seq not in fact.facts})
        case f.EvidenceRecorded():
            return _evidence(now, fact)
        case f.JudgementsGiven():
            return _judged(now, fact)
        case f.ConflictRuled():
            ruling = Ruling(fact.allowed, fact.ruled_on, fact.by, fact.why)
            return amend(now, rulings=now.rulings | {fact.rule: ruling})
        case f.EligibilityConfirmed():
            return amend(now, eligible_on=fact.judged_on, confirmed=Confirmed(now.seq, fact.findings))
        case f.ScreenFailed():
            return amend(now, screen_failed=True)
        case f.AllocationRequested():
            return _open(amend(now, allocation=now.seq), fact)
        case f.Randomized():
            now = amend(now, arm=fact.arm, slot=fact.slot, randomized_on=fact.randomized_on, confirmed=None)
            return _close(now, now.allocation or 0)
        case f.AllocationRefused():
            return amend(_close(now, now.allocation or 0), allocation=None)
        case f.EpochEntered():
            return amend(now, epoch=fact.epoch, epoch_on=fact.entered_on)
        case f.GateOverridden():
            return _checked(_cycle(now, fact.cycle, gate="OVERRIDDEN"), fact)
        case f.DoseDelayed():
            return _delayed(now, fact)
        case f.DoseOmitted():
            return _omitted(now, fact)
        case f.DrugHeld():
            return amend(now, stops=(*now.stops, Stop(fact.drug, fact.decided_on)))
        case f.DrugResumed():
            return amend(now, stops=tuple(_ended(stop, fact.drug, fact.decided_on) for stop in now.stops))
        case f.DrugDiscontinued():
            stops = tuple(_ended(stop, fact.drug, fact.decided_on) for stop in now.stops)
            return amend(now, stops=(*stops, Stop(fact.drug, fact.decided_on, final=True)))
        case f.DrugChecked():
            return amend(now, drug_checks=(*now.drug_checks, fact))
        case f.CourseTaken():
            return _course(now, fact)
        case f.OperabilityJudged():
            return amend(now, operable=fact.operable, operable_on=fact.judged_on)
        case f.SurgeryPerformed():
            return amend(
                _numbered(now, "surgery"),
                surgery_on=fact.performed_on,
                resection=fact.resection,
                surgery_attributed=fact.attributed,
                resection_why=fact.why,
                residual_uncertain=fact.residual_uncertain,
            )
        case f.SurgeryExplained():
            return amend(now, resection_why=fact.why)
        case f.PathologyReported():
            return _pathology(now, fact)
        case f.EvaluationJudged():
            return amend(now, evaluated_on=fact.evaluated_on)
        case f.AdverseEventReported():
            return amend(now, adverse_events=now.adverse_events + 1, safety=fold_safety(now.safety, now.seq, fact))
        case (
            f.AdverseEventUpdated()
            | f.PregnancyFound()
            | f.SafetyReportMade()
            | f.LiveVaccineGiven()
            | f.SafetyActionAsked()
            | f.SafetyDecided()
        ):
            return amend(now, safety=fold_safety(now.safety, now.seq, fact))
        case f.ProgressionFound():
            return amend(now, progressed_on=fact.found_on)
        case f.SubjectDied():
            return amend(_numbered(now, "death"), died_on=fact.died_on)
        case f.TreatmentEnded():
            return amend(now, treatment_ended=fact.reason, treatment_ended_on=fact.ended_on)
        case f.FollowUpContacted():
            return amend(now, contacted_on=max(fact.contacted_on, now.contacted_on or fact.contacted_on))
        case f.StudyEnded():
            return _only_notices(amend(now, study_ended=fact.reason, ended_seq=now.seq, study_ended_on=fact.ended_on))
        case f.ContactRegained():
            return _regained(now, fact)
        case f.DeviationRecorded():
            return amend(now, deviations=now.deviations | {fact.item: fact})
        case f.DeviationWithdrawn():
            return amend(now, deviations={key: row for key, row in now.deviations.items() if key != fact.item})
        case f.NoticeMissed():
            return _close(_mark(now, fact.notice, missed=True), fact.notice)
        case f.NoticeAcknowledged():
            return _mark(now, fact.notice, acknowledged=True)
        case f.SubjectWithdrew():
            return _withdrawn(now, fact)
        case f.SurgeryCancelled() | f.CancellationAsked() | f.FactCorrected():
            return now
        case _:
            assert_never(fact)


def _numbered(now: Journey, *what: str) -> Journey:
    """Keep by which fact something is known, so that a refusal can name it."""
    return amend(now, numbers=now.numbers | dict.fromkeys(what, now.seq))


def _pathology(now: Journey, fact: f.PathologyReported) -> Journey:
    """A preliminary report is not what the branch and the evaluation wait for."""
    now = amend(now, residual_uncertain=now.residual_uncertain or fact.residual_uncertain)
    return amend(_numbered(now, "pathology"), pathology=fact.resection, pathology_report=fact) if fact.final else now


def _consent(now: Journey, fact: f.ConsentGiven) -> Journey:
    """Keep the first consent's date; one to the version that was asked for answers the question."""
    answered = now.reconsent is not None and now.reconsent.version == fact.version
    return amend(
        now,
        consent_on=now.consent_on or fact.signed_on,
        consents=now.consents | {fact.version: fact.signed_on},
        consented=now.consented | {fact.version: Consented(fact.signed_on, fact.obtained_by, fact.entered_by)},
        reconsent=None if answered else now.reconsent,
    )


def _evidence(now: Journey, fact: f.EvidenceRecorded) -> Journey:
    """Take the newest of each: what is entered late does not replace what is known of a later date."""
    if fact.weight_kg is not None:
        now = _weight(now, fact.weight_kg, fact.assessed_on)
    if fact.height_cm is not None:
        now = _height(now, fact.height_cm, fact.assessed_on)
    if fact.last_support_on is not None:
        last = max(fact.last_support_on, now.last_support_on or fact.last_support_on)
        now = amend(now, last_support_on=last)
    asked = fact.no_support is not None or fact.last_support_on is not None
    if asked and fact.assessed_on >= (now.support_assessed_on or fact.assessed_on):
        said = now.no_support if fact.no_support is None else fact.no_support
        now = amend(now, no_support=said, support_assessed_on=fact.assessed_on)
    if fact.sections is None:
        return now
    sections = dict(now.sections)
    for name, section in fact.sections:
        known = sections.get(name, ())
        if section is None or (known and section.on < known[0].on):
            continue
        sections[name] = (*known, section) if known and section.on == known[0].on else (section,)
    return amend(now, sections=sections)


def _judged(now: Journey, fact: f.JudgementsGiven) -> Journey:
    """Keep the answers of the latest date to each criterion, of one person the newest of them."""
    judgements, same_day = dict(now.judgements), dict(now.day_judgements)
    for answer in fact.answers:
        given, known = Judgement(answer, fact.by, fact.role, fact.entered_with), same_day.get(answer.rule, ())
        if known and answer.on < known[0].answer.on:
            continue
        kept = [row for row in known if row.answer.on == answer.on and (row.by, row.role) != (given.by, given.role)]
        same_day[answer.rule] = (*kept, given)
        judgements[answer.rule] = given
    return amend(now, judgements=judgements, day_judgements=same_day)


def _weight(now: Journey, weight_kg: Decimal, on: date) -> Journey:
    return amend(now, weight_kg=weight_kg, weighed_on=on) if on >= now.weighed_on else now


def _height(now: Journey, height_cm: Decimal, on: date) -> Journey:
    return amend(now, height_cm=height_cm, height_on=on) if on >= now.height_on else now


def _ordered(now: Journey, fact: f.LabsOrdered) -> Journey:
    now = amend(_open(now, fact), orders=now.orders | {now.seq: fact})
    return now if fact.cycle is None else _cycle(now, fact.cycle, ordered=now.seq)


def _lab_results(now: Journey, fact: f.LabResultsRecorded) -> Journey:
    labs, day_labs, baseline = dict(now.labs), dict(now.day_labs), dict(now.baseline)
    first, days = _first_dose_on(now), _Days(now.site)
    for result in fact.accepted:
        known, on = labs.get(result.analyte), days[result.collected_at]
        day_labs[result.analyte] = _of_latest_day(days, day_labs.get(result.analyte, ()), result)
        if known is None or supersedes(result, known):
            labs[result.analyte] = result
        before = baseline.get(result.analyte)
        if (first is None or on <= first) and (before is None or supersedes(result, before)):
            baseline[result.analyte] = result
        if result.analyte == "WEIGHT":
            now = _weight(now, result.value, on)
        if result.analyte == "HEIGHT":
            now = _height(now, result.value, on)
    now = amend(now, labs=labs, day_labs=day_labs, baseline=baseline)
    return now if fact.order is None else _close(now, fact.order)


def _first_dose_on(now: Journey) -> date | None:
    """Give the date of the first dose: a baseline is the last result of a sample up to then."""
    return min((on for cycle in now.cycles.values() for _, _, on in cycle.given), default=None)


class _Days(dict[datetime, date]):
    """The site's date of an instant. The results of a sample share one: it is worked out once."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site

    def __missing__(self, instant: datetime) -> date:
        self[instant] = on = self._site.date_of(instant)
        return on


def _of_latest_day(days: _Days, known: tuple[LabValue, ...], result: LabValue) -> tuple[LabValue, ...]:
    """Give the results of the latest date, the newest last. A corrected report replaces the one it corrects."""
    on = days[result.collected_at]
    known_on = days[known[0].collected_at] if known else on
    if on != known_on:
        return (result,) if on > known_on else known
    if any(row.collected_at == result.collected_at and not supersedes(result, row) for row in known):
        return known
    kept = [row for row in known if row.collected_at != result.collected_at or result.status == "final"]
    return tuple(sorted((*kept, result), key=lambda row: row.collected_at))


def _open(now: Journey, fact: f.LabsOrdered | f.NoticeRequested | f.AllocationRequested) -> Journey:
    return amend(now, intents=now.intents | {now.seq: Intent(now.seq, fact)})


def _close(now: Journey, seq: int) -> Journey:
    return amend(now, intents={key: intent for key, intent in now.intents.items() if key != seq})


def _checked(now: Journey, fact: f.GateChecked | f.GateOverridden) -> Journey:
    cycle = now.cycles.get(fact.cycle)
    return now if cycle is None else _cycle(now, fact.cycle, checks=(*cycle.checks, fact))


def _delayed(now: Journey, fact: f.DoseDelayed) -> Journey:
    cycle = now.cycles.get(fact.cycle)
    if cycle is not None and cycle.ordered is not None:
        now = _close(now, cycle.ordered)
    return _cycle(now, fact.cycle, planned_on=fact.until, delayed=True, delay_why=fact.why, gate="", ordered=None,
                  checks=())  # fmt: skip


def _omitted(now: Journey, fact: f.DoseOmitted) -> Journey:
    cycle = now.cycles.get(fact.cycle)
    if cycle is None or fact.drug is None:
        return _cycle(now, fact.cycle, omitted=True)
    return _cycle(now, fact.cycle, omitted_drugs=cycle.omitted_drugs | {fact.drug})


def _ended(stop: Stop, drug: str, on: date) -> Stop:
    return replace(stop, until=on) if stop.drug == drug and stop.until is None and not stop.final else stop


def _course(now: Journey, fact: f.CourseTaken) -> Journey:
    """Take the latest course of a drug; its last day is the drug's last dose when that is later."""
    if fact.last_on is not None:
        last = max(fact.last_on, now.last_dose.get(fact.drug, fact.last_on))
        now = amend(now, last_dose=now.last_dose | {fact.drug: last})
    now = _numbered(now, f"course C{fact.cycle} {fact.drug}")
    cycle = now.cycles.get(fact.cycle)
    if cycle is None:
        return now
    others = tuple(course for course in cycle.courses if course.drug != fact.drug)
    return _cycle(now, fact.cycle, courses=(*others, fact))


def _withdrawn(now: Journey, fact: f.SubjectWithdrew) -> Journey:
    if fact.level == "TREATMENT":
        return now
    consent = fact.withdrawn_on if fact.level == "CONSENT" else now.consent_withdrawn_on
    return amend(now, withdrawn_on=fact.withdrawn_on, consent_withdrawn_on=consent)


def _regained(now: Journey, fact: f.ContactRegained) -> Journey:
    """End the loss, and nothing else that ended the study; the contact shows the subject alive."""
    contacted_on = max(fact.regained_on, now.contacted_on or fact.regained_on)
    now = amend(now, contacted_on=contacted_on, regained_on=fact.regained_on)
    return amend(now, study_ended="", ended_seq=0, study_ended_on=None) if now.is_lost else now


def _only_notices(now: Journey) -> Journey:
    kept = {seq: intent for seq, intent in now.intents.items() if isinstance(intent.fact, f.NoticeRequested)}
    return amend(now, intents=kept)


def _notice(now: Journey, fact: f.NoticeRequested) -> Journey:
    notice = Notice(
        fact.notice,
        fact.to,
        fact.text,
        fact.urgent,
        about=fact.about,
        unread_since=fact.unread_since,
        repeats=fact.repeats,
        useful_until=fact.useful_until,
    )
    return amend(_open(now, fact), notices=now.notices | {now.seq: notice})


def _mark(now: Journey, seq: int, **became: bool) -> Journey:
    """Mark what became of a notice: reached, missed or acknowledged."""
    notice = now.notices.get(seq)
    return now if notice is None else amend(now, notices=now.notices | {seq: copied(notice, **became)})


def _planned(now: Journey, fact: f.CyclePlanned) -> Journey:
    cycle = Cycle(fact.cycle, fact.planned_on, fact.earliest_on, fact.latest_on, fact.anchor_on, fact.rule)
    known = now.cycles.get(fact.cycle)
    if known is not None:
        cycle = copied(
            known,
            planned_on=fact.planned_on,
            earliest_on=fact.earliest_on,
            latest_on=fact.latest_on,
            anchor_on=fact.anchor_on,
            rule=fact.rule,
        )
    return amend(now, cycles=now.cycles | {fact.cycle: cycle})


def _cycle(now: Journey, number: int, **change: object) -> Journey:
    cycle = now.cycles.get(number)
    if cycle is None:
        return now
    return amend(now, cycles=now.cycles | {number: copied(cycle, **change)})


def _dose(now: Journey, fact: f.DoseGiven) -> Journey:
    cycle = now.cycles.get(fact.cycle) or Cycle(
        fact.cycle, fact.given_on, fact.given_on, fact.given_on, fact.given_on, ""
    )
    rows = tuple((fact.day, drug.drug, fact.given_on) for drug in fact.drugs)
    cycle = copied(cycle, given=cycle.given + rows)
    if fact.day == 1:
        cycle = copied(cycle, day_1_on=fact.given_on, omitted=False)
    last = dict(now.last_dose)
    for drug in fact.drugs:
        last[drug.drug] = max(fact.given_on, last.get(drug.drug, fact.given_on))
    return amend(now, cycles=now.cycles | {fact.cycle: cycle}, last_dose=last)
