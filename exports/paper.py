"""How text gets onto paper: fonts, runs of Chinese, tables that break over pages. It knows nothing of trials."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import LongTable, Paragraph, TableStyle

from exports.text import printable

LATIN, BOLD, CHINESE = "Vera", "VeraBd", "STSong-Light"
HEADING = colors.HexColor("#1f3b57")
STRIPE = colors.HexColor("#f2f5f8")
BEYOND_THE_FONT = 0x10000
"""The first character of Unicode that the standard font has no code for: it is shown by its number."""
_UNBROKEN = re.compile(r"\S{25,}")


class UnusableFont(ValueError):
    """A font file that cannot be embedded."""


@cache
def register(font_file: str = "") -> str:
    """Make the fonts known; give the one of text that Latin letters cannot write: of a file, or Adobe's standard one.

    The Latin fonts are embedded. STSong-Light is not: each viewer brings its own for it, as the PDF standard foresees.
    A font file (TrueType) is embedded. Raises UnusableFont.
    """
    pdfmetrics.registerFont(TTFont(LATIN, "Vera.ttf"))
    pdfmetrics.registerFont(TTFont(BOLD, "VeraBd.ttf"))
    if not font_file:
        pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
        return CHINESE
    try:
        pdfmetrics.registerFont(TTFont("Site", font_file))
    except (TTFError, OSError) as problem:
        raise UnusableFont(f"{problem}; accepted: a TrueType font file with glyf outlines (.ttf, .ttc)") from None
    return "Site"


def marked(text: str, other: str) -> str:
    """Give text as the typesetter reads it: runs of other scripts in their font, long words breakable."""
    runs = groupby(printable(text), key=_is_latin)
    return "".join(_run("".join(letters), None if latin else other) for latin, letters in runs)


def _run(letters: str, font: str | None) -> str:
    if font is None:
        return escape(letters).replace("\n", "<br/>")
    shown = "".join(letter if ord(letter) < BEYOND_THE_FONT else f"[U+{ord(letter):X}]" for letter in letters)
    return f'<font name="{font}">{escape(shown)}</font>'


def _is_latin(letter: str) -> bool:
    return letter == "\n" or (letter.isascii() and letter.isprintable()) or "\xa1" <= letter <= "\xff"


def paragraph(text: str, style: ParagraphStyle, other: str) -> Paragraph:
    """Set a paragraph. Chinese, and words longer than a cell, break between any two letters."""
    anywhere = any("\u2e80" <= letter <= "\uffff" for letter in text) or _UNBROKEN.search(text)
    set_in = ParagraphStyle(f"{style.name}-anywhere", parent=style, wordWrap="CJK") if anywhere else style
    return Paragraph(marked(text, other), set_in)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], widths: Sequence[float], other: str) -> LongTable:
    """Set a table whose heading comes again on every page; a row may break over pages. Unit of widths: points."""
    head = ParagraphStyle("head", fontName=BOLD, fontSize=6.5, leading=8, textColor=colors.white)
    cell = ParagraphStyle("cell", fontName=LATIN, fontSize=6.5, leading=8.2)
    set_rows = [[paragraph(name, head, other) for name in heads]]
    set_rows += [[paragraph(shown(value), cell, other) for value in row] for row in rows]
    style = TableStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), HEADING),
            ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, STRIPE]),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.HexColor("#c9d3dc")),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
    )
    return LongTable(set_rows, colWidths=list(widths), repeatRows=1, splitInRow=1, style=style, hAlign="LEFT")


def shown(value: Any) -> str:  # noqa: ANN401 - any value of a row
    """Give a value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
