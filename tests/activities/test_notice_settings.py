"""The settings file of notices: what is refused and how it is told, and when people are at work."""

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from activities.adapters.channels import Channels
from activities.adapters.notice_settings import BadNoticeSettingsError, Hours, NoticeSettings, read
from tests.activities.test_channels import NOTICE

PEOPLE = ("COORDINATOR", "INVESTIGATOR", "SURGEON", "PATHOLOGIST", "PHARMACIST", "MONITOR", "SPONSOR", "OPERATIONS")
EVERYBODY = f"roles = {json.dumps(PEOPLE)}"
ALL = f'[[channels]]\nname = "all"\nurl = "mailtos://user:secret@mail.example"\n{EVERYBODY}\n'
CHINA = Hours(country="CN")


def instant(text: str) -> datetime:
    """Give an instant from a time of the site, Shanghai."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    """Link, hours of a site, channels."""
    file = tmp_path / "notices.toml"
    file.write_text(f'link = "https://ui/{{workflow}}"\n[sites.TDH]\ncountry = "CN"\nopens = 07:30:00\n{ALL}')

    known = read(file)

    assert (known.sites["TDH"].opens, known.sites["TDH"].closes) == (time(7, 30), time(20))
    assert [channel.name for channel in known.serving(("SURGEON",), "TDH")] == ["all"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("channels = 1", "channels: Input should be a valid tuple"),
        ("[[channels]\n", "is no TOML"),
        (f"lnik = 'x'\n{ALL}", "lnik: Extra inputs are not permitted"),
        (ALL.replace("SURGEON", "SURGOEN"), "channels.0.roles.2: "),
        (ALL.replace('"SURGEON", ', ""), "nobody is told what is for SURGEON: each role needs a channel at every site"),
        (ALL + ALL, "channel 'all' stands twice"),
        (ALL.replace("mailtos://", "nonsense://"), "channel 'all': its address is none of Apprise's"),
        (ALL.replace('url = "mailtos://user:secret@mail.example"', ""), "one of url and url_file is expected"),
        (ALL.replace("url =", "url_file ="), "url_file mailtos:/user:secret@mail.example cannot be read"),
        (ALL.replace("mail.example", "mail.example?to=a@mail.example,b@mail.example"), "names several receivers"),
        (ALL.replace("mail.example", "mail.example?to=a@mail.example&cc=b@mail.example"), "names several receivers"),
        (ALL.replace("mailtos://user:secret@mail.example", "ntfy://ntfy.example/one/two"), "names several receivers"),
        (f"[sites.TDH]\nopens = 21:00:00\n{ALL}", "opens must be before closes"),
        (f'[sites.TDH]\ncountry = "XX"\n{ALL}', "country: an ISO code is expected, for example CN"),
        (f'[sites.TDH]\ntime_zone = "Mars"\n{ALL}', "time_zone: an IANA name is expected"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_expected(tmp_path: Path, text: str, told: str) -> None:
    """Before any work is taken; a password is not shown unless it was given for a file's name."""
    file = tmp_path / "notices.toml"
    file.write_text(text)
    with pytest.raises(BadNoticeSettingsError) as refused:
        read(file)
    assert told in str(refused.value)
    assert str(refused.value).startswith(str(file))


def test_a_group_chat_that_mentions_several_people_is_one_receiver(tmp_path: Path) -> None:
    """DingTalk's robot posts one message."""
    file = tmp_path / "notices.toml"
    robot = "dingtalk://abcd1234567/13800000000/13900000000"
    file.write_text(ALL.replace("mailtos://user:secret@mail.example", robot))
    assert [channel.url for channel in read(file).channels] == [robot]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(BadNoticeSettingsError, match=r"notices\.toml: No such file"):
        read(tmp_path / "notices.toml")


def test_channels_of_every_known_site_serve_a_role_as_well_as_one_of_all(tmp_path: Path) -> None:
    """Two sites: a channel of one of them alone leaves the other's surgeon untold."""
    file = tmp_path / "notices.toml"
    others = ALL.replace('"SURGEON", ', "")
    one = '[[channels]]\nname = "s1"\nroles = ["SURGEON"]\nsites = ["A"]\nurl = "mailtos://u:p@mail.example"\n'
    sites = "[sites.A]\n[sites.B]\n"
    file.write_text(sites + others + one)
    with pytest.raises(BadNoticeSettingsError, match="nobody is told what is for SURGEON"):
        read(file)

    file.write_text(sites + others + one + one.replace('"A"', '"B"').replace("s1", "s2"))
    assert [channel.name for channel in read(file).serving(("SURGEON",), "B")] == ["s2"]


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-23T07:59", "2026-11-23T08:00"),
        ("2026-11-23T08:00", "2026-11-23T08:00"),
        ("2026-11-23T19:59", "2026-11-23T19:59"),
        ("2026-11-23T20:00", "2026-11-24T08:00"),
        ("2026-11-27T20:00", "2026-11-30T08:00"),
        ("2026-09-30T21:00", "2026-10-08T08:00"),
        ("2026-10-10T09:00", "2026-10-10T09:00"),
        ("2026-02-13T22:00", "2026-02-14T08:00"),
        ("2026-02-14T21:00", "2026-02-24T08:00"),
    ],
    ids=["early", "opens", "late", "closed", "weekend", "National Day", "Saturday worked", "worked", "Spring Festival"],
)
def test_people_are_at_work_between_two_hours_of_a_working_day_of_china(now: str, opens: str) -> None:
    """With the days that a holiday moved: the State Council's calendar of 2026."""
    assert CHINA.opens_at(instant(now)) == instant(opens)


def test_without_a_country_every_day_is_one() -> None:
    """A Sunday."""
    assert Hours().opens_at(instant("2026-11-22T06:00")) == instant("2026-11-22T08:00")


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A calendar without any working day lets a notice go after all."""
    monkeypatch.setattr(Hours, "is_working_day", lambda _hours, _on: False)
    assert CHINA.opens_at(instant("2026-11-22T06:00")) == instant("2026-11-22T06:00")


def test_urgent_notices_and_sites_without_hours_never_wait(tmp_path: Path) -> None:
    """An SAE at three in the morning goes out."""
    rows = [{"name": "all", "roles": ["SURGEON"], "url": "mailtos://u:p@mail.example"}]
    known = NoticeSettings.model_validate({"sites": {"TDH": {"country": "CN"}}, "channels": rows})
    sink, night = Channels(known, tmp_path / "ledger"), instant("2026-11-23T03:00")
    assert sink.opens_at(NOTICE, night) == night + timedelta(hours=5)
    assert sink.opens_at(replace(NOTICE, urgent=True), night) == night
    assert sink.opens_at(replace(NOTICE, site="OTHER"), night) == night
