"""The frozen base of every value in the core, and the few scalar types they share."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache, cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""The years any date of a trial lies in. Beyond them calendar arithmetic ends, and nothing true is said."""
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_.()+-]{0,39}$")]
StaffCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_-]{0,31}$")]
SubjectNo = Annotated[str, StringConstraints(pattern=r"^S[0-9]{3,6}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Sex = Literal["FEMALE", "MALE"]


@cache
def _zone(offset: timedelta | None) -> timezone:
    return timezone(offset or timedelta())


def _quick(instant: datetime) -> datetime:
    return instant.replace(tzinfo=_zone(instant.utcoffset()))


QuickInstant = Annotated[AwareDatetime, AfterValidator(_quick)]
"""An instant like any other, with its offset. Two of one offset share its object, and are compared much faster."""


class Frozen(BaseModel):
    """A value that never changes and takes no field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Give a copy with some fields changed. What the original had worked out of itself is not taken along."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(copied).model_fields.keys():
            del copied.__dict__[name]
        return copied


def dates_of(value: object, path: str = "") -> Iterator[tuple[str, date]]:
    """Give every calendar date inside a value with its path. Instants are not among them."""
    if isinstance(value, BaseModel):
        for name, inner in value:
            yield from dates_of(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, tuple):
        for number, inner in enumerate(value):
            yield from dates_of(inner, f"{path}.{number}")
    elif isinstance(value, date) and not isinstance(value, datetime):
        yield path, value


class Site(Frozen):
    """A trial site. Every date rule uses its calendar date; a date falls due at its due hour."""

    code: Code = Field(description="site code, for example TDH")
    time_zone: str = Field("Asia/Shanghai", description="IANA time zone name")
    due_hour: int = Field(8, ge=0, le=23, description="hour of the day at which a date falls due (0..23)")

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        """Refuse a time zone that does not exist: every date rule of the site would fail on it later."""
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError("an IANA time zone name is expected, for example Asia/Shanghai") from None
        return name

    def date_of(self, instant: datetime) -> date:
        """Give the site's calendar date at an instant."""
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def shown(self, instant: datetime) -> str:
        """Give an instant as people of the site read it, to the minute."""
        return f"{instant.astimezone(ZoneInfo(self.time_zone)):%Y-%m-%d %H:%M}"

    def due_at(self, on: date) -> datetime:
        """Give the instant (UTC) at which a date falls due at this site."""
        return datetime.combine(on, time(self.due_hour), ZoneInfo(self.time_zone)).astimezone(UTC)

    def start_of(self, on: date) -> datetime:
        """Give the instant (UTC) just before a date begins at this site."""
        return datetime.combine(on, time(0), ZoneInfo(self.time_zone)).astimezone(UTC) - timedelta(microseconds=1)


class ClockPace(Frozen):
    """From an instant of trial time on, trial time runs `factor` times as fast as real time."""

    since: AwareDatetime
    factor: float = Field(gt=0, allow_inf_nan=False)


class Clock(Frozen):
    """How trial time relates to real time. In production they are equal (`factor` 1, equal epochs).

    `real_epoch` and `trial_epoch` are the same moment on the two clocks; trial time runs `factor` times as fast,
    until the first of the `paces` sets another speed.
    """

    real_epoch: AwareDatetime
    trial_epoch: AwareDatetime
    factor: float = Field(1.0, gt=0, allow_inf_nan=False)
    paces: tuple[ClockPace, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> "Clock":
        """Refuse paces out of order: trial time would not be one line."""
        instants = [self.trial_epoch, *(pace.since for pace in self.paces)]
        if any(later <= earlier for earlier, later in pairwise(instants)):
            raise ValueError("paces are expected in order of time, each after the clock's trial_epoch")
        return self

    @classmethod
    def real(cls) -> "Clock":
        """Give the production clock: trial time is real time."""
        epoch = datetime(2025, 1, 1, tzinfo=UTC)
        return cls(real_epoch=epoch, trial_epoch=epoch)

    @property
    def is_real(self) -> bool:
        """Say whether trial time is real time."""
        return self.factor == 1.0 and not self.paces and self.real_epoch == self.trial_epoch

    @cached_property
    def _legs(self) -> tuple[tuple[datetime, datetime, float], ...]:
        """Each stretch of one speed: the real and the trial instant it begins at, and its factor."""
        legs = [(self.real_epoch, self.trial_epoch, self.factor)]
        for pace in self.paces:
            real, trial, factor = legs[-1]
            legs.append((real + (pace.since - trial) / factor, pace.since, pace.factor))
        return tuple(legs)

    def trial_time(self, real: datetime) -> datetime:
        """Give the trial instant at a real instant."""
        begun, trial, factor = next((leg for leg in reversed(self._legs) if leg[0] <= real), self._legs[0])
        return trial + (real - begun) * factor

    def real_time(self, trial: datetime) -> datetime:
        """Give the real instant at which a trial instant comes."""
        real, begun, factor = next((leg for leg in reversed(self._legs) if leg[1] <= trial), self._legs[0])
        return real + (trial - begun) / factor
