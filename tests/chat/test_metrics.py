"""What the scripts count, and what /metrics says of it."""

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, get_args

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from chat import counters, fleet, keys, limits, sessions
from chat.errors import ModelError, QueueFull, RateLimited
from tests.clients import new_token, v1
from tests.invariants import Hands
from tests.servers import ROOT, RedisServer, Stack, wait_until

Samples = dict[tuple[str, str], float]


@pytest.fixture
def hands(each_redis: RedisServer, async_redis: None) -> Hands:
    return Hands(each_redis.client())


def scrape(**headers: str) -> Samples:
    """Name and label (the only one, if any) -> value."""
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found: Samples = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        assert family.documentation
        assert family.type in ("counter", "gauge", "histogram")
        for sample in family.samples:
            assert len(sample.labels) <= 1
            found[sample.name, "".join(sample.labels.values())] = sample.value
    return found


# --- What is counted: tests/invariants.py adds the outcomes up after every move of every test of the queue ---


async def test_every_outcome_is_counted_and_told(hands: Hands, chat_settings: Callable[..., None]) -> None:
    chat_settings(max_pending=2)
    ada, bob, eve = (hands.begin(name) for name in ("Ada", "Bob", "Eve"))
    await hands.answer(ada)
    await hands.send(ada)
    await hands.fail(await hands.work("w1"), ModelError(), "half")
    await hands.send(ada)
    await hands.work("w1")
    await hands.stop(ada)
    await hands.cancel(ada, await hands.send(ada))
    await hands.send(bob)
    await hands.send(bob)
    with pytest.raises(QueueFull):
        await hands.accept(bob)
    hands.end(bob)
    await hands.send(eve)
    await hands.send(eve)
    await hands.work("w1")

    said = scrape()
    assert said["chat_messages_accepted_total", ""] == 8
    assert said["chat_messages_answered_total", ""] == 1
    assert said["chat_messages_failed_total", "model_error"] == 1
    assert said["chat_messages_stopped_total", ""] == 1
    assert said["chat_messages_cancelled_total", ""] == 1
    assert said["chat_messages_ended_total", ""] == 2
    assert said["chat_refused_total", "queue_full"] == 1
    assert (said["chat_messages_waiting", ""], said["chat_messages_answering", ""]) == (1, 1)
    assert said["chat_sessions", ""] == 2


async def test_limits_count_what_they_refuse(
    hands: Hands, chat_settings: Callable[..., None], run_async: Any
) -> None:
    chat_settings(messages_per_minute=1, tokens_per_minute=1, sockets_per_ip=1)
    session_id = hands.begin()
    await hands.send(session_id)
    with pytest.raises(RateLimited):
        await hands.accept(session_id)
    limits.take_session_token("192.0.2.1")
    with pytest.raises(RateLimited):
        limits.take_session_token("192.0.2.1")
    assert await limits.take_socket_place("192.0.2.1", "first")
    assert not await limits.take_socket_place("192.0.2.1", "second")
    said = scrape()
    for limit in ("rate_limited", "sessions_per_address", "sockets_per_address"):
        assert said["chat_refused_total", limit] == 1


async def test_times_fall_into_their_buckets(hands: Hands) -> None:
    session_id = hands.begin()
    for first_text_ms, took_ms in ((10, 50), (11, 51), (120_001, 120_001)):
        await hands.send(session_id)
        claim = await hands.work()
        assert await hands.reply(claim, first_text_ms=first_text_ms, took_ms=took_ms)
        # Asked again, as after an answer that was lost: nothing is counted twice.
        assert await hands.reply(claim, first_text_ms=first_text_ms, took_ms=took_ms)
    said = scrape()
    first_text, whole = "chat_first_text_seconds", "chat_reply_seconds"
    assert said[f"{first_text}_bucket", "0.01"] == 1
    assert said[f"{first_text}_bucket", "0.025"] == said[f"{first_text}_bucket", "120"] == 2
    assert said[f"{first_text}_bucket", "+Inf"] == said[f"{first_text}_count", ""] == 3
    assert said[f"{first_text}_sum", ""] == pytest.approx(120.022)
    assert said[f"{whole}_bucket", "0.05"] == 1
    assert said[f"{whole}_sum", ""] == pytest.approx(120.102)
    assert said["chat_queue_wait_seconds_count", ""] == 3


def test_both_languages_know_the_same_buckets() -> None:
    lua = (ROOT / "chat" / "lua" / "lib.lua").read_text()
    found = re.search(r"BOUNDS_MS = \{([\d, ]+)\}", lua)
    assert found
    assert tuple(int(bound) for bound in found[1].split(",")) == counters.BOUNDS_MS


async def test_a_wait_lasts_from_the_turn_to_the_first_claim(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    first = await hands.work()
    wake_up = hands.take_over("w2")
    assert wake_up
    second = await hands.claim(wake_up, "w2")
    assert isinstance(second, type(first))
    # The time with the worker that died is no waiting.
    assert second.waited_ms == first.waited_ms


# --- The fleet ---


async def test_the_oldest_wait_is_of_a_message_whose_turn_has_come(hands: Hands) -> None:
    redis = hands.client
    assert scrape()["chat_oldest_wait_seconds", ""] == 0
    ada = hands.begin()
    await hands.send(ada)
    await hands.send(ada)
    await hands.work()
    # Ada's second message has no turn yet.
    assert fleet.read().oldest_wait_s == 0
    bob = hands.begin()
    await hands.send(bob)
    seconds, _ = redis.time()  # type: ignore[misc]
    wake = redis.hget(keys.session(bob), "wake")
    came_ms = int(str(wake).partition("-")[0])
    assert 0 <= fleet.read().oldest_wait_s <= seconds + 2 - came_ms / 1000


async def test_figures_of_several_partitions_are_added_up(
    hands: Hands, chat_settings: Callable[..., None]
) -> None:
    chat_settings(partitions=4)
    wide = Hands.__new__(Hands)
    wide.client = hands.client
    begun = [wide.begin(f"visitor-{number}") for number in range(8)]
    for session_id in begun:
        await wide.send(session_id)
    assert len({keys.partition(session_id) for session_id in begun}) > 1
    said = scrape()
    assert said["chat_messages_accepted_total", ""] == said["chat_messages_waiting", ""] == 8
    assert said["chat_sessions", ""] == 8


async def test_samples_are_kept_by_the_clock_whoever_asks(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.answer(session_id)
    await counters.sample()
    await counters.sample()
    (samples,) = counters.read_samples(counters.MINUTES)
    # One that is kept (two, when the minute has just changed), and the present.
    assert len(samples) in (2, 3)
    assert samples[0].totals["answered"] == 1
    await hands.answer(session_id)
    (samples,) = counters.read_samples(counters.HOURS)
    assert [sample.totals["answered"] for sample in (samples[0], samples[-1])] == [1, 2]
    # A sample that is old enough makes room for the next.
    stream = keys.samples(0, "minutes")
    hands.client.delete(stream)
    for minute in range(100):
        hands.client.xadd(stream, {"totals": "{}"}, id=f"{minute * 60_000 + 1}-0")
    await counters.sample()
    assert hands.client.xlen(stream) == counters.MINUTES.samples


async def test_a_real_worker_is_counted_and_keeps_samples(
    make_stack: Callable[..., Stack], redis_server: RedisServer, async_redis: None
) -> None:
    stack = make_stack(MODEL_URL="echo:?first_delay_ms=30")
    web = stack.web()
    stack.worker("--concurrency", "3")
    token = new_token(web)
    async with v1(web, token) as client:
        assert await client.ask("one two") == "one two"
        wait_until(lambda: scrape()["chat_workers", ""] == 1, "the worker to be seen")
        said = scrape()
        assert said["chat_sockets", ""] == 1
        assert said["chat_worker_slots", ""] == 3
        assert said["chat_messages_answered_total", ""] == said["chat_reply_seconds_count", ""] == 1
        assert said["chat_first_text_seconds_bucket", "0.025"] == 0
        assert said["chat_first_text_seconds_sum", ""] <= said["chat_reply_seconds_sum", ""]
    wait_until(lambda: scrape()["chat_sockets", ""] == 0, "the socket to be forgotten")
    snapshot = sessions.snapshot(token.partition(".")[0])
    assert snapshot
    reply = snapshot.messages[1]
    assert reply["first_text_ms"] >= 30
    assert reply["took_ms"] >= reply["first_text_ms"]
    assert reply["waited_ms"] >= 0
    assert reply["model"] == "echo"
    assert reply["worker"]
    redis: Any = redis_server.client()
    assert redis.xlen(keys.samples(0, "minutes")) >= 1


# --- Who may read it ---


def status(client: Client, **headers: str) -> int:
    return int(client.get("/metrics", headers=headers).status_code)


def test_figures_are_for_the_own_network_unless_there_is_a_token(
    redis_server: RedisServer, chat_settings: Callable[..., None]
) -> None:
    assert status(Client()) == 200
    assert status(Client(REMOTE_ADDR="10.1.2.3"), accept="application/openmetrics-text") == 200
    assert status(Client(REMOTE_ADDR="::ffff:10.1.2.3")) == 200
    assert status(Client(REMOTE_ADDR="8.8.8.8")) == 403
    # Through a proxy, however near that is.
    assert status(Client(), x_forwarded_for="8.8.8.8") == 403
    chat_settings(metrics_token="s3cret")
    assert status(Client()) == 403
    assert status(Client(), authorization="Bearer wrong") == 403
    assert status(Client(), authorization="Basic s3cret") == 403
    assert status(Client(REMOTE_ADDR="8.8.8.8"), authorization="Bearer s3cret") == 200


def test_a_fresh_server_has_every_name(redis_server: RedisServer) -> None:
    names = Counter(name.removesuffix("_bucket") for name, _ in scrape())
    for name in ("chat_messages_accepted_total", "chat_workers", "chat_sockets", "chat_first_text_seconds"):
        assert names[name]


# --- Who reads it: the dashboard and the alerts of deploy/ ---

_NAME = re.compile(r"\bchat_[a-z_]+")


def exported() -> set[str]:
    return {name for name, _ in scrape()} | {"chat_messages_failed_total", "chat_refused_total"}


def test_the_dashboard_shows_what_is_exported(redis_server: RedisServer) -> None:
    board = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
    shown = {
        name for panel in board["panels"] for goal in panel["targets"] for name in _NAME.findall(goal["expr"])
    }
    assert shown <= exported()
    # And leaves nothing out that is counted, apart from what histograms consist of.
    left_out = {name for name in exported() if not name.endswith(("_sum", "_count", "_bucket"))} - shown
    assert left_out == set()
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_the_alerts_ask_for_what_is_exported(redis_server: RedisServer) -> None:
    (group,) = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]:
        asked = set(_NAME.findall(rule["expr"]))
        assert asked
        assert asked <= exported()
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"].keys() == {"summary", "description"}
    limits_known = get_args(counters.Limit)
    assert 'limit="busy"' in str(group)
    assert "busy" in limits_known
