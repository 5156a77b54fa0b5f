"""Seeds a trial with one subject in the surgery wait: three cycles at speed, then the clock keeps real pace."""

from datetime import UTC, date, datetime, timedelta

from demo import laboratory
from demo.cast import START, Participant
from demo.charts import Charts
from demo.hospital import SITE, Unexpected
from demo.screening import Screening, Turns
from demo.story import Story
from demo.trial import OPENS_AT, open_trial
from domain.values import Clock, ClockPace
from journal.store import Journal
from settings import Settings
from workflows.client import TrialClient

MILLISECONDS_PER_DAY = 200.0
REAL_FROM = datetime(2025, 8, 21, 4, tzinfo=UTC)
"""The instant of trial time from which the clock keeps real pace: noon at the site, 30 d after C3D1."""

FIRST = Participant(
    number=1, enrolled_on=START + timedelta(days=1), minute=10 * 60, sex="MALE", born_on=date(1961, 4, 9)
)


async def seed_surgery(client: TrialClient, settings: Settings, journal: Journal) -> date:
    """Put S001 into the surgery wait, unless there is one already; give today's date on the trial's clock.

    Raises Unexpected when something does not go as it should.
    """
    charts = Charts(journal, settings.trial)
    register = charts.register()
    if register.subjects:
        charts.refresh()
        if (phase := charts.phase("S001")) != "SURGERY":
            raise Unexpected(f"this data folder has a trial already, and its S001 is in {phase}: use another folder")
        return SITE.date_of(register.clock.trial_time(datetime.now(UTC)))
    laboratory.warm_up()
    clock = Clock(
        real_epoch=datetime.now(UTC),
        trial_epoch=OPENS_AT,
        factor=timedelta(days=1) / timedelta(milliseconds=MILLISECONDS_PER_DAY),
        paces=(ClockPace(since=REAL_FROM, factor=1.0),),
    )
    hospital = await open_trial(client, settings, journal, clock, "surgery")
    screening = Screening(hospital, FIRST)
    await screening.enrol()
    await screening.results()
    await screening.randomize(Turns([FIRST.number]))
    story = Story(hospital, FIRST)
    if not await story.cycles(1, 3):
        raise Unexpected("S001 left treatment before surgery")
    await story.operability()
    await hospital.pace.until(REAL_FROM)
    return hospital.pace.today()
