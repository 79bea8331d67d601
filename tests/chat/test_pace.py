"""How fast one socket is heard."""

import math

from chat.consumers import FLOOD_S, FRAMES_AT_ONCE, Pace


def test_a_few_frames_at_once_then_one_by_one() -> None:
    pace = Pace(per_minute=1200)
    assert [pace.take(100.0) for _ in range(FRAMES_AT_ONCE)] == [0.0] * FRAMES_AT_ONCE
    assert math.isclose(pace.take(100.0), 0.05)
    assert math.isclose(pace.take(100.05), 0.05)


def test_who_wants_more_for_long_is_a_flood() -> None:
    pace, now = Pace(per_minute=1200), 0.0
    waits = []
    while (wait_s := pace.take(now)) <= FLOOD_S:
        waits.append(wait_s)
        now += wait_s
    assert math.isclose(now, FLOOD_S, abs_tol=0.1)
    assert len(waits) == FRAMES_AT_ONCE + round(FLOOD_S / 0.05)


def test_a_burst_after_a_rest_is_no_flood() -> None:
    pace = Pace(per_minute=1200)
    for second in range(0, 100, 2):
        now = float(second)
        for _ in range(FRAMES_AT_ONCE + 5):
            wait_s = pace.take(now)
            assert wait_s <= FLOOD_S
            now += wait_s


def test_a_frame_that_is_given_back_does_not_count() -> None:
    pace = Pace(per_minute=60)
    for _ in range(1000):
        assert pace.take(1.0) == 0.0
        pace.give_back()


def test_a_small_limit_is_a_limit() -> None:
    pace = Pace(per_minute=2)
    assert [pace.take(1.0) for _ in range(3)] == [0.0, 0.0, math.inf]
