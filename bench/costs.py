"""What a visitor costs: time and traffic per message and per delta, memory per session, socket and message.

From these figures `bench/scaling.py` computes how much of everything so many visitors need. They are counts of the
operating system and of Redis, not times by the clock: other programs on the machine move them a little.
"""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.load import Crowd, Talk
from bench.stacks import System, cpu_seconds
from tests.model_server import running_model_server
from tests.redis_groups import RedisCluster

PROCESSES = ("web", "worker", "redis")
CLIENTS = 50
SOCKETS = 1000
SHORT = Talk(words=5)
LONG = Talk(words=20)
DELAY_MS = 60
"""Longer than the pace of flushes, so that every word goes out by itself."""
IDLE_S = 3.0
PUBLISHED = 20_000
EVENT_BYTES = 200
"""About what a delta has."""


async def measure(folder: Path) -> dict[str, Any]:
    """All figures, by process; times in ms, memory and traffic in bytes."""
    with closing(System(folder / "short")) as system:
        message = await _per_message(system)
        memory = await _memory(system)
    with closing(System(folder / "long", model_url=f"echo:?delay_ms={DELAY_MS}")) as system:
        delta = await _per_delta(system, message)
    with running_model_server() as server:
        url = server.url(f"stream?echo=1&delay_ms={DELAY_MS}")
        with closing(System(folder / "http", model_url=url)) as system:
            over_http = await _per_delta(system, message)
    # A worker whose model streams over HTTP reads each token from there.
    delta["worker_http_ms"] = over_http["worker_ms"]
    bus_ms = await asyncio.to_thread(_bus_ms, folder / "cluster")
    return {"message": message, "delta": delta, "memory": memory, "cluster_publish_ms": bus_ms}


async def _per_message(system: System) -> dict[str, float]:
    """Of a message whose reply comes at once, and of what is told about it."""
    crowd = await Crowd(system.doors(CLIENTS), SHORT, system.meter).enter()
    await crowd.talk(20)
    before = _traffic(system)
    measured = await crowd.talk(60)
    crowd.close()
    times = {f"{name}_ms": measured.cpu_ms(name) for name in PROCESSES}
    return times | {"redis_bytes": (_traffic(system) - before) / measured.answered}


async def _per_delta(system: System, message: dict[str, float]) -> dict[str, float]:
    """Of each further piece of a reply: what is left when the rest is taken off."""
    crowd = await Crowd(system.doors(CLIENTS), LONG, system.meter).enter()
    await crowd.talk(1)
    idle_before = system.meter()
    await asyncio.sleep(IDLE_S)
    idle = {name: (system.meter()[name] - idle_before[name]) / IDLE_S for name in PROCESSES}
    before = _traffic(system)
    measured = await crowd.talk(5)
    traffic = _traffic(system) - before
    crowd.close()
    found = {}
    for name in PROCESSES:
        busy_ms = (measured.cpu_s[name] - idle[name] * measured.seconds) * 1000
        found[f"{name}_ms"] = (busy_ms - measured.answered * message[f"{name}_ms"]) / measured.deltas
    found["redis_bytes"] = (traffic - measured.answered * message["redis_bytes"]) / measured.deltas
    return found


async def _memory(system: System) -> dict[str, float]:
    """What stays: a session and a message of 130 characters in Redis, a socket in the web process and in Redis."""
    # The first sockets load what all of them need.
    crowd = await Crowd(system.doors(CLIENTS), LONG, system.meter).enter()
    used, resident = _used(system), _resident(system)
    doors = system.doors(SOCKETS)
    per_session = (_used(system) - used) / SOCKETS
    used = _used(system)
    sockets = await Crowd(doors, LONG, system.meter).enter()
    per_socket = (_resident(system) - resident) / SOCKETS
    redis_per_socket = (_used(system) - used) / SOCKETS
    used = _used(system)
    talked = await crowd.talk(40)
    per_message = (_used(system) - used) / talked.answered / 2
    sockets.close()
    crowd.close()
    return {
        "session_bytes": per_session,
        "message_bytes": per_message,
        "socket_bytes": per_socket,
        "socket_redis_bytes": redis_per_socket,
    }


def _bus_ms(folder: Path) -> float:
    """Processor time of a Cluster's node for an event that was published at another one."""
    cluster = RedisCluster(folder)
    try:
        cluster.start()
        publisher, other = cluster.nodes[0].client(), cluster.nodes[1].process
        assert other
        before = cpu_seconds(other.pid)
        pipeline = publisher.pipeline(transaction=False)
        for _ in range(PUBLISHED):
            pipeline.publish("somebody", "x" * EVENT_BYTES)
        pipeline.execute()
        # What is still on its way is soon over.
        publisher.ping()
        return (cpu_seconds(other.pid) - before) / PUBLISHED * 1000
    finally:
        cluster.stop(9)


def _traffic(system: System) -> int:
    """Bytes that Redis got and gave."""
    stats: Any = system.redis.client().info("stats")
    return int(stats["total_net_input_bytes"] + stats["total_net_output_bytes"])


def _used(system: System) -> int:
    memory: Any = system.redis.client().info("memory")
    return int(memory["used_memory_dataset"])


def _resident(system: System) -> int:
    status = Path(f"/proc/{system.web_pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024
