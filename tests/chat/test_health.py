"""Alive and ready."""

import json
import signal
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.test import Client

from chat import VERSION, health, keys
from tests.clients import call
from tests.servers import RedisServer, Stack, wait_until


def say(redis: Any, name: str, *, seen_s_ago: float, **about: Any) -> None:
    seconds, _ = redis.time()
    redis.hset(keys.workers(0), name, json.dumps({**about, "seen": int((seconds - seen_s_ago) * 1000)}))


def test_workers_seen_lately_count(redis_server: RedisServer) -> None:
    redis = redis_server.client()
    about = {"slots": 16, "busy": 3, "model": "echo"}
    say(redis, "b", seen_s_ago=2, **about)
    say(redis, "a", seen_s_ago=20, **about)
    say(redis, "dead", seen_s_ago=40, **about)
    say(redis, "from the future", seen_s_ago=-3600, **about)
    found = health.workers()
    assert [worker.name for worker in found] == ["a", "b"]
    assert (found[1].slots, found[1].busy, found[1].model) == (16, 3, "echo")
    assert 1 <= found[1].seen_s_ago < 5


def test_a_worker_of_another_version_counts(redis_server: RedisServer) -> None:
    say(redis_server.client(), "a", seen_s_ago=0, news=1)
    assert len(health.workers()) == 1


def test_workers_and_the_schema_tell_the_same_version() -> None:
    assert settings.SPECTACULAR_SETTINGS["VERSION"] == VERSION


def test_ready_needs_a_worker(client: Client, redis_server: RedisServer) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "redis": True, "workers": 0}
    say(redis_server.client(), "a", seen_s_ago=0, slots=1, busy=0, model="echo")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "redis": True, "workers": 1}
    assert answer["Cache-Control"] == "no-store"


def test_ready_needs_redis_and_alive_does_not(
    client: Client, own_redis: RedisServer, chat_settings: Callable[..., None]
) -> None:
    chat_settings(redis_url=own_redis.url)
    own_redis.stop(signal.SIGKILL)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "redis": False, "workers": 0}
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    own_redis.start()
    assert client.get("/readyz").json()["redis"] is True


def test_a_real_worker_makes_the_service_ready(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    web = stack.web()
    assert call("GET", f"{web.url}/readyz")[0] == 503
    stack.worker()
    wait_until(lambda: call("GET", f"{web.url}/readyz")[0] == 200, "the worker to be seen")


def test_the_model_is_the_one_that_most_workers_have(redis_server: RedisServer) -> None:
    redis = redis_server.client()
    assert health.model_name() == ""
    say(redis, "a", seen_s_ago=0, model="new")
    say(redis, "b", seen_s_ago=0, model="old")
    say(redis, "c", seen_s_ago=0, model="old")
    say(redis, "d", seen_s_ago=0)
    assert health.model_name() == "old"
