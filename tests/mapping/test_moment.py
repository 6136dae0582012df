"""Dates as partners write them, in both directions, without locale and without strptime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mapping.moment import FormatRefused, IsoFormat, MomentFormat

CHICAGO = ZoneInfo("America/Chicago")
TOKYO = ZoneInfo("Asia/Tokyo")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        ("%m/%d/%Y %H:%M", "11/20/2026 06:00", at(2026, 11, 20, 12)),
        ("%m/%d/%Y %H:%M", "7/4/2026 6:05", at(2026, 7, 4, 11, 5)),
        ("%Y%m%d", "20261120", at(2026, 11, 20, 6)),
        ("%Y%m%d%H%M%S", "20261120063005", at(2026, 11, 20, 12, 30, 5)),
        ("%d.%m.%y", "20.11.26", at(2026, 11, 20, 6)),
        ("%d.%m.%y", "1.1.69", at(1969, 1, 1, 6)),
        ("%d.%m.%y", "1.1.68", at(2068, 1, 1, 6)),
        ("%d-%b-%Y", "20-NOV-2026", at(2026, 11, 20, 6)),
        ("%B %d, %Y", "november 5, 2026", at(2026, 11, 5, 6)),
        ("%m/%d/%Y %I:%M %p", "11/20/2026 12:30 AM", at(2026, 11, 20, 6, 30)),
        ("%m/%d/%Y %I:%M %p", "11/20/2026 12:30 pm", at(2026, 11, 20, 18, 30)),
        ("%m/%d/%Y %I:%M %p", "11/20/2026 1:05 PM", at(2026, 11, 20, 19, 5)),
        (
            "%Y-%m-%dT%H:%M:%S.%f%z",
            "2026-11-20T06:00:00.25+01:00",
            datetime(2026, 11, 20, 5, 0, 0, 250_000, tzinfo=UTC),
        ),
        ("%Y-%m-%d %H:%M%z", "2026-11-20 06:00-0130", at(2026, 11, 20, 7, 30)),
        ("%Y-%m-%d %H:%M%z", "2026-11-20 06:00Z", at(2026, 11, 20, 6)),
        ("%Y-%m-%dT%H:%M:%SZ", "2026-11-20T06:00:00Z", at(2026, 11, 20, 6)),
        ("100%% %d %m %Y", "100% 20 11 2026", at(2026, 11, 20, 6)),
    ],
)
def test_a_format_reads(form: str, text: str, moment: datetime) -> None:
    found = MomentFormat(form, CHICAGO).read(text)
    assert found == moment
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("form", "text", "why"),
    [
        ("%m/%d/%Y", "2026-11-20", "'2026-11-20' is not written as '%m/%d/%Y'"),
        ("%m/%d/%Y", "13/01/2026", "'13/01/2026' is no date: month must be in 1..12"),
        ("%m/%d/%Y", "02/30/2026", "'02/30/2026' is no date: day is out of range for month"),
        ("%m/%d/%Y", "1\u0661/20/2026", "is not written as"),
        ("%m/%d/%Y", "1/1/2026" * 20, "is not written as"),
        ("%Y%m%d", "2026111", "is not written as"),
        ("%m/%d/%Y %I %p", "1/1/2026 13 PM", "an hour of the 12-hour clock is 1 to 12"),
        ("%m/%d/%Y %H:%M", "1/1/2026 24:00", "is no date"),
        ("%Y-%m-%d %H:%M%z", "2026-11-20 06:00+99:00", "is no date"),
        ("%Y-%m-%d %H:%M%z", "0001-01-01 00:00+14:00", "is no date"),
    ],
)
def test_what_is_no_date_says_so(form: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match="is no") as caught:
        MomentFormat(form, CHICAGO).read(text)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("form", "column", "why"),
    [
        ("%m/%d/%q", 7, "unknown '%q'; known: %Y %y %m %d"),
        ("%m/%d/%Y %", 10, "unknown '%'"),
        ("%d/%d/%Y", 4, "'%d' stands twice"),
        ("%H:%M", 1, "a date needs a day, a month and a year, such as '%m/%d/%Y'"),
        ("", 1, "a date needs a day"),
    ],
)
def test_a_format_that_cannot_work_is_refused_at_its_column(form: str, column: int, why: str) -> None:
    with pytest.raises(FormatRefused) as caught:
        MomentFormat(form, UTC)
    assert (caught.value.column, why in str(caught.value)) == (column, True)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%Y-%m-%dT%H:%M:%SZ", "2026-07-04T13:05:09Z"),
        ("%m/%d/%Y %I:%M %p", "07/04/2026 08:05 AM"),
        ("%d-%b-%y", "04-Jul-26"),
        ("%B %d, %Y %H:%M:%S.%f", "July 04, 2026 08:05:09.000007"),
        ("%Y%m%d %z %%", "20260704 -0500 %"),
    ],
)
def test_a_format_writes_the_partners_own_time(form: str, text: str) -> None:
    moment = datetime(2026, 7, 4, 13, 5, 9, 7, tzinfo=UTC)
    assert MomentFormat(form, CHICAGO).write(moment) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T06:00:00Z", at(2026, 11, 20, 6)),
        ("2026-11-20T06:00:00+02:00", at(2026, 11, 20, 4)),
        ("2026-11-20 06:00", at(2026, 11, 19, 21)),
        ("2026-11-20", at(2026, 11, 19, 15)),
    ],
)
def test_without_a_format_iso_8601_is_meant(text: str, moment: datetime) -> None:
    assert IsoFormat(TOKYO).read(text) == moment


@pytest.mark.parametrize(
    "text", ["", "soon", "11/20/2026", "\uff12\uff10\uff12\uff16-11-20", "0001-01-01", "2026-11-20" + " " * 40]
)
def test_what_is_not_iso_8601_says_what_to_declare(text: str) -> None:
    with pytest.raises(ValueError, match="declare its `format`, such as"):
        IsoFormat(TOKYO).read(text)


def test_iso_is_written_in_utc_to_the_second() -> None:
    assert IsoFormat(TOKYO).write(datetime(2026, 11, 20, 15, 30, 1, 999, tzinfo=TOKYO)) == "2026-11-20T06:30:01Z"


@given(
    st.integers(100_000, 3_123_456_789).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from(["%Y%m%d%H%M%S%z", "%d.%m.%y %H:%M:%S %z", "%b %d %Y %I:%M:%S %p %z", "%Y-%m-%dT%H:%M:%SZ"]),
    st.sampled_from([CHICAGO, TOKYO, UTC]),
)
def test_what_a_format_writes_it_reads_back(moment: datetime, form: str, zone: ZoneInfo) -> None:
    both = MomentFormat(form, zone)
    assert abs(both.read(both.write(moment)) - moment) < timedelta(minutes=1)  # old zones have odd seconds


@given(st.text(max_size=45), st.sampled_from(["%m/%d/%Y", "%Y%m%d%H%M%S", "%d %B %y %I %p %z"]))
def test_no_text_makes_a_format_stumble(text: str, form: str) -> None:
    for reader in (MomentFormat(form, CHICAGO), IsoFormat(CHICAGO)):
        try:
            found = reader.read(text)
        except ValueError:
            continue
        assert found.tzinfo is UTC
