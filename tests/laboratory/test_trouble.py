"""Whatever the laboratory's server does, a fetch ends in time, and what passes is told from what must be mended."""

import gzip
import itertools
import json
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from activities.adapters import fhir_http
from activities.ports import LaboratoryAway, LaboratoryTrouble, LaboratoryUnfit
from tests.laboratory.conftest import Opens
from tests.laboratory.hostile import FHIR, NAME, Hostile, Question, observation, searchset, serving

TOKEN = "secret-token-4711"  # noqa: S105 - an example that must turn up nowhere
Answer = Callable[[Question], None]
SAID = {"resourceType": "OperationOutcome", "issue": [
    {"severity": "error", "code": "forbidden", "diagnostics": f"{NAME} {TOKEN}", "details": {"text": NAME}},
    {"severity": "error", "code": NAME},
]}  # fmt: skip


def slow(question: Question) -> None:
    """Never answer."""
    question.server.over.wait(20)


def dripping_head(question: Question) -> None:
    """Send headers for ever, each in time."""
    question.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not question.server.over.wait(0.2):
        question.wfile.write(b"X-A: b\r\n")


def dripping_body(question: Question) -> None:
    """Send a body for ever, each byte in time."""
    question.head(200, {"Content_Type": FHIR})
    while not question.server.over.wait(0.2):
        question.wfile.write(b" ")


def cut_short(question: Question) -> None:
    """Promise more than is sent."""
    question.say(searchset(observation()), Content_Length="100000")


def hanging_up(question: Question) -> None:
    """Close without a word."""
    question.connection.shutdown(socket.SHUT_RDWR)


def gibberish(question: Question) -> None:
    """Speak no HTTP."""
    question.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")


def status(number: int, **headers: str) -> Answer:
    """Answer with a status, and with words that must not be repeated."""
    return lambda question: question.say(SAID, number, **headers)


def body(raw: object, **headers: str) -> Answer:
    """Answer with a body."""
    return lambda question: question.say(raw, 200, **headers)


PASSING: dict[str, Answer] = {
    "slow": slow, "dripping headers": dripping_head, "dripping body": dripping_body, "cut short": cut_short,
    "hanging up": hanging_up, "gibberish": gibberish,
    **{str(number): status(number) for number in (408, 425, 429, 500, 502, 503, 504)},
}  # fmt: skip
UNFIT: dict[str, tuple[Answer, str]] = {
    "400": (status(400), "TRIALPATH_LAB_SEARCH"),
    "401": (status(401), "renew TRIALPATH_LAB_TOKEN_FILE"),
    "403": (status(403), r"403 \(forbidden\): it knows who asks"),
    "404": (status(404), "TRIALPATH_LAB_URL must be the base"),
    "406": (status(406), "JSON is needed"),
    "409": (status(409), "gives no results"),
    "204": (status(204), "gives no results"),
    "410 with a huge body": (lambda question: question.say(b" " * 100_000, 410), "410: it gives no results"),
    "html": (body(b"<html>log in</html>", Content_Type="text/html; charset=utf-8"), "in text/html"),
    "a type of odd words": (body(b"{}", Content_Type=NAME), "in something else"),
    "no type": (body(b"{}", Content_Type=""), "in something else"),
    "compressed": (body(gzip.compress(b"{}"), Content_Encoding="gzip"), "compressed"),
    "truncated": (body(json.dumps(searchset(observation())).encode()[:-9]), "cut short"),
    "empty": (body(b""), "cut short"),
    "not UTF-8": (body(b'{"a": "\xff\xfe"}'), "cut short"),
    "too deep": (body(b"[" * 200_000), "cut short"),
    "a number beyond numbers": (body(b'{"a": 1e99999999999999999999}'), "cut short"),
    "not a number": (body(b'{"a": NaN}'), "cut short"),
    "a list": (body([]), "no FHIR resource"),
    "another resource": (body({"resourceType": "Patient"}), "no Bundle of a search"),
    "another bundle": (body(searchset(type="collection")), "no Bundle of a search"),
    "no entries": (body(searchset(entry={"a": 1})), "no Bundle of a search"),
    "an error within": (body(searchset(SAID)), "not whole"),
    "odd links": (body(searchset(link=7)), "cannot be read"),
    "an odd next": (body(searchset(following="http://[::1")), "cannot be read"),
}


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """A file with a token."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    return tmp_path / "token"


def trouble(opened: Opens, token: Path, capfd: pytest.CaptureFixture[str], url: str = "") -> LaboratoryTrouble:
    """Ask, and give what it ends in; neither message nor log holds a secret or a person's data."""
    begun = time.monotonic()
    with pytest.raises(LaboratoryTrouble) as raised:
        opened(url, token_file=token).results("S001")
    assert time.monotonic() - begun < 6
    said = f"{raised.value} {''.join(capfd.readouterr())}"
    assert "lab.trouble" in said
    assert NAME not in said
    assert TOKEN not in said
    assert raised.value.__cause__ is None
    return raised.value


@pytest.mark.parametrize("what", PASSING)
def test_what_passes_is_told_apart(
    opened: Opens, hostile: Hostile, token: Path, capfd: pytest.CaptureFixture[str], what: str
) -> None:
    """Time-outs of every kind, a broken connection, 408, 429 and 5xx: asked again as it comes."""
    hostile.answer = PASSING[what]

    found = trouble(opened, token, capfd)

    assert isinstance(found, LaboratoryAway)
    assert isinstance(found, OSError)
    assert found.pause is None


@pytest.mark.parametrize("what", UNFIT)
def test_what_must_be_mended_says_how(
    opened: Opens, hostile: Hostile, token: Path, capfd: pytest.CaptureFixture[str], what: str
) -> None:
    """A wrong address, token, format or shape does not pass by itself; the sentence names what to look at."""
    hostile.answer, words = UNFIT[what]

    found = trouble(opened, token, capfd)

    assert isinstance(found, LaboratoryUnfit)
    with pytest.raises(LaboratoryUnfit, match=words):
        raise found


def test_without_a_token_401_asks_for_one(opened: Opens, hostile: Hostile) -> None:
    """The sentence is about what is not set yet."""
    hostile.answer = status(401)
    with pytest.raises(LaboratoryUnfit, match="asks who we are; set TRIALPATH_LAB_TOKEN_FILE"):
        opened().results("S001")


def test_a_server_that_is_not_there_passes(opened: Opens, token: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Connection refused, and a name nobody knows."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert isinstance(trouble(opened, token, capfd, url=f"http://127.0.0.1:{port}/fhir"), LaboratoryAway)
    with pytest.raises(LaboratoryAway, match="cannot be reached"):
        opened("http://nobody.invalid/fhir").results("S001")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7), ("0", None), ("-5", None), ("soon", None), ("", None), ("999999999", 3600), ("9" * 40, None),
     ("7.5", None), ("Mon, 01 Jan 2001 00:00:00 GMT", None), ("Mon, 01 Jan 2301 00:00:00 GMT", 3600)],
)  # fmt: skip
@pytest.mark.parametrize("number", [429, 503])
def test_retry_after_is_honoured_within_reason(
    opened: Opens, hostile: Hostile, number: int, said: str, seconds: int | None
) -> None:
    """Seconds or an instant, an hour at most; what cannot be read counts for nothing."""
    hostile.answer = status(number, Retry_After=said)

    with pytest.raises(LaboratoryAway) as raised:
        opened().results("S001")

    assert raised.value.pause == (None if seconds is None else timedelta(seconds=seconds))


def test_retry_after_as_an_instant_is_counted_from_now(opened: Opens, hostile: Hostile) -> None:
    """Ten minutes from now is a pause of ten minutes."""
    until = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    hostile.answer = status(429, Retry_After=until)

    with pytest.raises(LaboratoryAway) as raised:
        opened().results("S001")

    assert raised.value.pause is not None
    assert timedelta(minutes=9, seconds=50) < raised.value.pause <= timedelta(minutes=10)


def test_an_endless_answer_is_cut(opened: Opens, hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body without an end costs bounded memory, over all pages together."""
    monkeypatch.setattr(fhir_http, "MOST_BYTES", 300_000)

    def pours(question: Question) -> None:
        question.head(200, {"Content_Type": FHIR})
        while not question.server.over.is_set():
            question.wfile.write(b" " * 65_536)

    hostile.answer = pours
    with pytest.raises(LaboratoryUnfit, match="larger than"):
        opened().results("S001")

    pages = itertools.count()
    hostile.answer = lambda question: question.say(
        searchset(following=f"{hostile.url}/Observation?page={next(pages)}", text=" " * 65_536)
    )
    with pytest.raises(LaboratoryUnfit, match="larger than"):
        opened().results("S001")
    assert next(pages) == 5


@pytest.mark.parametrize("where", ["?page={}", "/Observation?always"])
def test_endless_paging_ends(opened: Opens, hostile: Hostile, where: str) -> None:
    """A page that leads to itself, and pages without an end."""
    pages = itertools.count()
    hostile.answer = lambda question: question.say(searchset(following=hostile.url + where.format(next(pages))))

    with pytest.raises(LaboratoryUnfit, match="does not end within 50 pages"):
        opened().results("S001")

    assert next(pages) in {2, 50}


@pytest.mark.parametrize("way", ["redirect", "next", "reference"])
def test_another_host_is_never_asked(opened: Opens, hostile: Hostile, token: Path, way: str) -> None:
    """Neither by a redirect nor by a link: the token stays where it belongs."""
    with serving() as elsewhere:
        answers: dict[str, Answer] = {
            "redirect": status(302, Location=f"{elsewhere.url}/Observation"),
            "next": body(searchset(following=f"{elsewhere.url}/Observation?page=2")),
            "reference": body(searchset(observation(subject={"reference": f"{elsewhere.url}/Patient/p1"}))),
        }
        hostile.answer = answers[way]
        words = {"redirect": "final address", "next": "hapi.fhir.server_address", "reference": "not certainly of S001"}

        with pytest.raises(LaboratoryUnfit, match=words[way]):
            opened(token_file=token).results("S001")

        assert elsewhere.asked == []
        assert len(hostile.asked) == 1


@pytest.mark.parametrize(
    "following", ["//other.invalid/fhir/Observation", "/other/Observation", "/fhirs/Observation", "../../x",
                  "http://a@127.0.0.1/fhir/x", "https://127.0.0.1/fhir/x", "file:///etc/passwd", "/fhir/%2e%2e/x"],
)  # fmt: skip
def test_a_next_page_off_the_base_is_refused(opened: Opens, hostile: Hostile, following: str) -> None:
    """Another port, scheme, user, or path of the same host is not the laboratory either."""
    hostile.answer = body(searchset(following=following))

    with pytest.raises(LaboratoryUnfit, match="on another host or path"):
        opened().results("S001")

    assert len(hostile.asked) == 1
