"""Hears what WeCom, DingTalk and Feishu answer: they refuse with HTTP 200 and a code in the body.

Apprise looks at the status alone, and would call a message accepted whose robot was withdrawn, or sends too much.
"""

import json
from typing import Any

import requests
from apprise.plugins import dingtalk, feishu, wecombot

REFUSED = 422
CODES = ("errcode", "code", "StatusCode")
"""Where each says how it went; 0 is accepted. Sources: their documents on robots in groups."""


class _Hearing:
    """Stands for `requests` in those plugins: everything is its own but the answer to a post."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever requests has
        return getattr(requests, name)

    @staticmethod
    def post(url: str, **options: Any) -> requests.Response:  # noqa: ANN401 - as requests takes them
        """Post, and give a refusal in the body as a refusal by status."""
        answer = requests.post(url, **options)  # noqa: S113 - the plugin gives the time-out
        if answer.status_code == requests.codes.ok and not is_accepted(answer.content):
            answer.status_code = REFUSED
        return answer


def is_accepted(body: bytes) -> bool:
    """Say whether an answer tells of success: a JSON object with a code, and each code in it is 0."""
    try:
        said = json.loads(body)
        told = [said[name] for name in CODES if name in said]
    except (ValueError, TypeError):
        return False
    return bool(told) and not any(told)


def listen() -> None:
    """Have the three plugins hear it. Again: the same."""
    for plugin in (dingtalk, feishu, wecombot):
        plugin.requests = _Hearing()  # type: ignore[attr-defined] # what the plugin imported
