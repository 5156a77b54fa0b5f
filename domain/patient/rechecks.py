"""The pre-dose gate after its first verdict: held again against what comes, what ages, and day 1 as it was.

Until day 1 is given every result that counts holds the gate again. A value's age is its age on the actual day 1.
"""

from collections.abc import Iterator
from datetime import date

from domain.criteria import assess
from domain.findings import Finding, Verdict
from domain.patient import facts as f
from domain.patient.cycle import Cycle
from domain.patient.draft import Draft
from domain.patient.results import gate_analytes, gate_verdict, hold_at_gate
from domain.patient.samples import awaits_sample, counted, too_old_on, unstated
from domain.patient.windows import days


def recheck(draft: Draft) -> None:
    """Hold the gate against the results, and before the first dose the evidence, that this act brought. Source: T11."""
    new = [row for fact in draft.facts if isinstance(fact, f.LabResultsRecorded) for row in fact.accepted]
    told = any(isinstance(fact, f.EvidenceRecorded | f.JudgementsGiven) for fact in draft.facts)
    if not (new or told) or draft.journey.is_over or not draft.journey.epoch:
        return
    cycle = draft.journey.current_cycle
    if cycle is not None and cycle.gate:
        first, epoch = cycle.number == 1, draft.protocol.treatment_of(cycle.number)
        counts = gate_analytes(draft, epoch, first=first)
        checked = any(isinstance(fact, f.GateChecked) for fact in draft.facts)
        if not checked and (any(row.analyte in counts for row in new) or (first and told)):
            _hold_again(draft, cycle)
    if new:
        _after_day_1(draft)


def expire(draft: Draft) -> None:
    """Hold the gate again on the day its samples are too old, while day 1 is still to come. Source: T11, I10.2."""
    cycle = draft.journey.current_cycle
    if cycle is not None and cycle.gate == "PASSED":  # pragma: no branch - the agenda has it only for such a cycle
        _hold_again(draft, cycle)


def _hold_again(draft: Draft, cycle: Cycle) -> None:
    """Record the verdict when it says anything new: it holds the dose, or lets it go."""
    order = draft.journey.orders.get(cycle.ordered or 0)
    verdict = gate_verdict(draft, cycle, order)
    known = next((fact for fact in reversed(cycle.checks) if isinstance(fact, f.GateChecked)), None)
    if not (_is_news(cycle, known, verdict) or _wants_other(draft, cycle, known, verdict)):
        return
    draft.add(verdict)
    if not verdict.passed:
        hold_at_gate(draft, cycle, order, verdict)
        return
    if cycle.gate == "FAILED":
        draft.event("GATE_RELEASED", f"{cycle.label}D1 no longer on hold: the gate passes on what came since")
    if cycle.ordered is not None and cycle.ordered in draft.journey.intents:
        draft.add(f.LabResultsRecorded(order=cycle.ordered, accepted=()))


def _is_news(cycle: Cycle, known: f.GateChecked | None, verdict: f.GateChecked) -> bool:
    """Say whether a verdict differs from the last one in what counts: an override covers what it was given on."""
    if cycle.gate == "PASSED":
        return known is None or verdict.findings != known.findings
    if verdict.passed:
        return True
    before = set(_failing(known)) if known else set()
    if cycle.gate == "OVERRIDDEN":
        return any(row not in before for row in _failing(verdict))
    return {rule for rule, _ in _failing(verdict)} != {rule for rule, _ in before}


def _wants_other(draft: Draft, cycle: Cycle, known: f.GateChecked | None, verdict: f.GateChecked) -> bool:
    """Say whether a gate that holds the dose now waits for other statements than before, or for a sample again."""
    if cycle.gate != "FAILED" or known is None:
        return False
    wanted = [(unstated(draft.protocol, check), awaits_sample(draft.protocol, check)) for check in (known, verdict)]
    return wanted[0] != wanted[1]


def _failing(check: f.GateChecked) -> Iterator[tuple[str, str]]:
    """Give the criteria that a value fails, not those for which one is missing."""
    for finding in check.findings:
        if not finding.is_clear and finding.verdict != Verdict.UNKNOWN:
            yield finding.rule, finding.sentence


def on_day_1(draft: Draft, cycle: Cycle | None, given_on: date) -> None:
    """Hold a gate that has not passed against the record as of the day day 1 was given. Source: T11.

    An early day 1 may come before the order; the samples it asks for may have passed by then.
    """
    if cycle is None or cycle.gate not in ("", "FAILED") or not cycle.rule:
        return
    verdict = gate_verdict(draft, cycle, None, given_on)
    if verdict.passed:
        draft.add(verdict)


def departures(draft: Draft, cycle: Cycle, given_on: date) -> None:
    """Record a day 1 without a passed gate, and one on samples too old on that very day. Source: T11, I10.2."""
    gate, item = draft.protocol.treatment_of(cycle.number).gate, f"GATE/{cycle.label}"
    rule, at = str(gate.source.rule), f"{cycle.label}D1"
    check, overridden = counted(cycle, given_on)
    for first, text in too_old_on(draft.protocol, cycle, check, given_on):
        draft.deviate(f"FIRST_DOSE/{first}", first, f"{at} given on {text}", important=True, on=given_on)
    if overridden:
        return
    if check is None or not check.passed:
        word = "failed" if check else "not checked"
        draft.deviate(item, rule, f"{at} given with the pre-dose gate {word}", important=True, on=given_on)
    elif check.sampled_on is not None and check.sampled_on > given_on:
        text = f"{at} given on a sample of {check.sampled_on}, at most {gate.max_age_days} d old"
        draft.deviate(item, rule, text, important=False, on=given_on)
    else:
        for _, text in too_old_on(draft.protocol, cycle, check, given_on, gate_only=True):
            draft.deviate(item, rule, f"{at} given on {text}", important=False, on=given_on)


def _after_day_1(draft: Draft) -> None:
    """Record that a day 1 was given on values which, by results that came later, do not pass its gate. Source: T11."""
    begun = [cycle for cycle in draft.journey.cycles.values() if cycle.day_1_on is not None]
    cycle = max(begun, key=lambda cycle: cycle.number, default=None)
    if cycle is None or cycle.day_1_on is None:
        return
    gate, site, failing = draft.protocol.treatment_of(cycle.number).gate, draft.journey.site, dict[str, Finding]()
    first_on = cycle.day_1_on - days(gate.max_age_days)
    for fact in draft.facts:
        rows = fact.accepted if isinstance(fact, f.LabResultsRecorded) else ()
        labs = {row.analyte: (row,) for row in rows if first_on <= site.date_of(row.collected_at) <= cycle.day_1_on}
        findings = assess(draft.protocol, draft.case(cycle.day_1_on, labs, gate.max_age_days), gate.criteria)
        failing |= {finding.rule: finding for finding in findings if finding.verdict == Verdict.NOT_MET}
    check, overridden = counted(cycle, cycle.day_1_on)
    known = {finding.rule: finding.verdict for finding in check.findings} if check else {}
    new = [finding for rule, finding in failing.items() if known.get(rule) != finding.verdict]
    if new and not overridden:
        text = f"{cycle.label}D1 given on values that later results show failing: "
        text += ", ".join(f"{finding.rule} {finding.verdict}" for finding in new)
        rule = str(gate.source.rule)
        draft.deviate(f"GATE/{cycle.label}", rule, text, important=True, on=cycle.day_1_on)
