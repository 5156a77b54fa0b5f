"""Why no dose of the awaited cycle may be planned or given now, by which rule, and who can lift that."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.patient.agenda import has_passed
from domain.patient.journey import Journey


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason: in few words and in a sentence, its rule, the act that lifts it and the roles that may do it."""

    word: str
    why: str
    rule: str
    act: str
    by: tuple[str, ...]
    or_else: str = ""

    @property
    def lifted(self) -> str:
        """What lifts it, and who may."""
        return f"{self.act} by {' or '.join(self.by)}{self.or_else}"


def dosing_holds(journey: Journey) -> tuple[Hold, ...]:
    """Give every reason for which the awaited cycle waits; none when no cycle is awaited."""
    cycle = journey.current_cycle if journey.epoch else None
    if cycle is None or journey.is_over:
        return ()
    found = [*_stopped(journey), *_of_the_trial(journey)]
    if cycle.gate == "FAILED":
        gate = journey.protocol.treatment_of(cycle.number).gate
        why, or_else = f"the gate of {cycle.label} has failed", ", or results and statements that pass"
        found.append(Hold("gate", why, gate.source.rule, "override_gate", gate.override_by, or_else))
    return tuple(found)


def _stopped(journey: Journey) -> Iterator[Hold]:
    """Give what stops every dose until the investigator decides. Source: E25, T6."""
    rules = {row.event: row.rule for row in journey.safety.open if row.stops_dosing}
    for number, rule in sorted(rules.items()):
        why = f"dosing is stopped by fact {number}"
        yield Hold("stopped", why, rule, "safety_decision", _roles(journey, "safety_decision"))


def _of_the_trial(journey: Journey) -> Iterator[Hold]:
    """Give what waits for a re-consent, or for the sponsor. Source: I1.1, T11."""
    asked, acts = journey.reconsent, journey.protocol.acts
    if asked is not None and has_passed(journey, "RECONSENT_OVERDUE"):
        why = f"re-consent to {asked.version} is overdue since {asked.deadline}"
        yield Hold(
            "re-consent", why, acts.consent_overdue.source.rule, "record_consent", _roles(journey, "record_consent")
        )
    if journey.is_dosing_paused:
        why, roles = "dosing is paused by the sponsor", _roles(journey, "resume_dosing")
        yield Hold("dosing paused by sponsor", why, acts.pause.rule, "resume_dosing", roles)


def _roles(journey: Journey, kind: str) -> tuple[str, ...]:
    row = journey.protocol.permission(kind)
    return row.roles if row else ()
