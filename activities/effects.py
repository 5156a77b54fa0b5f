"""The table of outside effects: which intent fact is carried out by which activity. One row an effect."""

from dataclasses import dataclass

from activities.contract import Effect
from domain.decider import OpenIntent


@dataclass(frozen=True, slots=True)
class Row:
    """How an intent is carried out. `summary` is read in the Temporal UI; it is filled from the fact's fields."""

    activity: str
    summary: str
    longest_pause_seconds: int = 60


EFFECTS = {
    "LabsOrdered": Row("fetch_labs", "Laboratory results: {purpose} {cycle}", longest_pause_seconds=600),
    "NoticeRequested": Row("send_notice", "Notice {notice}: {text}"),
    "AllocationRequested": Row("ask_allocation", "Ask the register for an allocation"),
    "AllocationListRequested": Row("seal_list", "Make and seal the allocation list"),
    "SubjectEnrolled": Row("start_journey", "Start the journey of {subject}"),
    "ActPassedOn": Row("pass_on", "Tell {subject}: {act}"),
    "SlotReserved": Row("open_slot", "Open slot {slot} for {subject}", longest_pause_seconds=10),
}


def effect_of(stream: str, intent: OpenIntent) -> Effect:
    """Give the effect an open intent asks for."""
    row = EFFECTS[intent.fact.kind]
    payload = intent.fact.model_dump(mode="json")
    words = {name: "" if value is None else value for name, value in payload.items()}
    if payload.get("cycle") is not None:
        words["cycle"] = f"C{payload['cycle']}"
    return Effect(
        key=f"{stream}/{intent.seq}",
        seq=intent.seq,
        activity=row.activity,
        summary=row.summary.format(**words)[:200],
        payload=payload,
        longest_pause_seconds=row.longest_pause_seconds,
    )
