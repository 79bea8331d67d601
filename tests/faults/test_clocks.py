"""Clocks that are an hour wrong: every time that counts is taken from Redis."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.clients import v1
from tests.faults.conftest import STUCK, Site, answer
from tests.servers import ROOT

pytestmark = pytest.mark.xdist_group("faults-redis")

WRONG_CLOCK = """
import datetime, time
_time, _time_ns, _Real = time.time, time.time_ns, datetime.datetime
time.time = lambda: _time() + {hours} * 3600
time.time_ns = lambda: _time_ns() + {hours} * 3600 * 10**9
class _Wrong(_Real):
    @classmethod
    def now(cls, tz=None):
        return _Real.now(tz) + datetime.timedelta(hours={hours})
datetime.datetime = _Wrong
print("the clock is wrong by {hours} hours")
"""


def wrong_clock(folder: Path, hours: int) -> dict[str, str]:
    """The environment of a process whose clock is wrong from its start."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(WRONG_CLOCK.format(hours=hours))
    return {"PYTHONPATH": f"{folder}:{ROOT}"}


async def test_clocks_an_hour_wrong(site: Site, tmp_path: Path) -> None:
    fast, slow = wrong_clock(tmp_path / "fast", 1), wrong_clock(tmp_path / "slow", -1)
    dead = site.worker(STUCK, **fast)
    web = site.stack.web(0, **slow)
    token = site.new_token()
    async with v1(web, token) as client:
        message = await client.send("hello there")
        await client.until("started")
        # A take-over, by one whose clock is two hours behind the other's.
        worker = site.worker(**slow)
        dead.stop(9)
        assert await answer(client, message) == "hello there"
        session = await client.sync()
    for process in (dead, worker, web.process):
        assert process.said("the clock is wrong by")
    seconds, _ = site.redis.client().time()  # type: ignore[misc]
    now = datetime.fromtimestamp(seconds).astimezone()
    for message in session["messages"]:
        assert abs(datetime.fromisoformat(message["timestamp"]) - now) < timedelta(minutes=2)
    left = datetime.fromisoformat(session["session"]["expires_at"]) - now
    assert timedelta(minutes=58) < left < timedelta(minutes=61)
    site.check_settled(token, "hello there")
