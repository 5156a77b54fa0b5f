"""What a laboratory's server is asked, and what is made of its answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.adapters.fhir_server import CODES
from activities.ports import LaboratoryUnfit
from domain.analytes import BY_LOINC, NEVER_USED
from tests.laboratory.asking import NOW, ago, fetched, values
from tests.laboratory.conftest import Opens
from tests.laboratory.hostile import LOINC, SYSTEM, Hostile, Question, observation, searchset

CAPABLE = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}


def gives(*observations: dict[str, Any]) -> Callable[[Question], None]:
    """Answer every search with these."""
    return lambda question: question.say(searchset(*observations))


def test_what_is_asked(opened: Opens, hostile: Hostile) -> None:
    """Whose, which codes, since when and how many at once; in JSON, uncompressed, and nothing passed over."""
    since = datetime(2025, 6, 1, 1, tzinfo=UTC).astimezone()
    opened(identifier_system="urn:o,dd|system").results("S001", since)

    (question,) = hostile.asked
    assert question.path.startswith("/fhir/Observation?")
    assert question.query == {
        "subject.identifier": "urn:o\\,dd\\|system|S001",
        "code": ",".join(f"{LOINC}|{code}" for code in CODES),
        "_count": "100",
        "date": "ge2025-06-01",
    }
    assert len(question.path) < 4000
    assert {name: question.headers[name] for name in ("Accept", "Accept-Encoding", "Prefer")} == {
        "Accept": "application/fhir+json",
        "Accept-Encoding": "identity",
        "Prefer": "handling=strict",
    }
    assert question.headers["Authorization"] is None
    assert set(CODES) == {*BY_LOINC, *NEVER_USED}


@pytest.mark.parametrize(
    "search", ["subject.identifier", "subject:Patient.identifier", "patient.identifier", "subject:identifier"]
)
def test_how_it_is_searched_is_a_setting(opened: Opens, hostile: Hostile, search: str) -> None:
    """Servers differ in what they index."""
    opened(search=search).results("S001")
    assert hostile.asked[0].query[search] == f"{SYSTEM}|S001"


def test_a_renewed_token_counts_at_once(opened: Opens, hostile: Hostile, tmp_path: Path) -> None:
    """The file is read when results are asked for; one that became empty or went is told."""
    file = tmp_path / "token"
    file.write_text("first")
    laboratory = opened(token_file=file)
    laboratory.results("S001")
    file.write_text("second\n")
    laboratory.results("S001")

    assert [question.headers["Authorization"] for question in hostile.asked] == ["Bearer first", "Bearer second"]
    for text in ("", "two words"):
        file.write_text(text)
        with pytest.raises(LaboratoryUnfit, match="must hold one bearer token"):
            laboratory.results("S001")
    file.unlink()
    assert "cannot be read" in laboratory.check()


def test_pages_are_followed_to_the_end(opened: Opens, hostile: Hostile) -> None:
    """By absolute and relative links, with the token on each."""
    pages = {
        "": searchset(observation("o1"), following=f"{hostile.url}/Observation?page=2"),
        "2": searchset(observation("o2"), following="?page=3"),
        "3": searchset(observation("o3"), following=f"{hostile.url}?_getpages=4&page=4"),
        "4": searchset(observation("o4")),
    }
    hostile.answer = lambda question: question.say(pages[question.query.get("page", "")])

    assert [row.observation for row in opened().results("S001")] == ["o1", "o2", "o3", "o4"]


def test_no_digit_is_lost(opened: Opens, hostile: Hostile) -> None:
    """A number stays as it was written."""
    hostile.answer = lambda question: question.say(
        b'{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Observation","status":"final",'
        b'"subject":{"identifier":{"system":"urn:trialpath:subject","value":"S001"}},"effectiveInstant":'
        b'"2025-07-01T08:00:00.5+08:00","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},'
        b'"valueQuantity":{"value":13.500000000000000000010,"system":"http://unitsofmeasure.org","code":"g/dL"}}}]}'
    )
    (found,) = opened().results("S001")
    assert (found.value, found.unit, found.observation) == ("13.500000000000000000010", "g/dL", "")


def test_of_one_result_the_version_stored_last_counts(opened: Opens, hostile: Hostile) -> None:
    """By instant, then by number, whatever the order; without either the last one given."""
    early, late = "2025-07-01T09:00:00Z", "2025-07-01T17:00:00.123+01:00"
    hostile.answer = gives(
        observation("a", status="corrected", meta={"lastUpdated": late, "versionId": "2"}),
        observation("a", meta={"lastUpdated": early, "versionId": "1"}),
        observation("b", status="corrected", meta={"versionId": "10"}),
        observation("b", meta={"versionId": "9"}),
        observation("c", status="preliminary"),
        observation("c", meta={}),
        observation("d", status="corrected", meta={"lastUpdated": late}),
        observation("d", meta={"lastUpdated": 7, "versionId": "x"}),
    )
    found = opened().results("S001")
    assert [(row.observation, row.status, row.document) for row in found] == [
        ("a", "corrected", "Observation/a/_history/2"),
        ("b", "corrected", "Observation/b/_history/10"),
        ("c", "final", "Observation/c"),
        ("d", "corrected", "Observation/d"),
    ]


def test_what_was_not_asked_for_and_what_cannot_be_read_is_left_out(opened: Opens, hostile: Hostile) -> None:
    """The rest of the answer counts."""
    hostile.answer = lambda question: question.say(
        searchset(
            None,
            {"resourceType": "Device"},
            {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]},
            {"resourceType": "OperationOutcome", "issue": 7},
            observation("a", effectiveDateTime="2025-07-01"),
            observation("b", code={"coding": [{"system": LOINC, "code": "72166-2"}]}),
            observation("c", valueQuantity=None),
            observation("d"),
        )
    )
    assert [row.observation for row in opened().results("S001")] == ["d"]


def test_a_result_dated_in_the_future_is_not_used(opened: Opens, hostile: Hostile) -> None:
    """It is no answer to an order, and is in none."""
    hostile.answer = gives(observation("a", effectiveDateTime=ago(days=-1)))
    with pytest.raises(ApplicationError, match="not there yet"):
        fetched(opened())

    hostile.answer = gives(
        observation("a", effectiveDateTime=ago(days=-1)), observation("b", effectiveDateTime=ago(hours=1))
    )
    assert values(fetched(opened())) == [("final", "13.5")]


def test_a_preliminary_result_is_no_answer_until_it_is_final(opened: Opens, hostile: Hostile) -> None:
    """The same result in its next version completes the order."""
    hostile.answer = gives(observation("a", effectiveDateTime=ago(days=1), status="preliminary"))
    with pytest.raises(ApplicationError, match="not there yet"):
        fetched(opened())

    hostile.answer = gives(observation("a", effectiveDateTime=ago(days=1), status="corrected"))
    assert values(fetched(opened())) == [("corrected", "13.5")]


def test_later_reports_of_earlier_samples_come_with_the_next_order(opened: Opens, hostile: Hostile) -> None:
    """Corrected and withdrawn ones, asked for three years back; an old final one is not brought again."""
    hostile.answer = gives(
        observation("a", effectiveDateTime=ago(days=30)),
        observation("b", effectiveDateTime=ago(days=40), status="corrected"),
        observation("c", effectiveDateTime=ago(days=50), status="entered-in-error", valueQuantity=None),
        observation("d", effectiveDateTime=ago(days=1)),
    )
    assert values(fetched(opened())) == [("corrected", "13.5"), ("entered-in-error", "no value"), ("final", "13.5")]
    assert hostile.asked[0].query["date"] == f"ge{(NOW - timedelta(days=2 + 3 * 366)).date()}"


@pytest.mark.parametrize(
    ("status", "headers", "kind", "pause"),
    [
        (503, {}, "LaboratoryAway", None),
        (429, {"Retry_After": "90"}, "LaboratoryAway", timedelta(seconds=90)),
        (403, {}, "LaboratoryUnfit", timedelta(minutes=10)),
    ],
)
def test_trouble_is_tried_again_by_temporal(
    opened: Opens, hostile: Hostile, status: int, headers: dict[str, str], kind: str, pause: timedelta | None
) -> None:
    """As the laboratory asks, slowly while it must be mended, else as the retry policy has it: no history grows."""
    hostile.answer = lambda question: question.say({}, status, **headers)

    with pytest.raises(ApplicationError) as raised:
        fetched(opened())

    assert (raised.value.type, raised.value.next_retry_delay, raised.value.non_retryable) == (kind, pause, False)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(("hours", "ends"), [(-5, "still asked"), (-6, "given up"), (-7, "given up")])
def test_a_laboratory_away_for_good_ends_the_order_without_results(
    opened: Opens, hostile: Hostile, hours: int, ends: str
) -> None:
    """Six hours after the order was to be given up a person has to know."""
    hostile.answer = lambda question: question.say({}, 503)

    if ends == "still asked":
        with pytest.raises(ApplicationError, match="answers 503"):
            fetched(opened(), gives_up_in=timedelta(hours=hours))
    else:
        outcome = fetched(opened(), gives_up_in=timedelta(hours=hours))
        assert outcome.fields == {"order": 1, "results": [], "complete": False}


@pytest.mark.parametrize(
    ("capability", "words"),
    [
        (CAPABLE, ""),
        (CAPABLE | {"fhirVersion": "4.3.0"}, ""),
        (CAPABLE | {"fhirVersion": "3.0.2"}, "does not say that it speaks FHIR R4"),
        (CAPABLE | {"fhirVersion": "5.0.0"}, "does not say that it speaks FHIR R4"),
        ({"resourceType": "Patient"}, "does not say that it speaks FHIR R4"),
    ],
)
def test_a_check_looks_at_the_servers_version(
    opened: Opens, hostile: Hostile, capability: dict[str, str], words: str
) -> None:
    """FHIR R4 it must be, or R4B."""
    hostile.answer = lambda question: question.say(capability if "metadata" in question.path else searchset())
    found = opened().check()
    assert words in found
    assert bool(words) == bool(found)


def test_a_check_finds_what_the_open_part_of_a_server_hides(opened: Opens, hostile: Hostile) -> None:
    """Metadata may be open to all: a token that is refused, and a search that gives everybody's results, show too."""
    hostile.answer = lambda question: question.say(
        CAPABLE if "metadata" in question.path else {}, 200 if "metadata" in question.path else 401
    )
    assert "401" in opened().check()

    hostile.answer = lambda question: question.say(CAPABLE if "metadata" in question.path else searchset(observation()))
    assert "not certainly of TRIALPATH-CHECK" in opened().check()
