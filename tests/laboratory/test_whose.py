"""A result counts only when it is certainly the subject's own: one that is not, and nothing of the answer is used."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from activities.ports import LaboratoryUnfit
from tests.laboratory.conftest import Opens
from tests.laboratory.hostile import NAME, SYSTEM, Hostile, Question, observation, patient, searchset

OURS: dict[str, Any] = {"identifier": {"system": SYSTEM, "value": "S001"}}
OTHERS: dict[str, Any] = {"identifier": {"system": SYSTEM, "value": "S002"}}
CERTAIN: dict[str, dict[str, Any]] = {
    "by identifier": OURS,
    "by a Patient of the answer": {"reference": "Patient/p1"},
    "by a version of him": {"reference": "Patient/p1/_history/3"},
    "by an address of the bundle": {"reference": "urn:uuid:1"},
    "by a Patient within": {"reference": "#me"},
    "by a Patient who is read": {"reference": "Patient/p7"},
    "by the hospital's number and a reference": {
        "identifier": {"system": "urn:hospital", "value": "9"},
        "reference": "Patient/p1",
    },
    "by both": OURS | {"reference": "Patient/p1"},
    "by identifier, with a reference to elsewhere": OURS | {"reference": "http://other.invalid/Patient/1"},
}
UNCERTAIN: dict[str, object] = {
    "another number": OTHERS,
    "a number that begins alike": {"identifier": {"system": SYSTEM, "value": "S0011"}},
    "the number of another system": {"identifier": {"system": "urn:hospital", "value": "S001"}},
    "another Patient of the answer": {"reference": "Patient/p2"},
    "another Patient who is read": {"reference": "Patient/p8"},
    "a Patient who is not who was asked for": {"reference": "Patient/p9"},
    "another Patient within": {"reference": "#other"},
    "nobody within": {"reference": "#gone"},
    "a contradiction": OURS | {"reference": "Patient/p2"},
    "the other contradiction": OTHERS | {"reference": "Patient/p1"},
    "a group": {"reference": "Group/g1"},
    "an address of nothing": {"reference": "urn:uuid:9"},
    "a path": {"reference": "Patient/../Observation/o1"},
    "words": {"display": NAME},
    "nothing": {},
    "a list": [OURS],
    "a list of identifiers": {"identifier": [OURS["identifier"]]},
}


def answering(*observations: dict[str, Any]) -> Any:
    """Answer a search with these and two Patients, and give Patients by id."""

    def answer(question: Question) -> None:
        path = question.path.partition("?")[0]
        known = {
            "/fhir/Patient/p7": patient("S001", "p7"),
            "/fhir/Patient/p8": patient("S002", "p8"),
            "/fhir/Patient/p9": patient("S001", "p1"),
        }
        page = searchset(patient(), patient("S002", "p2"), *observations)
        page["entry"] += [{"fullUrl": "urn:uuid:1", "resource": patient("S001", "p3")}]  # type: ignore[operator]
        question.say(
            page if path == "/fhir/Observation" else known.get(path, {}), 200 if path in known or page else 404
        )

    return answer


def of(subject: object) -> dict[str, Any]:
    """Give an Observation of whom a subject says, with two Patients within."""
    contained = [patient("S001", "me"), patient("S002", "other")]
    return observation("o2", subject, contained=contained)


@pytest.mark.parametrize("how", CERTAIN)
def test_whose_a_result_is_may_be_said_in_several_ways(opened: Opens, hostile: Hostile, how: str) -> None:
    """By the number itself, or by a Patient who carries it, in the answer or read from the same server."""
    hostile.answer = answering(observation(), of(CERTAIN[how]))

    found = opened().results("S001")

    assert [row.observation for row in found] == ["o1", "o2"]


@pytest.mark.parametrize("how", UNCERTAIN)
def test_a_result_of_anybody_else_spoils_the_answer(
    opened: Opens, hostile: Hostile, capfd: pytest.CaptureFixture[str], how: str
) -> None:
    """It is never used, the fetch fails, and the log counts it without saying whose it is."""
    hostile.answer = answering(observation(), of(UNCERTAIN[how]))

    with pytest.raises(LaboratoryUnfit, match="1 of 2 results given for S001 are not certainly of S001; none is used"):
        opened().results("S001")

    said = "".join(capfd.readouterr())
    assert "lab.other_subject" in said
    assert not any(word in said for word in (NAME, "S002", "S0011", "p2", "p8"))


def test_no_more_of_a_patient_is_read_than_his_identifiers(opened: Opens, hostile: Hostile) -> None:
    """And each is read once."""
    whose = {"reference": "Patient/p7"}
    hostile.answer = answering(observation("o1", whose), observation("o2", whose))

    assert len(opened().results("S001")) == 2

    assert [question.path for question in hostile.asked[1:]] == ["/fhir/Patient/p7?_elements=identifier"]


def test_a_patient_who_cannot_be_read_is_told(opened: Opens, hostile: Hostile) -> None:
    """Without him it is not known whose the result is."""

    def answer(question: Question) -> None:
        found = question.path.startswith("/fhir/Observation")
        question.say(
            searchset(observation(subject={"reference": "Patient/p1"})) if found else {}, 200 if found else 403
        )

    hostile.answer = answer
    with pytest.raises(LaboratoryUnfit, match="Patient cannot be read: the laboratory's server answers 403"):
        opened().results("S001")


def test_not_everybody_is_looked_up(opened: Opens, hostile: Hostile) -> None:
    """An answer with everybody's results makes a few questions, not a thousand."""
    everybody = [observation(f"o{number}", {"reference": f"Patient/q{number}"}) for number in range(40)]

    def answer(question: Question) -> None:
        path = question.path.partition("?")[0]
        question.say(searchset(*everybody) if path == "/fhir/Observation" else patient("S009", path.rpartition("/")[2]))

    hostile.answer = answer
    with pytest.raises(LaboratoryUnfit, match="40 of 40 results"):
        opened().results("S001")
    assert len(hostile.asked) == 6


def test_in_two_steps_the_patient_comes_first(opened: Opens, hostile: Hostile) -> None:
    """For servers that cannot search by a Patient's identifier."""

    def answer(question: Question) -> None:
        mine = question.path.startswith("/fhir/Patient")
        question.say(searchset(patient()) if mine else searchset(observation(subject={"reference": "Patient/p1"})))

    hostile.answer = answer
    assert [row.observation for row in opened(search="patient").results("S001")] == ["o1"]

    first, second = hostile.asked
    assert first.query == {"identifier": f"{SYSTEM}|S001", "_elements": "identifier"}
    assert (second.query["patient"], "subject.identifier" in second.query) == ("p1", False)


@pytest.mark.parametrize(
    ("patients", "words"),
    [([patient(), patient("S001", "p2")], "2 Patients carry one subject number"),
     ([patient("S002")], "do not carry the number")],
)  # fmt: skip
def test_in_two_steps_there_must_be_one_patient(
    opened: Opens, hostile: Hostile, patients: list[dict[str, Any]], words: str
) -> None:
    """Of several, and of a wrong one, nothing is asked."""
    hostile.answer = lambda question: question.say(searchset(*patients))

    with pytest.raises(LaboratoryUnfit, match=words):
        opened(search="patient").results("S001")

    assert len(hostile.asked) == 1


def test_in_two_steps_nobody_has_no_results(opened: Opens, hostile: Hostile) -> None:
    """A subject the laboratory does not know yet is no trouble."""
    assert opened(search="patient").results("S001") == []
    assert len(hostile.asked) == 1


ASKS = """
import sys
from activities.adapters.fhir_access import Access
from activities.adapters.fhir_server import FhirServer
from observability import configure
configure("DEBUG")
print(len(FhirServer(Access(sys.argv[1], search="patient")).results("S001")))
"""


def test_no_log_tells_which_patient_was_asked_for(hostile: Hostile) -> None:
    """The addresses hold the hospital's ids of patients: the HTTP library does not log them, whatever the level."""
    found = observation(subject={"reference": "Patient/p1"})
    hostile.answer = lambda question: question.say(searchset(patient() if "/Patient?" in question.path else found))

    ended = subprocess.run(
        [sys.executable, "-c", ASKS, hostile.url],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    assert ended.stdout == "1\n"
    assert "patient=p1" in hostile.asked[1].path
    assert "p1" not in ended.stderr
    assert hostile.url not in ended.stderr
