"""The frozen base of every value in the core, and the few scalar types they share."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""The years any date of a trial lies in. Beyond them calendar arithmetic ends, and nothing true is said."""
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_.()+-]{0,39}$")]
StaffCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_-]{0,31}$")]
SubjectNo = Annotated[str, StringConstraints(pattern=r"^S[0-9]{3,6}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Sex = Literal["FEMALE", "MALE"]


class Frozen(BaseModel):
    """A value that never changes and takes no field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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

    def due_at(self, on: date) -> datetime:
        """Give the instant (UTC) at which a date falls due at this site."""
        return datetime.combine(on, time(self.due_hour), ZoneInfo(self.time_zone)).astimezone(UTC)

    def start_of(self, on: date) -> datetime:
        """Give the instant (UTC) just before a date begins at this site."""
        return datetime.combine(on, time(0), ZoneInfo(self.time_zone)).astimezone(UTC) - timedelta(microseconds=1)


class Clock(Frozen):
    """How trial time relates to real time. In production they are equal (`factor` 1, equal epochs).

    `real_epoch` and `trial_epoch` are the same moment on the two clocks; trial time runs `factor` times as fast,
    until `fast_until` (trial time) when given, and at the real pace from then on.
    """

    real_epoch: AwareDatetime
    trial_epoch: AwareDatetime
    factor: float = Field(1.0, gt=0, allow_inf_nan=False)
    fast_until: AwareDatetime | None = None

    @classmethod
    def real(cls) -> "Clock":
        """Give the production clock: trial time is real time."""
        epoch = datetime(2025, 1, 1, tzinfo=UTC)
        return cls(real_epoch=epoch, trial_epoch=epoch)

    @property
    def is_real(self) -> bool:
        """Say whether trial time is real time."""
        return self.factor == 1.0 and self.real_epoch == self.trial_epoch

    def _switch(self) -> datetime:
        fast = (self.fast_until or self.trial_epoch) - self.trial_epoch
        return self.real_epoch + fast / self.factor

    def trial_time(self, real: datetime) -> datetime:
        """Give the trial instant at a real instant."""
        if self.fast_until is not None and real >= self._switch():
            return self.fast_until + (real - self._switch())
        return self.trial_epoch + (real - self.real_epoch) * self.factor

    def real_time(self, trial: datetime) -> datetime:
        """Give the real instant at which a trial instant comes."""
        if self.fast_until is not None and trial >= self.fast_until:
            return self._switch() + (trial - self.fast_until)
        return self.real_epoch + (trial - self.trial_epoch) / self.factor
