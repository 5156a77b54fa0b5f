"""Notices as mails: a channel for each role, and what arrived against what the ledger says was accepted."""

import json
from collections import Counter
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import get_args

from activities.adapters.channels import HEADER
from activities.adapters.notice_settings import Addressee


def address_of(role: str) -> str:
    """Give the mail address of a role."""
    return f"{role.lower()}@hospital.example"


def channel_of(role: str) -> str:
    """Give the name of a role's channel."""
    return f"mail to {role}"


def notice_settings(smtp: str, link: str) -> str:
    """Give the settings of notices: a channel for each role, by mail."""
    lines = [f'link = "{link}"']
    for role in get_args(Addressee):
        url = f"mailto://{smtp}?from=trialpath@hospital.example&to={address_of(role)}&mode=insecure"
        lines += ["", "[[channels]]", f'name = "{channel_of(role)}"', f'roles = ["{role}"]', f'url = "{url}"']
    return "\n".join(lines) + "\n"


def mails(mailbox: Path) -> Counter[tuple[str, str]]:
    """Count the mails in a mailbox by key and channel."""
    found: Counter[tuple[str, str]] = Counter()
    channels = {address_of(role): channel_of(role) for role in get_args(Addressee)}
    for file in sorted((mailbox / "new").glob("*")):
        with file.open("rb") as content:
            head = BytesHeaderParser().parse(content)
        to = next((channel for address, channel in channels.items() if address in str(head["To"])), "nobody")
        found[(str(head[HEADER]), to)] += 1
    return found


def ledger(file: Path) -> Counter[tuple[str, str]]:
    """Count what channels accepted, by key and channel."""
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return Counter((row["key"].partition(" ")[0], row["channel"]) for row in lines)
