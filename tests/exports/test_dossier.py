"""The dossier as JSON and PDF; the PDF is read back by pypdf and drawn by PDFium, which are not what wrote it."""

import json
from decimal import Decimal
from functools import cache
from io import BytesIO

import pypdfium2
import pytest
from pypdf import PdfReader

from domain.patient.facts import AdverseEventReported
from exports.dossier import dossier_json
from exports.dossier_pdf import dossier_pdf
from exports.paper import UnusableFont
from read_models.record import record_of
from tests.exports.made import DOCUMENTED, TERM, WHY, made, record
from tests.given import day

ON_PAPER = ("completed-COHORT_2", "chinese", "screen-failure", "pregnant-in-screening")


@cache
def paper(name: str) -> bytes:
    """Give a dossier as a PDF."""
    return dossier_pdf(record(name), made(record(name), hash_="ab12"))


@cache
def pages_of(name: str) -> list[str]:
    """Give the text of each page."""
    return [page.extract_text() for page in PdfReader(BytesIO(paper(name))).pages]


def read(name: str, hash_: str = "") -> dict[str, object]:
    """Give a dossier as a reader of JSON has it, numbers exact."""
    found = record(name)
    content: dict[str, object] = json.loads(dossier_json(found, made(found, hash_=hash_)), parse_float=Decimal)
    return content


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_dossier_holds_every_fact_and_ends_with_what_it_was_made_from(name: str) -> None:
    """Facts in order; the head of the stream, its hash when there is one, and the instant that was given."""
    found = read(name, "ab12")
    facts = found["facts"]
    assert isinstance(facts, list)
    assert [fact["seq"] for fact in facts] == list(range(1, record(name).head.seq + 1))
    assert list(found)[-1] == "made_from"
    head = {"stream": record(name).head.stream, "seq": len(facts), "hash": "ab12"}
    assert found["made_from"] == {"streams": [head], "made_at": "2026-11-23T04:00:00+00:00"}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_no_dossier_holds_the_birth_date(name: str) -> None:
    """It is withheld; the age at consent stands in its place."""
    text = dossier_json(record(name), made(record(name))).decode()
    assert "1960-02-03" not in text
    assert '"born_on": "withheld"' in text
    assert '"age_years": 65' in text


def test_verdicts_come_with_their_evidence() -> None:
    """All 65 criteria as decided, I11.2 with the hemoglobin it rests on."""
    verdicts = read("completed")["verdicts"]
    assert isinstance(verdicts, dict)
    assert len(verdicts["findings"]) == 65
    hemoglobin = next(finding for finding in verdicts["findings"] if finding["rule"] == "I11.2")
    assert hemoglobin["verdict"] == "MET"
    assert hemoglobin["evidence"][0]["value"].startswith("145 g/L")
    assert hemoglobin["evidence"][0]["on"] == str(day(1))


def test_an_amount_is_a_number_with_its_own_digits() -> None:
    """JSON numbers, never by way of a float: T2."""
    doses = read("completed")["doses"]
    assert isinstance(doses, list)
    first = doses[0]
    assert (first["drug"], first["planned_amount"], first["given_amount"]) == ("BENMELSTOBART", 1200, 1200)
    labs = read("completed")["laboratory"]
    assert isinstance(labs, list)
    assert {type(row["value"]) for row in labs} <= {int, Decimal}
    assert Decimal("5.13") in {row["value"] for row in labs}


def test_a_correction_is_told_in_both_places() -> None:
    """The fact as recorded says by what it was corrected; the correction says old, new, why and who."""
    found = read("chinese")
    facts, corrections = found["facts"], found["corrections"]
    assert isinstance(facts, list)
    assert isinstance(corrections, list)
    row = next(row for row in corrections if row["what"].startswith("surgery performed #"))
    shown = (row["old"], row["new"], row["reason"], row["staff"])
    assert shown == (str(day(44)), str(day(45)), WHY, "INV1")
    surgery = next(fact for fact in facts if fact["kind"] == "SurgeryPerformed")
    assert surgery["corrected_by"] == row["seq"]
    assert surgery["body"]["performed_on"] == str(day(44))


@pytest.mark.parametrize("name", ON_PAPER)
def test_the_pdf_reads_back(name: str) -> None:
    """Each section, the last fact, and on its last page what it was made from."""
    found = record(name)
    pages = pages_of(name)
    text = "\n".join(pages)
    for heading in ("Where the subject stands", "Verdicts", "Doses", "Deviations", "Signatures", "Facts as they were"):
        assert heading in text
    assert found.told[-1].stored.kind in text
    assert f"facts 1 to {found.head.seq}, hash ab12; made at 2026-11-23T04:00:00+00:00" in pages[-1]
    assert "1960-02-03" not in text
    assert all("S001" in page for page in pages)


def test_chinese_text_is_read_back_from_the_pdf() -> None:
    """What staff wrote in Chinese: the reason of a correction, the term of an event."""
    text = "".join(pages_of("chinese")).replace("\n", "")
    for words in (WHY, TERM):
        assert words in text


def test_every_page_can_be_drawn_and_has_ink_inside_its_margins() -> None:
    """Drawn by PDFium: nothing stands outside the page's margins, and no page is empty."""
    document = pypdfium2.PdfDocument(paper("chinese"))
    try:
        for number in range(len(document)):
            page = document[number]
            drawn = page.render(grayscale=True).to_numpy().squeeze()
            ink = (drawn < 128).nonzero()
            assert len(ink[0]) > 500
            assert 20 < ink[1].min() < ink[1].max() < drawn.shape[1] - 20
    finally:
        document.close()


def test_the_same_record_gives_the_same_bytes() -> None:
    """No hidden clock, no chance. Without a chain the hash's place says so."""
    found = record("screen-failure")
    assert dossier_pdf(found, made(found)) == dossier_pdf(found, made(found))
    last = PdfReader(BytesIO(dossier_pdf(found, made(found)))).pages[-1].extract_text()
    assert "hash none: this journal keeps no chain" in last
    assert dossier_json(found, made(found)) == dossier_json(found, made(found))


def test_a_text_longer_than_a_page_and_odd_characters_do_no_harm() -> None:
    """4,000 Chinese characters, a control character, markup, and a character beyond the font."""
    odd = "<b>&\x07 \U00020bb7 ≥ µ " + "风" * 4000
    whole = record("screen-failure")
    rows = [told.stored for told in whole.told]
    place = next(number for number, row in enumerate(rows) if row.kind == "ScreenFailed")
    rows[place] = rows[place]._replace(body=json.dumps(json.loads(rows[place].body) | {"why": odd}))
    event = AdverseEventReported(term=odd, grade=1, serious=False, onset_on=day(2))
    rows.append(rows[-1]._replace(seq=len(rows) + 1, kind=event.kind, body=event.model_dump_json()))
    found = record_of(whole.head.stream, rows)
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(dossier_pdf(found, made(found)))).pages)
    assert "<b>&" in text
    assert "[U+20BB7]" in text
    assert text.count("风") > 4000
    assert b"\\u0007" in dossier_json(found, made(found))


def test_a_file_that_is_no_font_is_refused() -> None:
    """What would be accepted is named."""
    found = record("screen-failure")
    with pytest.raises(UnusableFont, match="accepted: a TrueType font file"):
        dossier_pdf(found, made(found), __file__)


def test_each_fact_shows_its_hash_where_the_journal_keeps_a_chain() -> None:
    """Its own in its line; that of the last one is the head's."""
    whole = record("screen-failure")
    rows = [told.stored for told in whole.told]
    chained = record_of(whole.head.stream, rows, {row.seq: f"hash{row.seq}" for row in rows})
    assert chained.head.hash == f"hash{len(rows)}"
    facts = json.loads(dossier_json(chained, made(chained)))["facts"]
    assert [fact["hash"] for fact in facts] == [f"hash{row.seq}" for row in rows]
