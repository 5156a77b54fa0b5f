"""What may be corrected of which fact, and what a corrected fact reads: as data, and as a pure check of new content."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.patient import commands as c
from domain.patient import facts as f
from domain.patient.courses import held_against_plan
from domain.patient.dosing import number_of
from domain.patient.draft import Draft
from domain.patient.events import FOLLOWED, SafetyEvent
from domain.patient.judging import may_judge
from domain.patient.readings import found_in, read_results, replaced
from domain.patient.reclassify import as_judged
from domain.patient.safety import classes_of, judged
from domain.submission import Reason, Refused
from domain.written import check_written


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of fact that may be corrected: the fields that may, and the command that says what they take."""

    command: type[BaseModel]
    fields: tuple[str, ...]
    may_be_void: bool = True


DRUG_DECISION = ("drug", "decided_on", "why")
CORRECTABLE: Mapping[type[BaseModel], Row] = {
    f.SubjectRegistered: Row(c.Begin, ("born_on", "sex"), may_be_void=False),
    f.ConsentGiven: Row(c.Consent, ("signed_on", "version", "obtained_by")),
    f.EvidenceRecorded: Row(
        c.Evidence, ("assessed_on", "weight_kg", "height_cm", "no_support", "last_support_on", "sections")
    ),
    f.LabResultsRecorded: Row(c.TypeLabResults, ("results",)),
    f.JudgementsGiven: Row(c.Judge, ("answers",)),
    f.DoseGiven: Row(c.ReportDose, ("cycle", "day", "given_on", "drugs")),
    f.DoseDelayed: Row(c.DelayDose, ("until", "why")),
    f.DoseOmitted: Row(c.OmitDose, ("decided_on", "why")),
    f.GateOverridden: Row(c.OverrideGate, ("why",)),
    f.DrugHeld: Row(c.HoldDrug, DRUG_DECISION),
    f.DrugResumed: Row(c.ResumeDrug, DRUG_DECISION),
    f.DrugDiscontinued: Row(c.DiscontinueDrug, DRUG_DECISION),
    f.DrugChecked: Row(c.CheckDrug, ("checked_on", "met", "why")),
    f.CourseTaken: Row(c.ReportCourse, ("days",)),
    f.OperabilityJudged: Row(c.JudgeOperability, ("judged_on", "operable", "why")),
    f.SurgeryPerformed: Row(c.ReportSurgery, ("performed_on", "resection", "why", "residual_uncertain")),
    f.SurgeryExplained: Row(c.ReportSurgery, ("why",)),
    f.SurgeryCancelled: Row(c.CancelSurgery, ("decided_on", "why")),
    f.PathologyReported: Row(
        c.ReportPathology, tuple(name for name in f.PathologyReported.model_fields if name != "kind")
    ),
    f.EvaluationJudged: Row(c.EvaluateAdjuvant, ("evaluated_on", "fit", "why")),
    f.AdverseEventReported: Row(c.ReportAdverseEvent, ("term", "onset_on", "aware_at", *(name for name in FOLLOWED))),
    f.AdverseEventUpdated: Row(c.UpdateAdverseEvent, ("aware_at", *(name for name in FOLLOWED))),
    f.PregnancyFound: Row(c.ReportPregnancy, ("found_on", "aware_at")),
    f.SafetyReportMade: Row(c.ReportSafety, ("event", "reported_at", "to", "stage")),
    f.SafetyDecided: Row(c.DecideSafety, ("decided_on", "dosing", "why")),
    f.LiveVaccineGiven: Row(c.ReportLiveVaccine, ("given_on", "product")),
    f.ProgressionFound: Row(c.ReportProgression, ("found_on",)),
    f.SubjectWithdrew: Row(c.ReportWithdrawal, ("withdrawn_on", "level", "why")),
    f.SubjectDied: Row(c.ReportDeath, ("died_on", "cause")),
    f.ContactRegained: Row(c.RegainContact, ("regained_on", "why")),
    f.FollowUpContacted: Row(c.ReportContact, ("contacted_on", "disease_free")),
    f.ScreenFailed: Row(c.ReportScreenFailure, ("decided_on", "why")),
    f.TreatmentEnded: Row(c.DiscontinueTreatment, ("ended_on", "why")),
    f.StudyEnded: Row(c.EndStudy, ("ended_on", "why")),
}
"""What people said of what happened. What the product worked out follows from it and is never corrected by hand."""


def row_of(fact: BaseModel, number: int) -> Row:
    """Give what may be corrected of a fact. Raises Refused for a kind of which nothing may be."""
    row = CORRECTABLE.get(type(fact))
    if row is None:
        kinds = ", ".join(kind.__name__ for kind in CORRECTABLE)
        raise Refused(Reason.RULE, f"fact {number} is {type(fact).__name__}, which follows from others", field="fact",
                      accepts=f"the number of a fact of kind {kinds}")  # fmt: skip
    return row


def reads(draft: Draft, number: int, known: BaseModel, command: c.Correct) -> Any:  # noqa: ANN401 - a fact of any kind
    """Give the fact as it should read. Raises Refused for a field that may not be corrected, or does not fit."""
    row, fields = row_of(known, number), dict(command.fields)
    if not fields:
        raise Refused(Reason.MALFORMED, "nothing is named to correct", field="fields", accepts=_accepts(row))
    for name, value in fields.items():
        if name not in row.fields:
            detail = f"{name} of {type(known).__name__} is not corrected"
            raise Refused(Reason.MALFORMED, detail, field=f"fields.{name}"[:80], accepts=_accepts(row))
        _fits(row, name, value)
    if isinstance(known, f.LabResultsRecorded):
        return _results(draft, known, fields["results"])
    if isinstance(known, f.DoseGiven) and "cycle" in fields:
        fields["cycle"] = number_of(draft, str(fields["cycle"]))
    merged = json.loads(known.model_dump_json()) | fields
    try:
        new: Any = type(known).model_validate_json(json.dumps(merged), strict=True)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
        name = ".".join(map(str, first["loc"]))[:60]
        raise Refused(Reason.MALFORMED, f"{name}: {first['msg']}", field=f"fields.{name}",
                      accepts=_accepts(row)) from None  # fmt: skip
    if "sections" in command.fields:
        check_written(new.sections, command.fields["sections"], "fields.sections")
    return _completed(draft, number, new, fields)


def _accepts(row: Row) -> str:
    return f"fields: {', '.join(row.fields)}" + ("; or void" if row.may_be_void else "")


def _fits(row: Row, name: str, value: object) -> None:
    """Hold a value against what the command takes: its limits are there, the fact has none."""
    field = row.command.model_fields.get(name)
    if field is None:
        return
    takes: TypeAdapter[Any] = TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type] # a field's type
    try:
        found = takes.validate_json(json.dumps(value), strict=True)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
        accepts = str(field.description or _accepts(row))
        raise Refused(Reason.MALFORMED, f"{name}: {first['msg']}", field=f"fields.{name}", accepts=accepts) from None
    check_written(found, value, f"fields.{name}")


def _results(draft: Draft, known: f.LabResultsRecorded, rows: object) -> f.LabResultsRecorded:
    """Read typed-in results again, as when they were typed in. Of the laboratory's, those named; the others stand."""
    typed = c.TypeLabResults.model_validate_json(json.dumps({"results": rows}), strict=True)
    if known.order is None:
        accepted, unused = read_results(draft, typed.results)
        return known.model_copy(update={"accepted": accepted, "unused": unused})
    reports = []
    for number, result in enumerate(typed.results):
        row = found_in(known, result)
        if row is None:
            held = ", ".join(dict.fromkeys(row.analyte for row in known.accepted))
            raise Refused(Reason.CONTRADICTS, f"{result.code} of {result.collected_at} is not one of these results",
                          field=f"fields.results.{number}.code", accepts=f"one of {held}, of its sample")  # fmt: skip
        reports.append((row, result.model_copy(update={"observation": row.observation})))
    return replaced(draft, known, reports)


def _completed(draft: Draft, number: int, new: Any, fields: Mapping[str, object]) -> Any:  # noqa: ANN401 - as above
    """Work out again what the product adds to a report of this kind."""
    if isinstance(new, f.CourseTaken):
        cycle = draft.journey.cycles.get(new.cycle)
        return new if cycle is None else held_against_plan(draft, cycle, new.drug, tuple(sorted(set(new.days))))
    if isinstance(new, f.AdverseEventReported):
        said = {name: getattr(new, name) for name in FOLLOWED}
        event = SafetyEvent(number, new.onset_on, **judged(draft.protocol.safety, said))
        shown = {name: getattr(event, name) for name in (*FOLLOWED, "fatal")}
        randomized = any(isinstance(fact, f.Randomized) for fact in draft.every_fact[:number])
        classes = classes_of(draft, event, randomized=randomized) if new.aware_at is not None else new.classes
        return new.model_copy(update=shown | {"classes": classes})
    if isinstance(new, f.AdverseEventUpdated):
        return as_judged(draft, number, new)
    if isinstance(new, f.JudgementsGiven):
        return _signed(draft, new)
    if isinstance(new, f.DoseGiven) and not {"drugs", "cycle"}.isdisjoint(fields):
        return new.model_copy(update={"as_planned": ()})
    return new


def _signed(draft: Draft, new: f.JudgementsGiven) -> f.JudgementsGiven:
    """Give corrected answers as the sender's: who corrects a judgement gives it. Raises Refused."""
    new = new.model_copy(update={"by": draft.sender.staff, "role": draft.sender.role})
    may_judge(draft.protocol, new.answers, new.role)
    return new
