"""The trial's clock as staff live by it: waiting for an instant, and how far behind they came. It sets no date."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from domain.values import Clock, Site

DAY = timedelta(days=1)


class Pace:
    """One trial's clock at one site."""

    def __init__(self, clock: Clock, site: Site) -> None:
        """Follow a clock at a site."""
        self._clock = clock
        self.site = site
        self._zone = ZoneInfo(site.time_zone)
        self.lags: list[tuple[float, str]] = []

    def now(self) -> datetime:
        """Give the instant of trial time."""
        return self._clock.trial_time(datetime.now(UTC))

    def today(self) -> date:
        """Give the site's date."""
        return self.site.date_of(self.now())

    def at(self, on: date, minute: int) -> datetime:
        """Give the instant of a minute of a date at the site."""
        return datetime.combine(on, time(minute // 60, minute % 60), self._zone).astimezone(UTC)

    async def until(self, instant: datetime) -> None:
        """Wait for an instant of trial time."""
        wait = (self._clock.real_time(instant) - datetime.now(UTC)).total_seconds()
        if wait > 0:
            await asyncio.sleep(wait)

    def answered(self, planned: datetime, what: str) -> None:
        """Note that an act planned for an instant has been answered."""
        self.lags.append(((self.now() - planned) / DAY, what))

    def lag(self) -> tuple[float, float, str]:
        """Give the median and the greatest lag of staff, in clinical days, and the act that had the greatest."""
        most, what = max(self.lags, default=(0.0, ""))
        return median(lag for lag, _ in self.lags) if self.lags else 0.0, most, what
