"""What the counters did over time, from samples, and how that is drawn."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from chat import trends
from chat.admin import charts
from chat.counters import Sample
from chat.trends import HOUR, quantile_ms, trend

MINUTE_MS = 60_000
# The middle of a minute, far from midnight.
NOW_MS = 1_800_000_030_000


def sample(minutes_ago: float, **totals: int) -> Sample:
    """A sample 2 s after the beginning of a minute, or the present."""
    at_ms = NOW_MS - 28_000 - minutes_ago * MINUTE_MS if minutes_ago else NOW_MS
    return Sample(int(at_ms), Counter(totals))


def answered(samples: list[list[Sample]]) -> list[int | None]:
    """The last four minutes of a trend."""
    slots = trend(HOUR, samples).slots[-4:]
    return [None if slot.counted is None else slot.answered for slot in slots]


def test_what_was_counted_between_two_samples_belongs_to_the_minute_between() -> None:
    samples = [
        sample(3, accepted=10, answered=10),
        sample(2, accepted=15, answered=14),
        sample(1, accepted=15, answered=15),
        sample(0, accepted=18, answered=18),
    ]
    # The present minute has no sample of its own yet: what came since the last one counts for the minute before.
    assert answered([samples]) == [4, 1, 3, 0]
    present = Sample(NOW_MS - 28_000, Counter(accepted=17, answered=17))
    assert answered([[*samples[:-1], present, samples[-1]]]) == [4, 1, 2, 1]
    assert trend(HOUR, [samples]).total["answered"] == 8
    assert len(trend(HOUR, [samples]).slots) == 60
    assert trend(HOUR, [samples]).slots[-1].start == datetime.fromtimestamp(1_800_000_000, UTC)


def test_a_time_without_samples_is_a_gap() -> None:
    samples = [sample(4, accepted=10, answered=10), sample(1, accepted=12, answered=12)]
    samples.append(sample(0, accepted=12, answered=12))
    assert answered([samples]) == [None, 2, 0, 0]


def test_partitions_are_added_up() -> None:
    samples = [sample(1, accepted=1, answered=1), sample(0, accepted=3, answered=3)]
    assert trend(HOUR, [samples, samples]).total["answered"] == 4
    assert trend(HOUR, [[sample(0, answered=3)]]).total["answered"] == 0


def test_counters_that_began_anew_are_no_fall() -> None:
    samples = [sample(2, accepted=100, answered=100), sample(1, accepted=2, answered=2)]
    samples.append(sample(0, accepted=2, answered=2))
    assert trend(HOUR, [samples]).total["answered"] == 2


@pytest.mark.parametrize(
    ("counted", "share", "expected"),
    [
        ({}, 0.5, None),
        ({"reply:100": 4}, 0.5, 75.0),
        ({"reply:10": 1, "reply:1000": 1}, 0.5, 10.0),
        ({"reply:10": 1, "reply:1000": 9}, 0.95, 500 + 500 * 8.5 / 9),
        ({"reply:inf": 1}, 0.5, 120_000),
    ],
)
def test_a_quantile_is_estimated_within_its_bucket(counted: Any, share: float, expected: Any) -> None:
    found = quantile_ms(Counter(counted), "reply", share)
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_picture_shows_every_slot_at_its_place() -> None:
    totals = {"accepted": 40, "answered": 30, "failed:model_error": 10, "first_text:100": 30, "queue_wait:10": 40}
    pictures = charts.of_trend(trend(HOUR, [[sample(30), sample(0, **totals)]]))
    throughput, times, failures = pictures
    assert not throughput.is_empty
    (bar,) = [bar for bar in throughput.bars if bar.kind == "answered"]
    assert bar.title.endswith("30 answered")
    # The minute before the present is next to the right edge, and the top is a round number above the value.
    assert bar.x + bar.width == pytest.approx(charts.RIGHT - (charts.RIGHT - charts.LEFT) / 60, abs=2)
    assert throughput.across[2][1] == "40"
    assert bar.height == pytest.approx(30 / 40 * (charts.BOTTOM - charts.TOP), abs=0.1)
    assert [line.kind for line in times.lines if line.points] == ["median", "slow", "wait"]
    assert failures.legend == [("failed", "model_error")]
    assert len([bar for bar in throughput.bars if bar.kind == "gap"]) == 58
    assert ("Failed", "10 (25.0 %)") in charts.summary(trend(HOUR, [[sample(30), sample(0, **totals)]]))


def test_pictures_of_nothing_are_drawn_too() -> None:
    for span in trends.SPANS.values():
        for chart in charts.of_trend(trend(span, [[sample(0)]])):
            assert chart.is_empty
