"""The admin's login: who guesses passwords is slowed down."""

import re
import signal
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.servers import RedisServer

LOGIN = "/admin/login/?next=/admin/"


@pytest.fixture
def staff(db: None) -> None:
    User.objects.create_superuser("ada", password="the right one")


def log_in(client: Client, password: str, name: str = "ada", **headers: str) -> int:
    answer = client.post(LOGIN, {"username": name, "password": password}, headers=headers)
    return answer.status_code


def test_the_right_password_opens_the_admin(client: Client, staff: None, redis_server: RedisServer) -> None:
    assert log_in(client, "a wrong one") == 200
    assert client.get("/admin/").status_code == 302
    assert log_in(client, "the right one") == 302
    assert client.get("/admin/").status_code == 200


def test_too_many_tries_are_refused_whatever_the_password(
    client: Client, staff: None, redis_server: RedisServer, chat_settings: Callable[..., None]
) -> None:
    chat_settings(logins_per_minute=3, num_proxies=1)
    one = {"X-Forwarded-For": "192.0.2.1"}
    assert [log_in(client, str(number), **one) for number in range(4)] == [200, 200, 200, 429]
    answer = client.post(LOGIN, {"username": "ada", "password": "the right one"}, headers=one)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 20
    assert "Too many tries to log in" in answer.content.decode()
    assert client.get("/admin/").status_code == 302
    # From her own address she gets in.
    assert log_in(client, "the right one", **{"X-Forwarded-For": "192.0.2.2"}) == 302


def test_many_addresses_cannot_guess_one_name_faster(
    client: Client, staff: None, redis_server: RedisServer, chat_settings: Callable[..., None]
) -> None:
    chat_settings(logins_per_minute=2, num_proxies=1)
    statuses = [log_in(client, "x", **{"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(10)]
    assert statuses == [200] * 6 + [429] * 4


def test_a_form_without_its_token_is_refused(staff: None, redis_server: RedisServer) -> None:
    client = Client(enforce_csrf_checks=True)
    assert log_in(client, "the right one") == 403
    page = client.get(LOGIN).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    fields = {"username": "ada", "password": "the right one", "csrfmiddlewaretoken": token[1]}
    assert client.post(LOGIN, fields).status_code == 302


def test_nobody_logs_in_while_redis_is_away(
    client: Client, staff: None, own_redis: RedisServer, chat_settings: Callable[..., None]
) -> None:
    chat_settings(redis_url=own_redis.url)
    assert log_in(client, "the right one") == 302
    own_redis.stop(signal.SIGKILL)
    assert client.get("/admin/").status_code == 200  # who is in stays in
    other = Client()
    answer = other.post(LOGIN, {"username": "ada", "password": "the right one"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    own_redis.start()
    assert log_in(other, "the right one") == 302
