"""`python -m bench.scaling FILE`: what so many daily visitors need, computed from what `bench` measured.

FILE is what `python -m bench --only costs --json FILE` wrote. The formula and the assumptions are explained in
docs/scaling.md.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VISITORS = (10_000, 1_000_000, 50_000_000)
FLUSHES_PER_S = 25
"""A reply's pieces are gathered for 40 ms."""
PUBLISH_SHARE = 0.25
"""Of Redis' time. `INFO commandstats` gives 1.8 µs for a PUBLISH, 32 µs for a script; on top both are read."""
GB = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What visitors do, and how full machines may be. Everybody has others: they are options of the command."""

    messages: float = 6
    """Of a visitor in a day."""
    busiest_hour: float = 0.12
    """Its share of the day's visitors."""
    visit_min: float = 10
    reply_tokens: float = 150
    tokens_per_s: float = 30
    """Of one reply, as its reader sees it."""
    kept_min: float = 60
    """CHAT_SESSION_TTL_S: how long a session is kept after its last message."""
    full: float = 0.6
    """How busy a process may be: the rest is for peaks within the hour, and for those that fail."""
    sockets_per_process: float = 10_000
    redis_gb: float = 16
    """Memory of one Redis, of which half is used: copies are made while it writes its file anew."""
    gpu_tokens_per_s: float = 2_000
    """Of all replies together on one GPU. Not measured here; ask your model's server."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What is needed in the busiest hour."""

    visitors: int
    messages_per_s: float
    deltas_per_s: float
    answering: float
    """Replies that are being written at one moment: slots of all workers together."""
    sockets: float
    web_processes: int
    worker_cores: int
    redis_cores: float
    """Of all masters together, if all of it was spread over them."""
    redis_masters: int
    """For processor time and memory, with the channel layer on servers of its own where `layer_hosts` is not 0."""
    layer_hosts: int
    redis_memory_gb: float
    redis_mbit_per_s: float
    gpus: int

    @property
    def bottleneck(self) -> str:
        """What gives way first to a single process of each kind."""
        if self.layer_hosts:
            return "the Cluster's passing on of events"
        if self.redis_masters > 1:
            return "one Redis"
        return "one web process" if self.web_processes > 1 else "the model"


def needs(visitors: int, costs: Mapping[str, Any], assumed: Assumptions) -> Needs:
    """The formula of docs/scaling.md."""
    message, delta, memory = costs["message"], costs["delta"], costs["memory"]
    visits_per_s = visitors * assumed.busiest_hour / 3600
    messages = visits_per_s * assumed.messages
    reply_s = assumed.reply_tokens / assumed.tokens_per_s
    deltas = messages * min(assumed.reply_tokens, reply_s * FLUSHES_PER_S)
    sockets = visits_per_s * assumed.visit_min * 60

    def cores(process: str) -> float:
        return float(messages * message[f"{process}_ms"] + deltas * delta[f"{process}_ms"]) / 1000

    tokens = messages * assumed.reply_tokens
    worker_cores = cores("worker") + tokens * (delta["worker_http_ms"] - delta["worker_ms"]) / 1000
    web = max(cores("web") / assumed.full, sockets / assumed.sockets_per_process)
    sessions = visits_per_s * 60 * (assumed.visit_min + assumed.kept_min)
    stored = sessions * (memory["session_bytes"] + 2 * assumed.messages * memory["message_bytes"])
    stored += sockets * memory["socket_redis_bytes"]
    masters, layer = _redis(cores("redis"), deltas + 2 * messages, costs["cluster_publish_ms"], assumed)
    masters = max(masters, math.ceil(stored / GB / (assumed.redis_gb / 2)))
    return Needs(
        visitors=visitors,
        messages_per_s=messages,
        deltas_per_s=deltas,
        answering=messages * reply_s,
        sockets=sockets,
        web_processes=math.ceil(web),
        worker_cores=math.ceil(worker_cores / assumed.full),
        redis_cores=cores("redis"),
        redis_masters=masters,
        layer_hosts=layer,
        redis_memory_gb=stored / GB,
        redis_mbit_per_s=(messages * message["redis_bytes"] + deltas * delta["redis_bytes"]) * 8 / 1e6,
        gpus=math.ceil(tokens / assumed.gpu_tokens_per_s / assumed.full),
    )


def _redis(cores: float, events_per_s: float, bus_ms: float, assumed: Assumptions) -> tuple[int, int]:
    """Masters of the queue, and hosts of a channel layer of its own: 0 where the queue's Redis does both.

    Each master passes the events of all on: what that takes does not become less with more masters.
    """
    passing_on = events_per_s * bus_ms / 1000
    left = assumed.full - passing_on
    if cores <= assumed.full:
        return 1, 0
    if left > assumed.full / 2:
        return math.ceil(cores / left), 0
    masters = cores * (1 - PUBLISH_SHARE) / assumed.full
    return math.ceil(masters), math.ceil(cores * PUBLISH_SHARE / assumed.full)


def table(found: Sequence[Needs]) -> str:
    """Markdown, one column for each number of visitors."""
    rows: list[tuple[str, list[str]]] = [
        ("daily visitors", [f"{one.visitors:,}" for one in found]),
        ("messages a second", [_number(one.messages_per_s) for one in found]),
        ("deltas a second", [_number(one.deltas_per_s) for one in found]),
        ("replies being written", [_number(one.answering) for one in found]),
        ("open sockets", [_number(one.sockets) for one in found]),
        ("web processes, a core each", [_number(one.web_processes) for one in found]),
        ("cores for workers", [_number(one.worker_cores) for one in found]),
        ("Redis masters, each with a replica", [_number(one.redis_masters) for one in found]),
        ("hosts of the channel layer alone", [_number(one.layer_hosts) for one in found]),
        ("memory of all masters, GB", [_number(one.redis_memory_gb) for one in found]),
        ("traffic of Redis, Mbit/s", [_number(one.redis_mbit_per_s) for one in found]),
        ("GPUs (assumed, not measured)", [_number(one.gpus) for one in found]),
        ("gives way first", [one.bottleneck for one in found]),
    ]
    head, *body = rows
    lines = [f"| {head[0]} | {' | '.join(head[1])} |", "|---" * (len(found) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(values)} |" for name, values in body]
    return "\n".join(lines)


def _number(value: float) -> str:
    """Two digits that count; what follows them is no more than an estimate."""
    if value and value < 10:
        return f"{value:.2g}"
    digits = max(0, len(str(round(value))) - 2)
    return f"{round(value, -digits):,.0f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--visitors", type=int, nargs="+", default=VISITORS)
    for name, value in ((name, getattr(Assumptions(), name)) for name in Assumptions.__slots__):
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=value, help=f"({value:g})")
    options = parser.parse_args()
    assumed = Assumptions(**{name: getattr(options, name) for name in Assumptions.__slots__})
    costs = json.loads(options.file.read_text())["costs"]
    print(table([needs(visitors, costs, assumed) for visitors in options.visitors]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
