"""A message that ends each worker that works on it."""

import pytest

from chat import keys
from tests.clients import v1
from tests.faults.conftest import STUCK, Site, answer, next_attempt

pytestmark = pytest.mark.xdist_group("faults-redis")


async def test_after_three_dead_workers_the_session_goes_on(site: Site) -> None:
    token = site.new_token()
    async with v1(site.web, token) as client:
        poison, harmless = await client.send("poison"), await client.send("harmless")
        seen = ""
        for _ in range(3):
            worker = site.worker(STUCK)
            seen = await next_attempt(client, poison, seen)
            worker.stop(9)
        site.worker()
        failed = await client.until("failed", "session")
        if failed["type"] == "failed":
            assert (failed["to"], failed["code"], failed["retryable"]) == (poison, "gave_up", True)
        assert await answer(client, harmless) == "harmless"
        human = (await client.sync())["messages"][0]
        assert (human["id"], human["code"]) == (poison, "gave_up")
        assert human["detail"]
        [(_, letter)] = site.redis.client().xrange(keys.dead_letters(0))  # type: ignore[misc]
        assert letter["session"] == token.partition(".")[0]
        assert (letter["reason"], letter["attempts"]) == ("gave_up", "3")
        # It may be tried again.
        await client.say(type="retry", id=poison)
        assert await answer(client, poison) == "poison"
    site.check_settled(token, "harmless", "poison")
