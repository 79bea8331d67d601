"""A model that hangs, before its first word or after it: the wait ends, both protocols say so, a retry works."""

import json

import pytest

from tests.clients import PATIENCE_S, plain, receive_json, v1
from tests.faults.conftest import STUCK, STUCK_AFTER_ONE_WORD, Site, Stopwatch, answer

TIMEOUT_S = 1.0


@pytest.mark.parametrize(("model", "partial"), [(STUCK, ""), (STUCK_AFTER_ONE_WORD, "one ")])
async def test_model_that_hangs_fails_visibly(site: Site, model: str, partial: str) -> None:
    hanging = site.worker(model, MODEL_TIMEOUT_S=str(TIMEOUT_S))
    token = site.new_token()
    async with v1(site.web, token) as client, plain(site.web, token) as old:
        since = Stopwatch()
        message = await client.send("one two")
        failed = await client.until("failed", to=message)
        assert (failed["code"], failed["retryable"]) == ("model_timeout", True)
        assert since.s() < TIMEOUT_S + PATIENCE_S
        said = await receive_json(old)
        assert (said["error"], said["msg"]) == ("model_timeout", failed["detail"])
        assert site.stored(token).history[-1].get("partial", "") == partial
        # What comes next is not held up, and what failed can be answered.
        hanging.stop()
        site.worker()
        assert await client.ask("next") == "next"
        assert json.loads(await old.recv())["msg"] == "next"
        await client.say(type="retry", id=message)
        assert await answer(client, message) == "one two"
