"""A worker that stands still for longer than its lease, and goes on."""

import signal

import pytest

from tests.clients import v1
from tests.faults.conftest import Site, answer, next_attempt
from tests.servers import wait_until

pytestmark = pytest.mark.xdist_group("faults-workers")
TEXT = " ".join(f"word{number}" for number in range(40))


async def test_woken_worker_writes_nothing(site: Site) -> None:
    worker, token = site.worker("echo:?delay_ms=150"), site.new_token()
    async with v1(site.web, token) as client:
        message = await client.send(TEXT)
        begun = await client.until("delta", to=message)
        worker.popen.send_signal(signal.SIGSTOP)
        other = site.worker("echo:?delay_ms=150")
        again = await next_attempt(client, message, begun["id"])
        assert again != begun["id"]
        # The other is still writing when the first one goes on.
        worker.popen.send_signal(signal.SIGCONT)
        wait_until(lambda: site.busy(worker) == 0, "the woken worker to let go")
        assert site.busy(other) == 1
        assert await answer(client, message) == TEXT
        told = [frame.get("id") for frame in client.frames]
        assert begun["id"] not in told[told.index(again) if again in told else len(told) :]
        assert await client.ask("next") == "next"
    site.check_settled(token, TEXT, "next")


async def test_worker_that_is_woken_after_the_end_changes_nothing(site: Site) -> None:
    worker, token = site.worker("echo:?delay_ms=150"), site.new_token()
    async with v1(site.web, token) as client:
        message = await client.send(TEXT)
        await client.until("delta", to=message)
        worker.popen.send_signal(signal.SIGSTOP)
        other = site.worker()
        assert await answer(client, message) == TEXT
        before = site.stored(token).history
        other.stop()
        worker.popen.send_signal(signal.SIGCONT)
        wait_until(lambda: site.busy(worker) == 0, "the woken worker to let go")
        assert site.stored(token).history == before
        # It is none the worse for it.
        assert await client.ask("next") == "next"
    site.check_settled(token, TEXT, "next")
