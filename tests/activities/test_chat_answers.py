"""WeCom, DingTalk and Feishu refuse with HTTP 200: their words decide whether a notice was accepted."""

from pathlib import Path
from typing import Any

import pytest
import requests

from activities.adapters.channels import NotAcceptedError
from tests.activities.test_channels import BOTH, NOTICE, channels

ADDRESSES = {
    "wecombot": "wecombot://abcdefabcdefabcdef",
    "dingtalk": "dingtalk://abcd1234567/13800000000",
    "feishu": "feishu://abcdefgh",
}


def answering(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Let every post be answered with status 200 and this body: those services stand on the internet alone."""

    def send(*_: Any, **__: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code, answer._content = 200, body.encode()  # noqa: SLF001 - how requests keeps it
        return answer

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)


@pytest.mark.parametrize("service", ADDRESSES)
@pytest.mark.parametrize(
    "body",
    [
        '{"errcode": 93000, "errmsg": "invalid webhook url"}',
        '{"code": 19001, "msg": "token invalid"}',
        "",
        "<html>",
        "{}",
    ],
)
def test_a_refusal_with_status_200_is_none_the_less_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: str, body: str
) -> None:
    """A withdrawn robot, too many messages, a page for logging in: the notice stays open, and the ledger empty."""
    answering(monkeypatch, body)
    sink = channels(tmp_path / "ledger", {"name": "chat", "roles": BOTH, "url": ADDRESSES[service]})
    with pytest.raises(NotAcceptedError, match="chat: "):
        sink.deliver(NOTICE)
    assert not sink.has(NOTICE)


@pytest.mark.parametrize("service", ADDRESSES)
@pytest.mark.parametrize("body", ['{"errcode": 0, "errmsg": "ok"}', '{"StatusCode": 0, "code": 0, "data": {}}'])
def test_what_is_accepted_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: str, body: str) -> None:
    """As each of them says it."""
    answering(monkeypatch, body)
    sink = channels(tmp_path / "ledger", {"name": "chat", "roles": BOTH, "url": ADDRESSES[service]})
    sink.deliver(NOTICE)
    assert sink.has(NOTICE)
