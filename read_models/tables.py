"""The tables of the read models. Each table and column says what it holds: docs/read-models.md is made from here."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Column, Date, Dialect, Integer, MetaData, Numeric, String, Table, Text
from sqlalchemy.types import DateTime, TypeDecorator, TypeEngine

VERSION = 1
"""Grows with every change of a table."""
METADATA = MetaData()
SUBJECT_NUMBER = "subject number"


class Exact(TypeDecorator[Decimal]):
    """A decimal number without loss: NUMERIC in PostgreSQL, its digits as text in SQLite, which has no decimals."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give the column's type in a database."""
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:  # noqa: ANN401 - as the database takes it
        """Give the value as the database takes it."""
        return value if value is None or dialect.name == "postgresql" else f"{value:f}"

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ANN401, ARG002 - as the library calls it
        """Give the value as it was."""
        return None if value is None else Decimal(value)


class Instant(TypeDecorator[datetime]):
    """An instant: TIMESTAMP WITH TIME ZONE in PostgreSQL, ISO 8601 in UTC as text in SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give the column's type in a database."""
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - as the database takes it
        """Give the value as the database takes it."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - as the library calls it
        """Give the value as it was."""
        return datetime.fromisoformat(value) if isinstance(value, str) else value


def _text(name: str, says: str, *, key: bool = False, length: int | None = 80) -> Column[Any]:
    return Column(name, String(length) if length else Text(), primary_key=key, nullable=not key, comment=says)


def _number(name: str, says: str, *, key: bool = False) -> Column[Any]:
    return Column(name, Integer, primary_key=key, nullable=not key, autoincrement=False, comment=says)


def _date(name: str, says: str) -> Column[Any]:
    return Column(name, Date, comment=says)


def _flag(name: str, says: str) -> Column[Any]:
    return Column(name, Boolean(create_constraint=False), comment=says)


def _exact(name: str, says: str) -> Column[Any]:
    return Column(name, Exact, comment=says)


def _at(name: str, says: str) -> Column[Any]:
    return Column(name, Instant, comment=says)


def _subject() -> Column[Any]:
    return _text("subject", SUBJECT_NUMBER, key=True, length=10)


def _seq(says: str = "number of the fact in the subject's stream", *, key: bool = True) -> Column[Any]:
    return _number("seq", says, key=key)


Table(
    "about", METADATA,
    _text("trial", "trial", key=True),
    _number("version", "version of these tables"),
    _at("rebuilt_at", "instant of the rebuild, real time"),
    _number("streams", "streams read"),
    _number("facts", "facts read"),
    comment="What the tables were made from. One row.",
)  # fmt: skip
Table(
    "streams", METADATA,
    _text("stream", "stream in the journal", key=True),
    _number("seq", "its last fact at the rebuild"),
    _text("hash", "hash of that fact in the journal's chain; empty where the journal keeps none"),
    comment="How far each stream was read.",
)  # fmt: skip
Table(
    "subjects", METADATA,
    _subject(),
    _text("site", "site code"),
    _text("protocol_version", "protocol version the subject runs under"),
    _text("sex", "FEMALE or MALE"),
    _number("age_years", "completed years at consent; the birth date itself is not here"),
    _text("phase", "epoch, or how the study ended"),
    _text("epoch", "epoch by the schedule"),
    _text("arm", "COHORT_1 or COHORT_2 once randomized"),
    _date("consent_on", "first consent"),
    _text("consent_version", "version of the latest consent"),
    _date("eligible_on", "eligibility confirmed"),
    _date("randomized_on", "randomization"),
    _date("first_dose_on", "day 1 of the first cycle given"),
    _number("cycles_begun", "cycles whose day 1 was given"),
    _date("surgery_on", "surgery"),
    _text("resection", "R0, R1, R2, RX or NOT_RESECTED, as the surgeon saw it"),
    _text("pathology", "the same by final pathology, which decides"),
    _date("evaluated_on", "adjuvant evaluation"),
    _date("treatment_ended_on", "end of protocol treatment"),
    _text("treatment_ended", "why it ended"),
    _date("progressed_on", "progression"),
    _date("died_on", "death"),
    _text("study_ended", "how the study ended for the subject"),
    _date("next_due_on", "date by which people must act next"),
    _flag("overdue", "whether that is overdue"),
    _number("deviations", "deviations on record that hold"),
    _number("important_deviations", "the important ones among them"),
    _number("adverse_events", "adverse events"),
    _number("serious_events", "the serious ones among them"),
    _number("facts", "facts in the subject's stream"),
    comment="One row a subject: where each stands.",
)  # fmt: skip
Table(
    "enrolment", METADATA,
    _subject(),
    _number("number", "order of enrolment, from 1"),
    _text("site", "site code"),
    _at("enrolled_at", "when the register issued the number, trial time"),
    _flag("begun", "whether the subject's own stream has begun"),
    _text("status", "SCREENING, RANDOMIZED, SCREEN_FAILURE, or how else screening ended"),
    _date("randomized_on", "randomization"),
    _text("arm", "arm, once the slot was opened"),
    _number("slot", "slot of the allocation list that was drawn"),
    comment="One row for each number the register issued.",
)  # fmt: skip
Table(
    "visits", METADATA,
    _subject(),
    _text("visit", "CONSENT, RANDOMIZATION, C1D1 .., SURGERY, EVALUATION, FOLLOW_UP_1 ..", key=True),
    _date("planned_on", "planned date"),
    _date("earliest_on", "first day of the window"),
    _date("latest_on", "last day of the window"),
    _date("actual_on", "date on which it took place"),
    _number("days_off", "days outside the window: negative early, 0 inside, positive late"),
    _text("status", "DONE, OMITTED or PLANNED"),
    _text("rule", "rule of the window"),
    comment="One row a visit, planned and actual.",
)  # fmt: skip
Table(
    "doses", METADATA,
    _subject(),
    _text("dose", "name of the row, for example C1D1 CISPLATIN/25 (the number is its fact)", key=True),
    _number("cycle", "cycle"),
    _number("day", "day of the cycle; empty for a course at home and a whole cycle left out"),
    _text("drug", "drug; empty: the whole cycle was left out"),
    _text("status", "GIVEN, COURSE (taken at home), OMITTED, or PLANNED: neither given nor left out so far"),
    _date("given_on", "date given; of a course its last day; of an omission the decision"),
    _exact("planned_amount", "amount of the plan"),
    _text("planned_unit", "its UCUM unit"),
    _exact("given_amount", "amount given; empty where it was not told"),
    _text("given_unit", "its UCUM unit"),
    _text("days_taken", "days of a course taken, for example 1 2 3"),
    _text("route", "IV, PO or NOT_STATED"),
    _text("formula", "formula of the planned amount"),
    _text("why", "why it was left out, as staff wrote it", length=None),
    _seq("fact of the report; empty while it is planned only", key=False),
    comment="One row for each administration, course and omission; the planned amount beside the given one.",
)  # fmt: skip
Table(
    "deviations", METADATA,
    _subject(),
    _text("item", "what it is about; it counts once", key=True, length=120),
    _text("rule", "rule departed from"),
    _text("text", "in one sentence", length=None),
    _flag("important", "whether it is an important deviation"),
    _date("expected_from", "first day on which it would have been right"),
    _date("expected_to", "last such day"),
    _date("actual_on", "date on which it happened"),
    _number("days_off", "days outside the window: negative early, positive late"),
    _text("why", "why, as staff wrote it", length=None),
    _at("recorded_at", "when it was first recorded, trial time"),
    _seq("fact that first recorded it", key=False),
    _flag("withdrawn", "whether it was found not to hold"),
    _text("withdrawn_why", "why not", length=None),
    comment="One row for each deviation ever recorded, withdrawn ones among them.",
)  # fmt: skip
Table(
    "notices", METADATA,
    _subject(),
    _seq(),
    _text("notice", "kind of notice"),
    _text("roles", "roles it went to"),
    _text("text", "in coded words", length=None),
    _flag("urgent", "whether it is urgent"),
    _at("asked_at", "when it was asked for, trial time"),
    _at("reached_at", "when it reached its sink; empty: not yet"),
    _at("acknowledged_at", "when somebody acknowledged it"),
    _text("acknowledged_by", "staff code"),
    comment="One row a notice.",
)  # fmt: skip
Table(
    "verdicts", METADATA,
    _subject(),
    _text("rule", "criterion", key=True),
    _text("verdict", "verdict of the clinical specification"),
    _text("sentence", "why", length=None),
    _text("evidence", "what it rests on: value, date, document", length=None),
    _at("decided_at", "when it was decided, trial time"),
    _seq("fact that holds it", key=False),
    comment="The verdict on each criterion, as decided last. Subjects in screening have none yet.",
)  # fmt: skip
Table(
    "adverse_events", METADATA,
    _subject(),
    _seq("number of the event: that of its fact"),
    _text("term", "term as staff wrote it; PREGNANCY for a pregnancy", length=None),
    _number("grade", "CTCAE grade"),
    _flag("serious", "whether it is serious"),
    _text("criteria", "why it is serious"),
    _date("onset_on", "onset, or date of the positive test"),
    _date("resolved_on", "date on which it was over"),
    _text("outcome", "outcome as far as it is known"),
    _text("causality", "RELATED, NOT_RELATED or NOT_ASSESSED"),
    _text("aesi", "event of special interest"),
    _flag("fatal", "whether it was fatal"),
    comment="One row an adverse event or pregnancy, with its follow-ups applied.",
)  # fmt: skip
Table(
    "laboratory", METADATA,
    _subject(),
    _seq(),
    _number("number", "place in the fact, from 1", key=True),
    _text("analyte", "test, by the product's code"),
    _text("loinc", "the LOINC code that fits the stored unit; what was reported stands beside it"),
    _exact("value", "value in the unit; of a test in words its step"),
    _text("unit", "UCUM unit; {ordinal} for a step"),
    _exact("lower_limit", "lower limit of normal"),
    _exact("upper_limit", "upper limit of normal"),
    _at("collected_at", "when the sample was taken"),
    _text("reported", "as the laboratory reported it", length=None),
    _text("status", "final, amended or corrected"),
    comment="One row for each laboratory result fit for use.",
)  # fmt: skip
Table(
    "signatures", METADATA,
    _subject(),
    _number("fact", "fact that was signed or awaits it", key=True),
    _number("asked", "fact that asked for it", key=True),
    _text("act", "kind of command"),
    _text("roles", "roles one of which must sign"),
    _date("asked_on", "since when"),
    _at("signed_at", "when it was signed; empty: not yet"),
    _text("signed_by", "staff code"),
    _text("role", "role of who signed"),
    _text("meaning", "what the signature says", length=None),
    comment="One row for each signature that was asked for.",
)  # fmt: skip
Table(
    "corrections", METADATA,
    _subject(),
    _seq("fact of the correction"),
    _number("number", "place in the correction, from 1", key=True),
    _number("fact", "fact that was corrected"),
    _text("kind", "its kind"),
    _text("what", "what reads otherwise", length=None),
    _text("old", "before", length=None),
    _text("new", "after", length=None),
    _text("reason", "why, as staff wrote it", length=None),
    _text("staff", "who"),
    _text("role", "in which role"),
    _at("recorded_at", "when, trial time"),
    comment="One row for each thing a correction changed.",
)  # fmt: skip
TABLES = tuple(METADATA.tables.values())
OF_SUBJECTS = tuple(table for table in TABLES if "subject" in table.columns and table.name != "enrolment")
HEAD = f"""# Read models

Tables for analysts, made from the journal by `starter.py models rebuild` and dropped whole when they are made again:
put nothing of your own among them. They live in a database of their own (`TRIALPATH_MODELS_URL`, by default
`read-models.db` in the data folder); in PostgreSQL in the schema `TRIALPATH_MODELS_SCHEMA` (`read_models`). The same
rows come as CSV or Parquet with `starter.py export tables`. Every date is the site's. Facts count as they read today,
with corrections applied.

Amounts and values are exact: NUMERIC in PostgreSQL, their digits as TEXT in SQLite (`CAST(value AS REAL)` to reckon).
No names, no birth dates. Columns marked "as staff wrote it" are free text.

Version {VERSION}. This page is made by `starter.py models schema`.
"""


def markdown() -> str:
    """Give the documentation of every table."""
    return HEAD + "".join(_section(table) for table in TABLES)


def _section(table: Table) -> str:
    lines = [
        f"\n## {table.name}",
        "",
        str(table.comment),
        "",
        "| column | type | | what it holds |",
        "|---|---|---|---|",
    ]
    for column in table.columns:
        key = "key" if column.primary_key else ""
        lines.append(f"| {column.name} | {kind_of(column)} | {key} | {column.comment} |")
    return "\n".join(lines) + "\n"


def kind_of(column: Column[Any]) -> str:
    """Name the type of a column."""
    kinds: dict[type, str] = {
        Exact: "decimal",
        Instant: "instant",
        Integer: "integer",
        Date: "date",
        Boolean: "boolean",
    }
    return kinds.get(type(column.type), "text")
