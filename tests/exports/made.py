"""Subjects whose documents are tested, from stored journeys: both arms, a correction with Chinese words, a failure."""

from datetime import UTC, datetime
from functools import cache

from domain.decider import patient_stream
from exports.made_from import MadeFrom
from read_models.record import Head, SubjectRecord, record_of
from tests.given import TRIAL_ID
from tests.streams import stored_stream

AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
WHY = "日期读错了应为次日"
TERM = "中性粒细胞减少"
TOLD_IN_CHINESE = {"misread": WHY, "neutropenia": TERM, "low bleeding risk": "=cmd() 出血风险低"}
DOCUMENTED = ("completed", "completed-COHORT_2", "chinese", "screen-failure", "pregnant-in-screening", "sponsor-acts")
"""`chinese` is the journey of every detour, a correction among them, with what staff wrote in Chinese."""


@cache
def record(name: str, subject: str = "S001") -> SubjectRecord:
    """Give a subject with the stored journey of a name."""
    rows = stored_stream("detours" if name == "chinese" else name, subject)
    if name == "chinese":
        for english, chinese in TOLD_IN_CHINESE.items():
            rows = tuple(row._replace(body=row.body.replace(f'"{english}"', f'"{chinese}"')) for row in rows)
    return record_of(patient_stream(TRIAL_ID, subject), rows)


def made(*records: SubjectRecord, hash_: str = "") -> MadeFrom:
    """Give what a document of these subjects is made from."""
    return MadeFrom([Head(one.head.stream, one.head.seq, hash_) for one in records], AT)
