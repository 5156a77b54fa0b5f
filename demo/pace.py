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
        self.lags: list[float] = []

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

    def answered(self, planned: datetime) -> None:
        """Note that an act planned for an instant has been answered."""
        self.lags.append((self.now() - planned) / DAY)

    def lag(self) -> tuple[float, float]:
        """Give the median and the greatest lag of staff, in clinical days."""
        return (median(self.lags), max(self.lags)) if self.lags else (0.0, 0.0)
