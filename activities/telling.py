"""What the shell itself tells whoever runs this installation. Each key counts once, over restarts and workers."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import structlog

from activities.ports import LaboratoryUnfit, Notice, NoticeSink
from activities.report import Finding
from domain.protocol import NoticeWords

OPERATIONS = "OPERATIONS"
NEEDS_A_LOOK = NoticeWords(en="Trialpath needs a look", zh="系统需要检查")
LABORATORY = NoticeWords(en="Laboratory results cannot be had", zh="无法获取检验结果")
_log = structlog.stdlib.get_logger(__name__)


def operations(
    key: str, notice: str, text: str, *, words: NoticeWords, subject: str = "", workflow: str = ""
) -> Notice:
    """Give an urgent notice to operations, of now."""
    return Notice(
        key=key,
        subject=subject,
        notice=notice,
        to=(OPERATIONS,),
        text=text,
        urgent=True,
        at=datetime.now(UTC),
        workflow=workflow,
        words=words,
    )


def laboratory_unfit(sink: NoticeSink, trouble: LaboratoryUnfit, subject: str) -> None:
    """Tell operations what must be mended, once a day for each cause, however many orders meet it.

    The text names no subject, so that the same cause is the same for all. Who cannot be told now is told at the next
    try; the order goes on meanwhile.
    """
    text = str(trouble).replace(subject, "a subject")
    cause = hashlib.sha256(text.encode()).hexdigest()[:16]
    told = operations(f"laboratory/{datetime.now(UTC).date()}/{cause}", "LABORATORY_UNFIT", text, words=LABORATORY)
    try:
        if not sink.has(told):
            sink.deliver(told)
    except OSError as untold:
        _log.warning("lab.untold", kind=type(untold).__name__)


def watchdog_found(sink: NoticeSink, findings: Sequence[Finding], heads: Mapping[str, int]) -> None:
    """Log each finding, and tell operations of what people must see to, once a day for each state of a stream.

    One that some channel does not take keeps no other from being sent. Raises OSError when one was not taken.
    """
    untold: list[OSError] = []
    for finding in findings:
        _log.warning("watchdog.found", **finding.model_dump())
        if not finding.done:
            try:
                sink.deliver(_of(finding, heads.get(finding.stream, 0)))
            except OSError as problem:
                untold.append(problem)
    if untold:
        raise untold[0]


def _of(finding: Finding, head: int) -> Notice:
    """Give the notice of a finding. Its key holds the day: what comes back, or stays, is told again."""
    return operations(
        f"watchdog/{datetime.now(UTC).date()}/{finding.stream}/{head}/{finding.what}",
        "WATCHDOG",
        f"{finding.what}: {finding.detail}",
        words=NEEDS_A_LOOK,
        subject=finding.stream.rsplit("-", 1)[-1],
        workflow=finding.stream,
    )
