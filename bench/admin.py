"""The operators' pages with a million sessions: `python -m bench.admin`.

A Redis of its own is filled with sessions as `create.lua` makes them, some of them waiting, answering and failed.
Then Django answers in this process, so that what is measured is all the work of a page but the web server's.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

from tests.servers import ROOT, running_redis

AT_ONCE = 10_000
ROUNDS = 15
WAITING = 500

# The same fields as in chat/lua/create.lua; starts 10 ms apart, the last one now.
_FILL = """
local prefix, sessions = KEYS[1], KEYS[2]
local first, last, total = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = clock()
for number = first, last do
  local id = string.format('%07dabcdefghijklmno', number)
  local start = now - (total - number) * 10
  redis.call('HSET', prefix .. id, 'id', id, 'name', 'Visitor ' .. number, 'token', string.rep('0', 64),
    'session_start', iso(start), 'rev', 0, 'form', 'list', 'last_activity', start, 'messages', 0,
    'version', 1)
  redis.call('EXPIRE', prefix .. id, 86400)
  redis.call('ZADD', sessions, start, id)
end
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    options = parser.parse_args()
    # No append-only file: a million sessions are read here, not kept.
    with (
        tempfile.TemporaryDirectory(prefix="chat-bench-") as folder,
        running_redis(Path(folder), "redis62", "--appendonly", "no") as server,
    ):
        os.environ["REDIS_URL"] = server.url
        django.setup()
        fill(server.client(), options.sessions)
        measure(server.client())


def fill(redis: Any, total: int) -> None:
    """Make the sessions, and let a few of them wait, answer and fail."""
    from chat import keys, queue

    began = time.monotonic()
    script = (ROOT / "chat" / "lua" / "lib.lua").read_text() + _FILL
    for first in range(0, total, AT_ONCE):
        last = min(first + AT_ONCE, total) - 1
        redis.eval(script, 2, keys.session_prefix(0), keys.sessions(0), first, last, total)
    redis.xgroup_create(keys.stream(0), keys.GROUP, id="0", mkstream=True)
    for number in range(WAITING):
        session_id = f"{number * (total // WAITING):07d}abcdefghijklmno"
        queue.accept_sync(session_id, f"{number:08d}-0000-4000-8000-000000000000", "Hello")
    redis.xreadgroup(keys.GROUP, "worker", {keys.stream(0): ">"}, count=100)
    failed = {f"{number * 3 + 1:07d}abcdefghijklmno": number for number in range(min(2000, total // 4))}
    redis.zadd(keys.failed(0), failed)
    print(
        f"{total:,} sessions made in {time.monotonic() - began:.0f} s, "
        f"{redis.info('memory')['used_memory'] / 1e6:,.0f} MB in Redis"
    )


def measure(redis: Any) -> None:
    """Time every page."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("root", password="secret"))
    sessions = "/admin/chat/session/"
    pages = {
        "sessions, first page": sessions,
        "sessions, page 10,000": f"{sessions}?p=10000",
        "by state: waiting": f"{sessions}?state=waiting",
        "by state: failed": f"{sessions}?state=failed",
        "by age: the last hour": f"{sessions}?age=hour",
        "by id, the beginning of one": f"{sessions}?q=0999990",
        "by name, of a new session": f"{sessions}?q=visitor+999",
        "by name, of nobody (bounded)": f"{sessions}?q=nobody",
        "queue and workers": "/admin/chat/worker/",
        "admin's first page": "/admin/",
        "/metrics": "/metrics",
    }
    print(f"{'page':32}{'work':>8}{'in Redis':>10}{'waited':>9}   ms, medians of {ROUNDS} rounds")
    for name, path in pages.items():
        here_ms, redis_ms, waited_ms = time_page(lambda path=path: client.get(path), redis)  # type: ignore[misc]
        print(f"{name:32}{here_ms + redis_ms:8.1f}{redis_ms:10.1f}{waited_ms:9.1f}")


def time_page(get: Callable[[], Any], redis: Any) -> tuple[float, float, float]:
    """For one page: the processor time of this process, that of Redis, and how long one waits; in ms."""
    assert get().status_code == 200
    here, in_redis, waited = [], [], []
    for _ in range(ROUNDS):
        before_redis, before_here, began = redis_cpu_s(redis), time.process_time(), time.perf_counter()
        assert get().status_code == 200
        waited.append(time.perf_counter() - began)
        here.append(time.process_time() - before_here)
        in_redis.append(redis_cpu_s(redis) - before_redis)
    return tuple(statistics.median(times) * 1000 for times in (here, in_redis, waited))  # type: ignore[return-value]


def redis_cpu_s(redis: Any) -> float:
    used = redis.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])


if __name__ == "__main__":
    main()
