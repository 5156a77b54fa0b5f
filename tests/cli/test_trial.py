"""`starter.py trial` and `starter.py due`: figures of a journal whose subjects are known."""

import json
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from domain.decider import TRIAL, patient_stream, trial_stream
from domain.trial import facts as t
from journal.store import Journal
from tests.cli.here import Here, here
from tests.given import TRIAL_ID, day, noon
from tests.streams import journal_of, keep, stored_stream

__all__ = ["here"]
SUBJECTS = {
    "S001": "completed",
    "S002": "completed-COHORT_2",
    "S003": "detours",
    "S004": "screen-failure",
    "S005": "pregnant-in-screening",
    "S006": "withdrawn-in-screening",
    "S007": "lost",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a journal of seven subjects, all enrolled on 2025-06-02, the day of the opening."""
    folder = tmp_path_factory.mktemp("data")
    journal_of(f"sqlite:///{folder / 'journal.db'}", SUBJECTS).close()
    return folder


def shown(here: Here, data: Path, options: str = "") -> dict[str, Any]:
    """Give what `trial --json` says."""
    done = here(data, f"trial --json {options}")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_figures_are_those_of_the_subjects(here: Here, data: Path) -> None:
    """Four randomized on day 3 (T1), two screen failures by I2 and E25, one left screening; nine deviations of S003."""
    found = shown(here, data)
    assert (found["trial"], found["randomized"], found["enrolment"], found["dosing"]) == (TRIAL_ID, 4, "open", "on")
    assert found["randomizations"] == [{"on": str(day(3)), "randomized": 4}]
    assert found["arms"] == [
        {"arm": "COHORT_1", "randomized": 3, "cap": 33},
        {"arm": "COHORT_2", "randomized": 1, "cap": 33},
    ]
    assert found["screening"] == {
        "screened": 7,
        "in_screening": 0,
        "randomized": 4,
        "screen_failures": 2,
        "left_otherwise": 1,
        "failed_by": {"I2": 1, "E25": 1},
    }
    assert {name: count for name, count in found["phases"].items() if count} == {
        "COMPLETED": 3,
        "LOST_TO_FOLLOW_UP": 1,
        "SCREEN_FAILURE": 2,
        "WITHDRAWAL": 1,
    }
    assert [tuple(row.values()) for row in found["deviations"]] == [
        ("T2", 2, 0, 1),
        ("T2.1", 2, 0, 1),
        ("E23", 1, 1, 1),
        ("T10", 1, 1, 1),
        ("T12", 1, 1, 1),
        ("T2.2", 1, 0, 1),
        ("T4.1", 1, 0, 1),
    ]
    assert found["holds"] == []


def test_the_plan_is_the_straight_line_to_the_last_possible_first_dose(here: Here, data: Path) -> None:
    """66 (T1) from the opening on 2025-06-02 to 2026-10-05 (T7), 490 days: a day is 66/490 of a subject."""
    found = shown(here, data, "--as-of 2025-07-20")
    assert found["plan"] == {
        "opened_on": "2025-06-02",
        "last_first_dose_on": "2026-10-05",
        "target": 66,
        "rules": ["T1", "T7"],
    }
    assert (found["today"], found["planned_today"]) == ("2025-07-20", 6.5)
    curve = [tuple(point.values()) for point in found["curve"]]
    assert curve[:4] == [
        ("2025-06-02", 0.0, 0),
        ("2025-06-30", 3.8, 4),
        ("2025-07-20", 6.5, 4),
        ("2025-07-31", 7.9, None),
    ]
    assert curve[-2:] == [("2026-09-30", 65.3, None), ("2026-10-05", 66.0, None)]
    assert len(curve) == 2 + 1 + 16


def test_after_the_last_possible_first_dose_the_plan_stays(here: Here, data: Path) -> None:
    """The day before it is below 66, that day and the day after are 66; the curve then goes on to that day."""
    planned = {on: shown(here, data, f"--as-of {on}") for on in ("2026-10-04", "2026-10-05", "2026-10-06")}
    assert [found["planned_today"] for found in planned.values()] == [65.9, 66.0, 66.0]
    assert [found["curve"][-1]["on"] for found in planned.values()] == ["2026-10-05", "2026-10-05", "2026-10-06"]


def test_as_of_a_date_everybody_is_where_they_were(here: Here, data: Path) -> None:
    """On day 2 seven in screening, on day 3 four are randomized; on day 20 two have failed screening."""
    before, randomized, later = (shown(here, data, f"--as-of {day(number)}") for number in (2, 3, 20))
    assert (before["screening"]["in_screening"], before["screening"]["failed_by"]) == (7, {})
    assert (before["phases"]["SCREENING"], before["phases"]["NEOADJUVANT"], before["randomized"]) == (7, 0, 0)
    assert (randomized["phases"]["SCREENING"], randomized["phases"]["NEOADJUVANT"]) == (3, 4)
    assert later["phases"]["NEOADJUVANT"] == 4
    assert later["screening"]["failed_by"] == {"I2": 1, "E25": 1}


@pytest.mark.parametrize(
    ("number", "held", "discontinued"),
    [(11, None, None), (12, "ETOPOSIDE", None), (13, None, None), (14, None, "CISPLATIN")],
)
def test_a_drug_on_hold_is_shown_while_it_is(
    here: Here, data: Path, number: int, held: str | None, discontinued: str | None
) -> None:
    """S003: etoposide is held on day 12 and resumed on day 13, cisplatin is discontinued on day 14."""
    row = {"subject": "S003", "site": "TDH", "dosing_stopped": False}
    expected = [row | {"drugs_held": held, "drugs_discontinued": discontinued}] if held or discontinued else []
    assert shown(here, data, f"--as-of {day(number)}")["holds"] == expected


def test_a_hold_ends_with_treatment(here: Here, data: Path) -> None:
    """Treatment of S003 ended on day 50, after R1: the day before cisplatin is discontinued, then nothing is held."""
    before, after = (shown(here, data, f"--as-of {day(number)}")["holds"] for number in (49, 50))
    assert [row["drugs_discontinued"] for row in before] == ["CISPLATIN"]
    assert after == []


def test_what_is_overdue_is_what_the_work_list_says(here: Here, data: Path) -> None:
    """The same acts, counted by subject and command, and the oldest five in the same order."""
    late = [row for row in json.loads(here(data, "due --json").stdout)["due"] if row["overdue"]]
    found = shown(here, data)["overdue"]
    assert (found["acts"], found["subjects"]) == (len(late), len({row["subject"] for row in late}))
    assert found["oldest"] == late[:5]
    assert len(late) > 5
    assert sum(found["commands"].values()) == len(late)


def test_the_terminal_shows_curve_and_tables(here: Here, data: Path) -> None:
    """What the plan is, the bars, and each table."""
    done = here(data, "trial --as-of 2025-07-20")
    assert (done.returncode, done.stderr) == (0, "")
    assert "NCT06978153 on 2025-07-20: 4 of 66 randomized, 6.5 planned by now; enrolment open, dosing on" in done.stdout
    assert "to 66 (T1) on 2026-10-05, the last possible C1D1 (T7)." in " ".join(done.stdout.split())
    lines = done.stdout.splitlines()
    assert "██ │" in next(line for line in lines if "2025-07-20 (today)" in line)
    assert "18" not in next(line for line in lines if "COHORT_1" in line)
    assert "3/33" in next(line for line in lines if "COHORT_1" in line)
    assert "deviations: 9, 3 of them important" in done.stdout
    assert "CISPLATIN" in next(line for line in lines if line.startswith("│ S003"))


class Tags(HTMLParser):
    """The tags of a page, its addresses, and its words."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str | None] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep tag and addresses."""
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action", "data")]

    def handle_data(self, data: str) -> None:
        """Keep words."""
        self.words += data.split()


def test_the_page_is_one_file_that_loads_nothing(here: Here, data: Path, tmp_path: Path) -> None:
    """A curve and tables; no script, no address, no birth date, and what it was made from."""
    done = here(data, f"trial --html {tmp_path / 'trial.html'}")
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "trial.html").read_text(encoding="utf-8")
    page = Tags(text)
    assert {"svg", "polyline", "table", "details"} <= set(page.tags)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert page.addresses == []
    assert "1960-02-03" not in text
    assert {"COHORT_1", "E25", "S003", f"trial-{TRIAL_ID},"} <= set(page.words)
    assert "url(" not in text
    assert "@import" not in text


def test_a_page_that_is_there_stays_unless_forced(here: Here, data: Path, tmp_path: Path) -> None:
    """Exit code 3, and --force overwrites."""
    page = tmp_path / "trial.html"
    page.write_text("mine")
    done = here(data, f"trial --html {page}")
    assert (done.returncode, page.read_text()) == (3, "mine")
    assert "is there already; accepted: another --html, or --force" in done.stderr
    assert here(data, f"trial --html {page} --force").returncode == 0
    assert page.read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("trial --as-of 2025-02-30", "--as-of '2025-02-30' is not a date; accepted: a date like 2025-09-01"),
        ("trial --as-of 2025-06-01", "is before the trial was opened; accepted: a date from 2025-06-02 to "),
        ("trial --as-of 2199-01-01", "lies in the future; accepted: a date from 2025-06-02 to "),
        ("due --role NURSE", "--role 'NURSE': there is no such role; accepted: COORDINATOR, INVESTIGATOR, MONITOR, "),
        ("due --site XYZ", "--site 'XYZ': there is no such site; accepted: TDH"),
    ],
)
def test_a_question_there_is_no_answer_to_is_told(here: Here, data: Path, options: str, expected: str) -> None:
    """Exit code 3, one line that names the option and what is accepted."""
    done = here(data, options)
    assert (done.returncode, done.stdout) == (3, "")
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_page_cannot_be_written_where_there_is_no_folder(here: Here, data: Path) -> None:
    """Exit code 4 names the place; the journal is no folder."""
    done = here(data, f"trial --html {data / 'journal.db' / 'x.html'}")
    assert (done.returncode, done.stdout) == (4, "")
    assert "cannot be written" in done.stderr


def sponsor(*facts: t.Fact, folder: Path) -> None:
    """Write facts of the sponsor's, recorded on day 18, behind those of a trial with S003 alone."""
    journal = journal_of(f"sqlite:///{folder / 'journal.db'}", {"S003": "detours"})
    rows = journal.facts(trial_stream(TRIAL_ID))
    at = rows[-1]
    told = tuple(
        at._replace(
            seq=seq,
            submission_id=f"sponsor/{seq}",
            kind=fact.kind,
            body=TRIAL.fact.dump_json(fact).decode(),
            recorded_at=noon(day(18)).isoformat(),
        )
        for seq, fact in enumerate(facts, start=len(rows) + 1)
    )
    keep(journal, trial_stream(TRIAL_ID), told)
    journal.close()


def test_a_pause_and_a_stop_say_who_and_since_when(here: Here, tmp_path: Path) -> None:
    """Not why: that is free text, and stays in the register. As of the day before there is none."""
    at, why = noon(day(18)), "a reason in words"
    sponsor(t.EnrolmentPaused(by="SPO1", at=at, why=why), t.DosingPaused(by="SPO1", at=at, why=why), folder=tmp_path)
    found = shown(here, tmp_path)
    assert (found["enrolment"], found["dosing"]) == (
        f"paused by SPO1 since {day(18)}",
        f"paused by SPO1 since {day(18)}",
    )
    before = shown(here, tmp_path, f"--as-of {day(17)}")
    assert (before["enrolment"], before["dosing"]) == ("open", "on")
    assert "a reason" not in here(tmp_path, "trial").stdout


def test_a_stopped_trial_says_so(here: Here, tmp_path: Path) -> None:
    """Enrolment is stopped for good."""
    sponsor(t.TrialStopped(by="SPO1", at=noon(day(18)), why="futility"), folder=tmp_path)
    assert shown(here, tmp_path)["enrolment"] == f"stopped by SPO1 since {day(18)}"


def test_a_trial_without_subjects_has_its_plan_and_an_empty_work_list(here: Here, tmp_path: Path) -> None:
    """Zero of each; the work list says in words that nothing is awaited, of whom and where."""
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.migrate()
    whole = journal_of(f"sqlite:///{tmp_path / 'other.db'}", {"S001": "screen-failure"})
    keep(journal, trial_stream(TRIAL_ID), tuple(whole.facts(trial_stream(TRIAL_ID))[:2]))
    whole.close()
    journal.close()
    found = shown(here, tmp_path)
    assert (found["randomized"], found["overdue"]["acts"], found["deviations"], found["holds"]) == (0, 0, [], [])
    assert sum(found["phases"].values()) == 0
    text = here(tmp_path, "trial").stdout
    assert "Overdue: nothing." in text
    assert "Deviations: none." in text
    assert "Holds: none" in text
    assert here(tmp_path, "due --role surgeon --site tdh").stdout.startswith("Work list of SURGEON at site TDH on 20")
    assert here(tmp_path, "due").stdout.endswith(": nothing is awaited\n")


def test_a_number_without_a_journey_yet_counts_as_screening(here: Here, tmp_path: Path) -> None:
    """The register issued S002; its stream has not begun."""
    journal = journal_of(f"sqlite:///{tmp_path / 'other.db'}", {"S001": "completed", "S002": "completed"})
    half = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    half.migrate()
    keep(half, trial_stream(TRIAL_ID), tuple(journal.facts(trial_stream(TRIAL_ID))))
    keep(half, patient_stream(TRIAL_ID, "S001"), stored_stream("completed"))
    journal.close()
    half.close()
    found = shown(here, tmp_path)
    assert (found["screening"]["screened"], found["screening"]["in_screening"], found["randomized"]) == (2, 1, 1)
    assert (found["phases"]["REGISTERED"], found["phases"]["COMPLETED"]) == (1, 1)


def test_the_work_list_is_of_a_role_and_a_site_and_overdue_comes_first(here: Here, data: Path) -> None:
    """Whatever the case of the words; by date, and each row is one the role may do."""
    every, of_both = (
        json.loads(here(data, f"due --json {options}").stdout) for options in ("", "--role Surgeon --site tdh")
    )
    assert of_both["due"] == [row for row in every["due"] if "SURGEON" in row["to"]]
    assert 0 < len(of_both["due"]) < len(every["due"])
    order = [(not row["overdue"], row["by"] or "9999") for row in every["due"]]
    assert order == sorted(order)
    assert {row["site"] for row in every["due"]} == {"TDH"}
    title = here(data, "due --role surgeon").stdout.splitlines()[0]
    assert title.startswith(f"Work list of SURGEON on {every['today']}: {len(of_both['due'])} awaited, ")


def test_as_of_a_date_is_as_of_its_end(here: Here, data: Path) -> None:
    """The ethics committee's report of S003 is due by noon of day 13: the day before, that day, and the day after."""
    days = [shown(here, data, f"--as-of {day(13) + timedelta(days=off)}")["overdue"]["commands"] for off in (-1, 0, 1)]
    assert [commands.get("sae_reported", 0) for commands in days] == [0, 1, 1]
