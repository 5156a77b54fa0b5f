"""Hears what WeCom, DingTalk and Feishu answer: they refuse with HTTP 200 and a code in the body.

Apprise looks at the status alone, and would call a message accepted whose robot was withdrawn, or sends too much.
"""

import json
from functools import partial
from types import SimpleNamespace

import requests
from apprise.plugins import dingtalk, feishu, wecombot

REFUSED = 422
CODES = ("errcode", "code", "StatusCode")
"""Where each says how it went; 0 is accepted. Sources: their documents on robots in groups."""


def heard(answer: requests.Response, **_options: object) -> requests.Response:
    """Give a refusal in the body as a refusal by status."""
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
    """Have the three plugins hear it: everything of `requests` is its own there but a post. Again: the same."""
    hearing = partial(requests.post, hooks={"response": heard})
    for plugin in (dingtalk, feishu, wecombot):
        vars(plugin)["requests"] = SimpleNamespace(**(vars(requests) | {"post": hearing}))
