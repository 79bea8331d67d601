"""What the scripts count, in one hash per partition, and samples of it over time.

The scripts count in passing, so that counting costs no round trip (`count` and `observe` in `lua/lib.lua`). Totals
only grow, `waiting` apart. Whoever reads adds the partitions up.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import orjson

from chat import keys
from chat.conf import get_conf
from chat.redis_client import Script, now_ms, shared_connection, sync_client

_sample = Script("sample")

Totals = Counter[str]
"""Name -> number, of the whole fleet."""

BOUNDS_MS = (10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000)
"""The upper bounds of the histograms' buckets; the last bucket has none. `lua/lib.lua` has the same."""

Histogram = Literal["queue_wait", "first_text", "reply"]
"""From the wake-up to the claim; from there to the first text; from there to the end of the reply. In ms."""

Limit = Literal[
    "queue_full",
    "busy",
    "messages_per_address",
    "rate_limited",
    "sockets_per_session",
    "sockets_per_address",
    "sessions_per_address",
    "sessions_per_day",
    "logins",
]


@dataclass(frozen=True, slots=True)
class Resolution:
    """How often a sample is kept, and how many of them."""

    name: str
    every_s: int
    samples: int


MINUTES = Resolution("minutes", 60, 70)
TEN_MINUTES = Resolution("ten_minutes", 600, 150)
HOURS = Resolution("hours", 3600, 200)
RESOLUTIONS = (MINUTES, TEN_MINUTES, HOURS)
"""For pictures of an hour, a day and a week. A sample takes about 1 KB."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The totals of one partition at one moment."""

    at_ms: int
    totals: Totals


def read_totals(answers: Iterable[dict[str, str]]) -> Totals:
    """Add up the counters of partitions as Redis gives them."""
    totals: Totals = Counter()
    for answer in answers:
        totals.update({name: int(number) for name, number in answer.items()})
    return totals


def buckets(totals: Totals, histogram: Histogram) -> list[int]:
    """How many fell into each bucket, the one without a bound last."""
    return [totals[f"{histogram}:{bound}"] for bound in (*BOUNDS_MS, "inf")]


def by_label(totals: Totals, name: str) -> dict[str, int]:
    """The numbers behind `name:<label>`, by label."""
    prefix = f"{name}:"
    return {
        counted.removeprefix(prefix): number
        for counted, number in sorted(totals.items())
        if counted.startswith(prefix)
    }


def count_refusal(limit: Limit) -> None:
    """Count what a limit without a partition has refused; those with one are counted by their scripts."""
    sync_client().hincrby(keys.counters(0), f"refused:{limit}", 1)


async def acount_refusal(limit: Limit) -> None:
    """Like `count_refusal`."""
    await shared_connection().call("HINCRBY", keys.counters(0), f"refused:{limit}", 1)


async def sample() -> None:
    """Keep samples of the counters, where the time for one has come. May be called by anybody, often."""
    arguments = [number for kept in RESOLUTIONS for number in (kept.every_s * 1000, kept.samples)]
    for number in range(get_conf().partitions):
        streams = [keys.samples(number, kept.name) for kept in RESOLUTIONS]
        await _sample.run([keys.counters(number), *streams], *arguments)


def read_samples(kept: Resolution) -> list[list[Sample]]:
    """For each partition its samples, oldest first, and what the counters say now as the last one."""
    pipeline = sync_client().pipeline(transaction=False)
    for number in range(get_conf().partitions):
        pipeline.xrange(keys.samples(number, kept.name))
        pipeline.hgetall(keys.counters(number))
    answers = pipeline.execute()
    at_ms = now_ms()
    return [
        [_decode(entry, fields) for entry, fields in entries] + [Sample(at_ms, read_totals([totals]))]
        for entries, totals in zip(answers[::2], answers[1::2], strict=True)
    ]


def _decode(entry: str, fields: dict[str, str]) -> Sample:
    totals: dict[str, int] = orjson.loads(fields["totals"])
    return Sample(int(entry.partition("-")[0]), Counter(totals))
