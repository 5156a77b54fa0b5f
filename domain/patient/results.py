"""Laboratory results as they come in, and the pre-dose gate."""

from datetime import date, datetime

from domain.criteria import assess
from domain.findings import Finding
from domain.labs import LabValue, ReportedResult
from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.cycle import Cycle
from domain.patient.draft import Draft
from domain.patient.readings import read_results
from domain.patient.safety import found_by_results
from domain.patient.samples import awaits_sample, unstated
from domain.patient.windows import days
from domain.protocol import ScreeningEpoch, TreatmentEpoch


def typed(draft: Draft, command: c.TypeLabResults) -> None:
    """Record typed-in results; when they complete what an open order asked for, they answer it."""
    record(draft, command.results, None, complete=True)
    answer_from_record(draft)


def answer_from_record(draft: Draft) -> None:
    """Answer each open order for which the record holds every result already."""
    for seq, intent in tuple(draft.journey.intents.items()):
        order = intent.fact
        if isinstance(order, f.LabsOrdered) and set(order.analytes) <= set(_fresh(draft, order)):
            draft.add(f.LabResultsRecorded(order=seq, accepted=()))
            follow_up(draft, order, seq, complete=True)


def record(draft: Draft, results: tuple[ReportedResult, ...], order: int | None, *, complete: bool) -> None:
    """Record results as values, and those that cannot be used with the reason."""
    accepted, unused = read_results(draft, results)
    draft.add(f.LabResultsRecorded(order=order, accepted=accepted, unused=unused, complete=complete))
    found_by_results(draft, draft.journey.seq, accepted)


def follow_up(draft: Draft, order: f.LabsOrdered, seq: int, *, complete: bool) -> None:
    """Do what an answered order was for, while it still matters."""
    if order.cycle is None:
        if isinstance(draft.protocol.epoch(draft.journey.epoch), ScreeningEpoch):
            _screening_results(draft, order, complete=complete)
        return
    cycle = draft.journey.current_cycle
    if cycle is not None and cycle.ordered == seq:
        check_gate(draft, cycle, order)


def _screening_results(draft: Draft, order: f.LabsOrdered, *, complete: bool) -> None:
    missing = sorted(set(order.analytes) - set(_fresh(draft, order)))
    row = draft.protocol.screening.result_notice
    text = row.text if not missing else f"{row.text}; missing: {', '.join(missing)}"
    draft.tell(row.notice, row.to, text)
    if not complete:
        draft.order_labs("SCREENING", order.analytes, draft.protocol.screening.lab_give_up_days)


def check_gate(draft: Draft, cycle: Cycle, order: f.LabsOrdered) -> None:
    """Hold the fresh results against the gate; a failing or missing one holds the dose, asks, and orders again."""
    checked = gate_verdict(draft, cycle, order)
    draft.add(checked)
    if not checked.passed:
        hold_at_gate(draft, cycle, order, checked)


def gate_verdict(
    draft: Draft, cycle: Cycle, order: f.LabsOrdered | None, day_1_on: date | None = None
) -> f.GateChecked:
    """Give a gate's verdict on the record. Each value's age counts to day 1: as planned, or a later today. Source: T11.

    What an order asked for goes before what was known earlier, which counts while it is young enough.
    """
    epoch, on = draft.protocol.treatment_of(cycle.number), day_1_on or max(cycle.planned_on, draft.today)
    labs = _labs(draft, epoch, cycle, order, on)
    site = draft.journey.site
    sampled_on = max((site.date_of(row.collected_at) for rows in labs.values() for row in rows), default=None)
    findings = assess(draft.protocol, draft.case(on, labs, epoch.gate.max_age_days), epoch.gate.criteria)
    if cycle.number == 1:
        findings += _before_first_dose(draft, epoch, on)
    passed = all(finding.is_clear for finding in findings)
    return f.GateChecked(cycle=cycle.number, passed=passed, sampled_on=sampled_on, findings=findings, day_1_on=on)


def _labs(
    draft: Draft, epoch: TreatmentEpoch, cycle: Cycle, order: f.LabsOrdered | None, on: date
) -> dict[str, tuple[LabValue, ...]]:
    """Give the results a gate looks at, none of a sample after day 1."""
    site, found = draft.journey.site, {}
    for code in order.analytes if order else gate_analytes(draft, epoch, first=cycle.number == 1):
        rows = [row for row in draft.journey.day_labs.get(code, ()) if site.date_of(row.collected_at) <= on]
        asked = [row for row in rows if order is None or row.collected_at > order.after]
        young = [row for row in rows if (on - site.date_of(row.collected_at)).days <= epoch.gate.max_age_days]
        if asked or young:
            found[code] = tuple(asked or young)
    return found


def hold_at_gate(draft: Draft, cycle: Cycle, order: f.LabsOrdered | None, checked: f.GateChecked) -> None:
    """Tell that a gate holds the dose, and order again what was not ordered yet. Source: T11.

    A sample is taken again only for what a sample can show: statements come by `screening_evidence`.
    """
    epoch = draft.protocol.treatment_of(cycle.number)
    failing = ", ".join(f"{finding.rule} {finding.verdict}" for finding in checked.findings if not finding.is_clear)
    wanted = unstated(draft.protocol, checked)
    more = f"; wanted by screening_evidence: statements as of now on {', '.join(wanted)}" if wanted else ""
    text = f"{cycle.label}D1 on hold: {failing}{more}"
    draft.tell(epoch.gate.notice, epoch.gate.to, text, about=cycle.label)
    if cycle.ordered in draft.journey.intents or not awaits_sample(draft.protocol, checked):
        return
    labs = _labs(draft, epoch, cycle, order, checked.day_1_on or draft.today)
    after = max((row.collected_at for rows in labs.values() for row in rows), default=order.after if order else None)
    order_gate_labs(draft, epoch, cycle, after=after)


def _before_first_dose(draft: Draft, epoch: TreatmentEpoch, day_1_on: date) -> tuple[Finding, ...]:
    """Hold evidence with an age, and look-backs, against C1D1. Source: clinical-spec 3.1, anchors."""
    journey = draft.journey
    max_age_days = draft.protocol.screening.lab_max_age_days
    case = draft.case(min(draft.today, day_1_on), journey.day_labs, max_age_days, day_1_on)
    return assess(draft.protocol, case, epoch.gate.before_first_dose)


def order_gate_labs(draft: Draft, epoch: TreatmentEpoch, cycle: Cycle, *, after: datetime | None = None) -> None:
    """Order what the gate of a cycle needs: samples young enough on its day 1, and none that failed before.

    A sample of the last day 1, or from before it, does not show how the subject recovered from that dose. Source: T11.
    """
    analytes = gate_analytes(draft, epoch, first=cycle.number == 1)
    if after is None:
        first_on = cycle.planned_on - days(epoch.gate.max_age_days)
        last = draft.journey.cycles.get(cycle.number - 1)
        if last is not None and last.day_1_on is not None:
            first_on = max(first_on, last.day_1_on + days(1))
        after = draft.journey.site.start_of(first_on)
        if cycle.gate_failed:
            known = draft.journey.labs
            after = max([after, *(known[code].collected_at for code in analytes if code in known)])
    draft.order_labs("GATE", analytes, epoch.gate.give_up_days, cycle=cycle.number, after=after)


def screening_analytes(draft: Draft) -> tuple[str, ...]:
    """Give what screening orders: what every subject needs, and what some criteria ask of this one."""
    screening = draft.protocol.screening
    return screening.analytes + _by_rule(draft, tuple(screening.analytes_by_rule))


def _by_rule(draft: Draft, rules: tuple[str, ...]) -> tuple[str, ...]:
    by_rule = draft.protocol.screening.analytes_by_rule
    return tuple(code for rule in rules if rule in by_rule and draft.applies(rule) for code in by_rule[rule])


def gate_analytes(draft: Draft, epoch: TreatmentEpoch, *, first: bool = False) -> tuple[str, ...]:
    """Give the analytes the criteria of a gate are about, as far as a laboratory measures them."""
    measured = draft.protocol.lab_bounds
    again = _by_rule(draft, epoch.gate.before_first_dose) if first else ()
    return again + tuple(
        dict.fromkeys(
            limit.analyte
            for criterion in draft.protocol.screening.criteria
            if criterion.rule in epoch.gate.criteria
            for limit in criterion.limits
            if limit.analyte in measured
        )
    )


def _fresh(draft: Draft, order: f.LabsOrdered) -> dict[str, LabValue]:
    return {
        code: value
        for code, value in draft.journey.labs.items()
        if code in order.analytes and value.collected_at > order.after
    }
