"""What the counters did over the last hour, day and week, from the samples that are kept of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from chat import counters
from chat.counters import BOUNDS_MS, HOURS, MINUTES, TEN_MINUTES, Histogram, Resolution, Sample, Totals


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time up to now, in slots."""

    name: str
    resolution: Resolution
    slots: int


HOUR = Span("hour", MINUTES, 60)
DAY = Span("day", TEN_MINUTES, 144)
WEEK = Span("week", HOURS, 168)
SPANS = {span.name: span for span in (HOUR, DAY, WEEK)}


@dataclass(frozen=True, slots=True)
class Slot:
    """What happened in one slot."""

    start: datetime
    counted: Totals | None
    """None: nobody kept a sample, because no worker ran."""

    @property
    def answered(self) -> int:
        return self.counted["answered"] if self.counted else 0

    @property
    def failed(self) -> int:
        return sum(counters.by_label(self.counted, "failed").values()) if self.counted else 0

    def quantile_ms(self, histogram: Histogram, share: float) -> float | None:
        """None when nothing was measured."""
        return quantile_ms(self.counted, histogram, share) if self.counted else None


@dataclass(frozen=True, slots=True)
class Trend:
    """All slots of a span, oldest first, and their sum."""

    span: Span
    slots: list[Slot]
    total: Totals


def read(span: Span) -> Trend:
    """The trend up to now, in one round trip."""
    return trend(span, counters.read_samples(span.resolution))


def trend(span: Span, partitions: Sequence[Sequence[Sample]]) -> Trend:
    """The trend from the samples of each partition; the last sample of each is the present."""
    every_ms = span.resolution.every_s * 1000
    last = max(samples[-1].at_ms for samples in partitions) // every_ms
    first = last - span.slots + 1
    counted: dict[int, Totals] = {}
    for samples in partitions:
        for before, after in pairwise(samples):
            # A slot's sample is taken within seconds of its beginning, so it ends the slot before.
            number = after.at_ms // every_ms - 1
            if after is samples[-1]:
                number = max(number, before.at_ms // every_ms)
            if number >= first:
                counted.setdefault(number, Counter()).update(_growth(before.totals, after.totals))
    counted.setdefault(last, Counter())
    total: Totals = Counter()
    for slot in counted.values():
        total.update(slot)
    starts = [datetime.fromtimestamp(number * every_ms / 1000, UTC) for number in range(first, last + 1)]
    slots = [
        Slot(start, counted.get(number)) for number, start in zip(range(first, last + 1), starts, strict=True)
    ]
    return Trend(span, slots, total)


def quantile_ms(totals: Totals, histogram: Histogram, share: float) -> float | None:
    """A quantile as Prometheus estimates it: as if a bucket's values were spread evenly."""
    numbers = counters.buckets(totals, histogram)
    wanted = share * sum(numbers)
    if not wanted:
        return None
    below, lower = 0, 0
    for number, upper in zip(numbers, BOUNDS_MS, strict=False):
        if number and below + number >= wanted:
            return lower + (upper - lower) * (wanted - below) / number
        below, lower = below + number, upper
    return BOUNDS_MS[-1]


def _growth(before: Totals, after: Totals) -> Totals:
    # After Redis was emptied the counters begin anew.
    has_restarted = after["accepted"] < before["accepted"]
    growth: Totals = Counter(after)
    if not has_restarted:
        growth.subtract(before)
    return growth
