"""The enrolment curve of a trial as SVG: the plan as a line, the randomized as steps. Pure."""

from datetime import date
from xml.etree.ElementTree import Element, SubElement

from read_models.overview import Overview

WIDTH, HEIGHT = 960, 340
LEFT, RIGHT, TOP, BOTTOM = 46, 150, 22, 34
PLANNED, RANDOMIZED, AXIS, TODAY = "#8a97a6", "#1667b7", "#c8d0d9", "#a3232b"
LINE_OF_TEXT = 16
LINES = 6
"""Horizontal lines at most, besides the axis."""
DATES = 9
"""Dates named under the axis at most."""


def curve(shown: Overview) -> Element:
    """Draw the curve from the trial's opening to the last possible C1D1, or today when that is later."""
    svg = Element("svg", viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", xmlns="http://www.w3.org/2000/svg")
    SubElement(svg, "title").text = f"Randomized {shown.randomized}, planned {shown.planned_today} by {shown.today}"
    scale = _Scale(shown)
    _axes(svg, scale, shown)
    plan = [(point.on, float(point.planned)) for point in shown.curve]
    _line(svg, [scale.at(on, count) for on, count in plan], PLANNED, dashed=True)
    _line(svg, _steps(scale, shown), RANDOMIZED)
    x, y = scale.at(shown.today, shown.randomized)
    SubElement(svg, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="4", fill=RANDOMIZED)
    name_y = max(y, TOP + 12) + 4
    _name(svg, scale.right + 8, name_y, f"{shown.randomized} randomized", RANDOMIZED)
    end_y = scale.at(shown.today, float(plan[-1][1]))[1] + 4
    planned_y = name_y + LINE_OF_TEXT if abs(end_y - name_y) < LINE_OF_TEXT else end_y
    _name(svg, scale.right + 8, planned_y, f"{shown.plan.target} planned", PLANNED)
    return svg


class _Scale:
    """Where a date and a count stand in the picture."""

    def __init__(self, shown: Overview) -> None:
        self.first, self.last = shown.curve[0].on, shown.curve[-1].on
        self.most = max(shown.plan.target, shown.randomized)
        self.right, self.bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def at(self, on: date, count: float) -> tuple[float, float]:
        days = max((self.last - self.first).days, 1)
        x = LEFT + (min(on, self.last) - self.first).days / days * (self.right - LEFT)
        return x, self.bottom - count / self.most * (self.bottom - TOP)


def _axes(svg: Element, scale: _Scale, shown: Overview) -> None:
    step = -(-scale.most // LINES)
    for count in range(0, scale.most + 1, step):
        y = scale.at(scale.first, count)[1]
        SubElement(svg, "path", d=f"M{LEFT} {y:.1f}H{scale.right}", stroke=AXIS, fill="none")
        _name(svg, LEFT - 8, y + 4, str(count), anchor="end")
    dates = [point.on for point in shown.curve if point.on != shown.today]
    for on in dates[:: -(-len(dates) // DATES)]:
        _name(svg, scale.at(on, 0)[0], HEIGHT - 12, str(on), anchor="middle")
    if shown.today > scale.last:
        return
    x = scale.at(shown.today, 0)[0]
    SubElement(svg, "path", d=f"M{x:.1f} {TOP}V{scale.bottom}", stroke=TODAY, fill="none", opacity="0.5")
    _name(svg, x, TOP - 5, str(shown.today), TODAY, anchor="middle")


def _steps(scale: _Scale, shown: Overview) -> list[tuple[float, float]]:
    """Give the corners: the count goes up on each date of a randomization, and runs level to today."""
    corners, count = [scale.at(scale.first, 0)], 0
    for step in shown.randomizations:
        corners += [scale.at(step.on, count), scale.at(step.on, step.randomized)]
        count = step.randomized
    return [*corners, scale.at(shown.today, count)]


def _line(svg: Element, corners: list[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    line = SubElement(svg, "polyline", {"points": points, "fill": "none", "stroke": colour, "stroke-width": "2.5"})
    if dashed:
        line.set("stroke-dasharray", "6 5")


def _name(svg: Element, x: float, y: float, text: str, colour: str = "", anchor: str = "start") -> None:
    element = SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor})
    element.text = text
    if colour:
        element.set("style", f"fill: {colour}; font-weight: 600")
