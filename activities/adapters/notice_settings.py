"""The settings file of notices: which channel serves which roles at which sites, and when people are at work there."""

import tomllib
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

import holidays
from apprise import Apprise, NotifyBase
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from domain.protocol import Language, Role

Addressee = Literal[Role, "OPERATIONS"]
"""Whom notices are for: a role of the trial, or whoever runs this installation."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=60)]
SEVERAL = (
    "its address names several receivers: give each a channel, or one mailing list. Where one of them is refused, "
    "the others would get each notice again at every try"
)
LOOKED_AHEAD = timedelta(days=30)
"""No holiday is longer. After so many closed days the calendar is wrong, and a notice goes out."""


class BadNoticeSettingsError(RuntimeError):
    """The file of notice settings cannot be used. The message says what is wrong, where, and what is accepted."""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hours(_Settings):
    """When people of a site read notices that are not urgent: between two hours of a working day."""

    time_zone: str = "Asia/Shanghai"
    country: str | None = Field(None, description="ISO code whose working days count; absent: every day is one")
    opens: time = time(8)
    closes: time = time(20)

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes, for example 08:00 and 20:00")
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, KeyError):
            raise ValueError("time_zone: an IANA name is expected, for example Asia/Shanghai") from None
        if self.country is not None and self.country not in holidays.list_supported_countries():
            raise ValueError("country: an ISO code is expected, for example CN")
        return self

    @cached_property
    def _calendar(self) -> holidays.HolidayBase | None:
        return holidays.country_holidays(self.country) if self.country else None

    def is_working_day(self, on: date) -> bool:
        """Say whether people work on a date: weekends that a holiday moved count as the calendar has them."""
        return self._calendar is None or bool(self._calendar.is_working_day(on))

    def opens_at(self, now: datetime) -> datetime:
        """Give the next instant at which people are at work: now, when they are."""
        here = now.astimezone(ZoneInfo(self.time_zone))
        on = here.date()
        while on - here.date() < LOOKED_AHEAD:
            opens, closes = (datetime.combine(on, at, here.tzinfo) for at in (self.opens, self.closes))
            if self.is_working_day(on) and here < closes:
                return max(now, opens.astimezone(now.tzinfo))
            on += timedelta(days=1)
        return now


class Channel(_Settings):
    """One way to people: an address of Apprise's, for some roles, at some sites or all."""

    name: Name
    roles: tuple[Addressee, ...] = Field(min_length=1)
    sites: tuple[str, ...] = ()
    language: Language = "en"
    url: str = ""
    url_file: Path | None = None

    def serves(self, role: str, site: str) -> bool:
        """Say whether a notice to a role at a site goes this way. One of no site goes to the channels of every site."""
        return role in self.roles and (not self.sites or not site or site in self.sites)

    def address(self) -> str:
        """Give the address, from its file where one is named: read each time, so that it can be changed. May raise."""
        return self.url_file.read_text("utf-8").strip() if self.url_file else self.url


class NoticeSettings(_Settings):
    """The whole file."""

    link: str = Field("", description="where more is to be read; {workflow} stands for the subject's workflow id")
    sites: dict[str, Hours] = {}
    channels: tuple[Channel, ...] = Field(min_length=1)

    def serving(self, roles: tuple[str, ...], site: str) -> tuple[Channel, ...]:
        """Give the channels of a notice, each once."""
        return tuple(row for row in self.channels if any(row.serves(role, site) for role in roles))

    def unserved(self, roles: tuple[str, ...], site: str) -> tuple[str, ...]:
        """Give the roles that no channel serves at a site, as at one that came after the file was written."""
        return tuple(role for role in roles if not any(row.serves(role, site) for row in self.channels))


def read(path: Path) -> NoticeSettings:
    """Read a settings file and hold it against what can be delivered. Raises BadNoticeSettingsError."""
    try:
        known = NoticeSettings.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as problem:
        raise BadNoticeSettingsError(f"{path}: {problem.strerror}: name a file of notice settings") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadNoticeSettingsError(f"{path} is no TOML: {problem}") from None
    except ValidationError as problem:
        raise BadNoticeSettingsError(f"{path}: {_first(problem)}") from None
    for wrong in _wrong(known):
        raise BadNoticeSettingsError(f"{path}: {wrong}")
    return known


def _wrong(known: NoticeSettings) -> list[str]:
    names = [channel.name for channel in known.channels]
    found = [f"channel {name!r} stands twice" for name in sorted(set(names)) if names.count(name) > 1]
    for channel in known.channels:
        if bool(channel.url) == bool(channel.url_file):
            found.append(f"channel {channel.name!r}: one of url and url_file is expected")
            continue
        try:
            address = channel.address()
        except (OSError, UnicodeDecodeError) as problem:
            found.append(f"channel {channel.name!r}: url_file {channel.url_file} cannot be read: {problem}")
            continue
        service = Apprise.instantiate(address)  # the address holds passwords: it is never shown
        if service is None:
            found.append(f"channel {channel.name!r}: its address is none of Apprise's, for example mailtos://...")
        elif receivers(service) > 1:
            found.append(f"channel {channel.name!r}: {SEVERAL}")
    served = {role for channel in known.channels for role in channel.roles if not channel.sites}
    everywhere = set.intersection(
        *({role for row in known.channels for role in row.roles if not row.sites or site in row.sites}
          for site in known.sites)
    ) if known.sites else set()  # fmt: skip
    missing = [role for role in get_args(Addressee) if role not in served | everywhere]
    if missing:
        found.append(f"nobody is told what is for {', '.join(missing)}: each role needs a channel at every site")
    return found


def receivers(service: NotifyBase) -> int:
    """Count who gets a message of their own over a service. DingTalk's targets are mentioned in one message."""
    copies = len(getattr(service, "cc", ())) + len(getattr(service, "bcc", ()))
    return 1 if service.service_name == "DingTalk" else len(service) + copies


def _first(problem: ValidationError) -> str:
    first: Any = problem.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
