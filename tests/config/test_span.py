"""Spans of time, as people write and read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub import span


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("15m", 900), (" 4h ", 14_400), ("2d", 172_800), ("0s", 0)])
def test_a_span_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert span.read(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "15", "m", "1.5h", "-1d", "15 m", "1w", "1234567s", "\u0661h"])
def test_what_is_no_span_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a span such as 30s, 15m, 4h or 2d"):
        span.read(text)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-5, "0 s"), (0.9, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86_400, "1 d")],
)
def test_a_span_is_told_in_its_largest_whole_unit(seconds: float, told: str) -> None:
    assert span.told(timedelta(seconds=seconds)) == told
