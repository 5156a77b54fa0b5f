"""One look at a trial as JSON, and as one HTML page that loads nothing: a curve as SVG, and tables."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from xml.etree.ElementTree import Element, SubElement, tostring

from exports.made_from import MadeFrom
from exports.overview_curve import curve
from exports.text import json_text, printable
from read_models.overview import Overview

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2733; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
.parts { display: flex; flex-wrap: wrap; gap: 1.5rem 2.5rem; margin: 1.5rem 0; align-items: flex-start; }
section { margin: 1.5rem 0; } .parts section { margin: 0; }
table { border-collapse: collapse; } th { text-align: left; font-weight: 600; }
th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #dde3ea; vertical-align: top; }
td:first-child { white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.late { color: #a3232b; font-weight: 600; } .small { color: #5a6775; font-size: .85rem; }
svg { width: 100%; height: auto; display: block; margin: 1rem 0; }
svg text { font: 12px system-ui, sans-serif; fill: #5a6775; }
"""
LOADS_NOTHING = "default-src 'none'; style-src 'unsafe-inline'"
Cell = str | int | None


def overview_json(shown: Overview) -> str:
    """Write it as JSON; decimals are numbers with their own digits."""
    return json_text(asdict(shown))


def overview_html(shown: Overview, made: MadeFrom) -> bytes:
    """Write it as one page without a script, an address or a file of its own beside it. Subject numbers alone."""
    page = Element("html", lang="en")
    head, body = SubElement(page, "head"), SubElement(page, "body")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": LOADS_NOTHING})
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _text(head, "title", f"{shown.trial} on {shown.today}")
    _text(head, "style", STYLE)
    _beginning(body, shown)
    body.append(curve(shown))
    parts = SubElement(body, "div", {"class": "parts"})
    _counted(parts, shown)
    _overdue(body, shown)
    _deviations(body, shown)
    _holds(body, shown)
    _text(body, "p", f"Notices: {shown.notices.told()}.")
    _made_from(body, made)
    written: bytes = tostring(page, encoding="utf-8", method="html")
    return b"<!DOCTYPE html>\n" + written + b"\n"


def _beginning(body: Element, shown: Overview) -> None:
    plan, (target_rule, date_rule) = shown.plan, shown.plan.rules
    _text(body, "h1", f"{shown.trial} on {shown.today}")
    _text(
        body,
        "p",
        f"{shown.randomized} of {plan.target} randomized, {shown.planned_today} planned by now. "
        f"Enrolment {shown.enrolment}, dosing {shown.dosing}. "
        f"Last possible C1D1 {plan.last_first_dose_on} ({date_rule}).",
    )
    _text(
        body,
        "p",
        f"Plan: the straight line from 0 on {plan.opened_on}, when the trial was opened, to {plan.target} "
        f"({target_rule}) on {plan.last_first_dose_on} ({date_rule}).",
    ).set("class", "small")


def _counted(parts: Element, shown: Overview) -> None:
    screening = shown.screening
    became = [
        ("screened", screening.screened),
        ("in screening", screening.in_screening),
        ("randomized", screening.randomized),
        ("screen failures", screening.screen_failures),
        ("left otherwise", screening.left_otherwise),
    ]
    _table(parts, "Arms", ("arm", "randomized", "at most"), [(row.arm, row.randomized, row.cap) for row in shown.arms])
    _table(parts, "Screening", ("", "subjects"), became)
    _table(parts, "Screen failures by rule", ("rule", "subjects"), list(screening.failed_by.items()))
    _table(parts, "Who is where", ("phase", "subjects"), list(shown.phases.items()))


def _overdue(body: Element, shown: Overview) -> None:
    late = shown.overdue
    rows = [(str(row.by or "-"), row.subject, row.site, row.what, " / ".join(row.to)) for row in late.oldest]
    section = _table(body, f"Overdue: {late.told()}", ("by", "subject", "site", "what", "who"), rows)
    if late.acts:
        section[0].set("class", "late")


def _deviations(body: Element, shown: Overview) -> None:
    rows = [(row.rule, row.deviations, row.important, row.subjects) for row in shown.deviations]
    every, important = sum(row.deviations for row in shown.deviations), sum(row.important for row in shown.deviations)
    title = f"Deviations: {every}, {important} of them important"
    _table(body, title, ("rule", "deviations", "important", "subjects"), rows)


def _holds(body: Element, shown: Overview) -> None:
    rows = [
        (row.subject, row.site, "stopped" if row.dosing_stopped else "", row.drugs_held, row.drugs_discontinued)
        for row in shown.holds
    ]
    headings = ("subject", "site", "all dosing", "held", "discontinued")
    _table(body, "Holds, of subjects on treatment", headings, rows)


def _made_from(body: Element, made: MadeFrom) -> None:
    """Say what it was made from: each stream is named in what folds out."""
    facts = sum(head.seq for head in made.heads)
    details = SubElement(body, "details", {"class": "small"})
    _text(details, "summary", f"Made from {len(made.heads)} streams with {facts} facts at {made.instant}")
    for sentence in made.sentences():
        _text(details, "div", sentence)


def _table(parent: Element, title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Element:
    """Add a table under a title; numbers stand to the right; without a row it says none."""
    section, made = SubElement(parent, "section"), list(rows)
    _text(section, "h2", title)
    if not made:
        _text(section, "p", "none").set("class", "small")
        return section
    table = SubElement(section, "table")
    line = SubElement(table, "tr")
    for place, heading in enumerate(headings):
        _text(line, "th", heading).attrib.update(_right(made[0][place]))
    for row in made:
        line = SubElement(table, "tr")
        for cell in row:
            _text(line, "td", "" if cell is None else str(cell)).attrib.update(_right(cell))
    return section


def _right(cell: Cell) -> dict[str, str]:
    return {"class": "number"} if isinstance(cell, int) else {}


def _text(parent: Element, tag: str, text: str) -> Element:
    element = SubElement(parent, tag)
    element.text = printable(text)
    return element
