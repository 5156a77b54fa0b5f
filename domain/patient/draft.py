"""Facts in the making: each is folded at once, so that the next rule sees it. What several commands share is here."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from domain.criteria import Case, assess
from domain.findings import Finding, Verdict
from domain.labs import LabValue
from domain.patient import facts as f
from domain.patient.history import Entry, fold, rewrites
from domain.patient.journey import Journey, evolve
from domain.patient.told import reported
from domain.patient.unread import waiting
from domain.patient.windows import Dates, days, epoch_dates, plan_cycle
from domain.protocol import Escalation, ProcedureEpoch, Protocol, Reminder, Resection, Role, TreatmentEpoch
from domain.submission import Sender


class Draft:
    """The facts one submission leads to, and the journey as they leave it."""

    def __init__(self, journey: Journey, at: datetime, sender: Sender, record: Sequence[Entry] = ()) -> None:
        """Start from a journey, at an instant of trial time. Only a correction needs the whole record."""
        self.journey = journey
        self.at = at
        self.sender = sender
        self.begun = journey.seq
        self.record = tuple(record)
        self.facts: list[f.Fact] = []

    @property
    def today(self) -> date:
        """The site's date."""
        return self.journey.site.date_of(self.at)

    @property
    def protocol(self) -> Protocol:
        """The subject's protocol."""
        return self.journey.protocol

    def add(self, fact: f.Fact) -> None:
        """Record one more fact."""
        self.facts.append(fact)
        self.journey = fold(self.every_fact) if rewrites(fact) else evolve(self.journey, fact)

    @property
    def every_fact(self) -> tuple[f.Fact, ...]:
        """The whole record and what was added to it."""
        return (*(entry.fact for entry in self.record), *self.facts)

    def supersede(self, number: int, content: f.Superseded | None, follows: int | None) -> None:
        """Record that another fact reads otherwise, or counts as never said, because of a correction."""
        kind = self.every_fact[number - 1].kind
        why = f"follows from the correction of fact {follows}" if follows else "follows from a correction"
        self.add(f.FactCorrected(fact=number, of=kind, content=content, why=why, follows=follows))

    def tell(
        self,
        notice: str,
        to: tuple[Role, ...],
        text: str,
        *,
        urgent: bool = False,
        about: str = "",
        repeats: int | None = None,
    ) -> None:
        """Ask for a notice, in coded words only.

        One that must be acknowledged waits from now on, unless an earlier one about the same thing still does.
        """
        plan, earlier = self.protocol.notices, repeats or waiting(self.journey, notice, about)
        waits = plan.acknowledgement(notice) is not None and earlier is None
        self.add(
            f.NoticeRequested(
                notice=notice,
                to=to,
                text=text,
                urgent=urgent,
                about=about if waits else "",
                unread_since=self.at if waits else None,
                repeats=earlier,
                useful_until=plan.useful_until(notice, self.at),
            )
        )

    def announce(self, row: Reminder | Escalation, text: str, *, about: str = "", repeats: int | None = None) -> None:
        """Ask for the notice of a protocol row."""
        urgent = isinstance(row, Escalation) and row.important
        self.tell(row.notice, row.to, text, urgent=urgent, about=about, repeats=repeats)

    def event(self, name: str, text: str, *, about: str = "") -> None:
        """Ask for the notice of a happening outside the schedule."""
        self.announce(self.protocol.events[name], text, about=about)

    def deviate(  # noqa: PLR0913 - each is part of the fact
        self,
        item: str,
        rule: str,
        text: str,
        *,
        important: bool,
        dates: Dates | None = None,
        on: date | None = None,
        why: str | None = None,
    ) -> None:
        """Record a departure from the protocol and tell it. The same item again counts once and is told once."""
        known = item in self.journey.deviations
        self.add(
            f.DeviationRecorded(
                item=item,
                rule=rule,
                text=text,
                important=important,
                expected_from=dates.earliest_on if dates else None,
                expected_to=dates.latest_on if dates else None,
                actual_on=on,
                days_off=dates.days_off(on) if dates and on else None,
                why=why,
            )
        )
        if not known:
            protocol = self.protocol
            row = protocol.important_deviation_notice if important else protocol.deviation_notice
            self.announce(row, text, about=item)

    def enter(self, epoch: str, on: date | None = None) -> None:
        """Enter an epoch: plan the first cycle that was not given yet, or go on when the procedure was done before."""
        self.add(f.EpochEntered(epoch=epoch, entered_on=on or self.today))
        entered, journey = self.protocol.epoch(epoch), self.journey
        if isinstance(entered, TreatmentEpoch):
            self.plan(self.protocol.first_cycle(entered))
        elif isinstance(entered, ProcedureEpoch) and journey.surgery_on is not None and journey.resection is not None:
            self.after_procedure(entered, journey.pathology or journey.resection, journey.surgery_on)

    def after_procedure(self, procedure: ProcedureEpoch, resection: Resection, on: date) -> None:
        """Go on after a procedure with this result, or end treatment. Source: T6."""
        if resection in procedure.goes_on:
            self.enter(self.protocol.after(procedure.code).code)
        else:
            self.end_treatment(f"RESECTION_{resection}", on)

    def plan(self, number: int) -> None:
        """Plan a cycle of the current epoch; past its last cycle go on to the next epoch, unless it must first end."""
        epoch = self.protocol.epoch(self.journey.epoch)
        if self.protocol.epoch_of_cycle(number) is epoch:
            known = self.journey.cycles.get(number)
            if known is not None and not known.is_open:
                self.plan(number + 1)
            else:
                self.add(plan_cycle(self.journey, number))
        elif isinstance(epoch, TreatmentEpoch) and epoch.completes_after_days is None:
            self.enter(self.protocol.after(epoch.code).code)

    def end_treatment(self, reason: str, on: date, why: str | None = None) -> None:
        """End protocol treatment, tell it, and go to follow-up. Nothing happens when it has ended before."""
        if self.journey.treatment_ended:
            return
        self.add(f.TreatmentEnded(ended_on=on, reason=reason, why=why))
        self.event("END_OF_TREATMENT", f"end of treatment: {reason}")
        self.enter(self.protocol.follow_up.code, on)

    def case(
        self,
        on: date,
        labs: Mapping[str, tuple[LabValue, ...]],
        max_age_days: int,
        first_dose_on: date | None = None,
    ) -> Case:
        """Lay the evidence out for the criteria. Samples are aged against `on`."""
        journey = self.journey
        return Case(
            site=journey.site,
            on=on,
            sex=journey.sex,
            born_on=journey.born_on,
            consent_on=journey.consent_on,
            labs=labs,
            lab_max_age_days=max_age_days,
            childbearing=self.protocol.childbearing,
            weight_kg=journey.weight_kg,
            no_support=journey.no_support,
            last_support_on=journey.last_support_on,
            support_assessed_on=journey.support_assessed_on,
            sections=journey.sections,
            judgements=journey.judgements,
            rulings=journey.rulings,
            rand_on=journey.randomized_on,
            first_dose_on=first_dose_on,
            consent_version=journey.consent_version,
            consents=journey.consented,
            icf_versions=tuple(journey.icf_versions),
            reported=reported(journey),
            progressed_on=journey.progressed_on,
            baseline=journey.baseline if journey.last_dose else {},
            icf_approved=journey.icf_versions,
            day_judgements=journey.day_judgements,
        )

    def eligibility(self) -> tuple[Finding, ...]:
        """Give the finding of every criterion today."""
        case = self.case(self.today, self.journey.day_labs, self.protocol.screening.lab_max_age_days)
        return assess(self.protocol, case)

    def applies(self, rule: str) -> bool:
        """Say whether a criterion is about this subject, as far as the evidence tells."""
        case = self.case(self.today, self.journey.day_labs, self.protocol.screening.lab_max_age_days)
        found = assess(self.protocol, case, (rule,))
        return any(finding.verdict != Verdict.NOT_APPLICABLE for finding in found)

    def off_window(self, item: str, text: str, on: date, *, important: bool) -> None:
        """Record a deviation when an act of the current epoch lies outside its window."""
        dates = epoch_dates(self.journey)
        if dates is not None:
            self.outside(dates, item, text, on, important=important)

    def outside(self, dates: Dates, item: str, text: str, on: date, *, important: bool) -> None:
        """Record a deviation when an act lies outside these dates; withdraw one of an act told only after them."""
        if dates.days_off(on) == 0:
            self.in_time(item, text, on)
            return
        off = dates.days_off(on)
        how = f"{-off} d early" if off < 0 else f"{off} d late"
        expected = f"{dates.earliest_on} to {dates.latest_on}"
        self.deviate(item, dates.rule, f"{text} {how}, expected {expected}", important=important, dates=dates, on=on)

    def in_time(self, item: str, text: str, on: date) -> None:
        """Withdraw the deviation of an act that was held to be missed, was done in its window, and is told only now."""
        if item in self.journey.deviations:
            self.add(f.DeviationWithdrawn(item=item, why=f"{text} was on {on}, in its window, and told later"))

    def order_labs(
        self,
        purpose: str,
        analytes: tuple[str, ...],
        give_up_days: int,
        *,
        cycle: int | None = None,
        after: datetime | None = None,
    ) -> None:
        """Order results of samples taken after an instant, by default from today on."""
        site = self.journey.site
        order = f.LabsOrdered(
            purpose=purpose,
            cycle=cycle,
            analytes=analytes,
            after=after or site.start_of(self.today),
            give_up_at=site.due_at(self.today + days(give_up_days)),
        )
        self.add(order)
