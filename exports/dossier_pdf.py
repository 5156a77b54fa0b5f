"""The dossier on paper: the same content as its JSON, with each fact in one line."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, SimpleDocTemplate, Spacer
from reportlab.platypus.doctemplate import BaseDocTemplate

from exports.dossier import dossier
from exports.made_from import MadeFrom
from exports.paper import BOLD, HEADING, LATIN, paragraph, register, shown, table
from read_models.record import SubjectRecord

MARGIN = 36.0
WIDTH = landscape(A4)[0] - 2 * MARGIN
ROOM_FOR_A_SECTION = 70.0
SIGNED_BY_SENDING = "An act sent in a role that signs it is signed by being sent: see who, beside each fact below."
LONGEST = 900
"""Letters of a fact's content that are shown on paper; its JSON has all."""
TITLES = {
    "visits": (
        "Visits",
        "visit planned_on earliest_on latest_on actual_on days_off status rule",
        (2, 2, 2, 2, 2, 1, 2, 2),
    ),
    "doses": (
        "Doses, planned and given",
        "dose status given_on planned_amount planned_unit given_amount given_unit days_taken formula why",
        (4, 2, 2, 2, 1.5, 2, 1.5, 3, 4, 4),
    ),
    "deviations": (
        "Deviations",
        "item rule text important expected_from expected_to actual_on days_off why withdrawn withdrawn_why",
        (3, 2, 6, 2, 2, 2, 2, 1.5, 4, 2, 3),
    ),
    "adverse_events": (
        "Adverse events",
        "seq term grade serious criteria onset_on resolved_on outcome causality aesi fatal",
        (1, 5, 1, 1.5, 3, 2, 2, 3, 3, 2, 1),
    ),
    "signatures": (
        "Signatures",
        "fact act roles asked_on signed_at signed_by role meaning",
        (1, 3, 4, 2, 3, 2, 3, 5),
    ),
    "corrections": (
        "Corrections",
        "seq fact kind what old new reason staff role recorded_at",
        (1, 1, 4, 4, 4, 4, 4, 2, 3, 4),
    ),
    "laboratory": (
        "Laboratory",
        "analyte loinc value unit lower_limit upper_limit collected_at reported status seq",
        (2, 2, 2, 2, 2, 2, 4, 4, 2, 1),
    ),
    "notices": (
        "Notices",
        "seq notice roles text urgent asked_at reached_at missed_at acknowledged_at acknowledged_by",
        (1, 4, 4, 6, 1.5, 4, 4, 4, 4, 3),
    ),
}
"""Of each section: title, columns, and how wide they are beside each other."""


def dossier_pdf(record: SubjectRecord, made: MadeFrom, font_file: str = "") -> bytes:
    """Set the dossier as a PDF. The same record, instant and font give the same bytes. Raises UnusableFont."""
    other = register(font_file)
    content = dossier(record, made)
    head = f"{content['trial']}  {record.journey.subject}  subject dossier"
    foot = made.sentences()[0]
    file = BytesIO()

    def frame(canvas: Canvas, document: BaseDocTemplate) -> None:
        canvas.setFont(LATIN, 6.5)
        canvas.setFillColor(HEADING)
        canvas.drawString(MARGIN, landscape(A4)[1] - 24, head)
        canvas.drawString(MARGIN, 20, foot)
        canvas.drawRightString(landscape(A4)[0] - MARGIN, 20, f"page {document.page}")

    document = SimpleDocTemplate(
        file,
        pagesize=landscape(A4),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=head,
        author=content["trial"],
        invariant=1,
    )
    document.build(list(_story(content, made, other)), onFirstPage=frame, onLaterPages=frame)
    return file.getvalue()


def _story(content: dict[str, Any], made: MadeFrom, other: str) -> Iterator[Flowable]:
    title = ParagraphStyle("title", fontName=BOLD, fontSize=15, leading=20, textColor=HEADING)
    text = ParagraphStyle("text", fontName=LATIN, fontSize=8, leading=11)
    yield paragraph(f"{content['subject']['subject']}: dossier of a subject of {content['trial']}", title, other)
    yield paragraph(content["title"], text, other)
    yield Spacer(0, 6)
    yield from _summary(content["subject"], other)
    yield from _verdicts(content["verdicts"], other)
    for name, (heading, columns, parts) in TITLES.items():
        yield from _section(heading, columns.split(), content[name], parts, other)
    yield paragraph(SIGNED_BY_SENDING, text, other)
    yield from _facts(content["facts"], other)
    yield from _heading("What this was made from", other)
    for sentence in made.sentences():
        yield paragraph(sentence, text, other)


def _heading(words: str, other: str) -> Iterator[Flowable]:
    """Give a heading that no page ends with."""
    style = ParagraphStyle("heading", fontName=BOLD, fontSize=10, leading=14, spaceBefore=10, spaceAfter=3)
    style.textColor = HEADING
    yield CondPageBreak(ROOM_FOR_A_SECTION)
    yield paragraph(words, style, other)


def _summary(subject: dict[str, Any], other: str) -> Iterator[Flowable]:
    pairs = [(name.replace("_", " "), value) for name, value in subject.items() if name != "subject"]
    pairs += [("", None)] * (-len(pairs) % 3)
    third = len(pairs) // 3
    rows = [[cell for column in range(3) for cell in pairs[column * third + line]] for line in range(third)]
    yield from _heading("Where the subject stands", other)
    yield table(("what", "value") * 3, rows, _widths((3, 3) * 3), other)


def _verdicts(verdicts: dict[str, Any] | None, other: str) -> Iterator[Flowable]:
    if verdicts is None:
        yield from _heading("Verdicts: no decision is on record", other)
        return
    who = f"{verdicts['staff']} ({verdicts['role']})"
    yield from _heading(
        f"Verdicts with evidence: decided {verdicts['decided_at']:%Y-%m-%d} by {who}, fact {verdicts['fact']}", other
    )
    rows = [
        (
            finding["rule"],
            finding["verdict"],
            finding["sentence"],
            "\n".join(" ".join(filter(None, (used["what"], used["value"], _of(used)))) for used in finding["evidence"]),
        )
        for finding in verdicts["findings"]
    ]
    yield table(("rule", "verdict", "because", "evidence"), rows, _widths((1, 2, 6, 7)), other)


def _of(used: dict[str, Any]) -> str:
    return " ".join(filter(None, (f"of {used['on']}" if used["on"] else "", used["document"])))


def _section(
    heading: str, columns: Sequence[str], rows: list[dict[str, Any]], parts: Sequence[float], other: str
) -> Iterator[Flowable]:
    yield from _heading(f"{heading}: {len(rows) or 'none'}", other)
    if rows:
        heads = [name.replace("_", " ") for name in columns]
        yield table(heads, [[_cell(row[name]) for name in columns] for row in rows], _widths(parts), other)


def _cell(value: Any) -> str:  # noqa: ANN401 - any value of a row
    return f"{value:%Y-%m-%d %H:%M}Z" if hasattr(value, "hour") else shown(value)


def _facts(facts: list[dict[str, Any]], other: str) -> Iterator[Flowable]:
    yield from _heading(f"Facts as they were recorded: {len(facts)}", other)
    rows = [
        (
            fact["seq"],
            fact["recorded_at"][:16].replace("T", " "),
            fact["kind"],
            f"{fact['staff']} ({fact['role']})",
            _content(fact),
            fact["hash"],
        )
        for fact in facts
    ]
    yield table(("#", "recorded (UTC)", "kind", "by", "content", "hash"), rows, _widths((1, 3, 4, 4, 14, 5)), other)


def _content(fact: dict[str, Any]) -> str:
    body = {name: value for name, value in fact["body"].items() if name != "kind" and value not in (None, "", [], {})}
    parts = [f"{name} {_short(value)}" for name, value in body.items()]
    text = ", ".join(([f"corrected by {fact['corrected_by']}"] if fact["corrected_by"] else []) + parts)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … (whole in the JSON)"


def _short(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) if all(isinstance(one, str | int) for one in value) else f"({len(value)} rows)"
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_short(inner)}" for name, inner in value.items() if inner is not None) + ")"
    return shown(value)


def _widths(parts: Sequence[float]) -> list[float]:
    return [WIDTH * part / sum(parts) for part in parts]
