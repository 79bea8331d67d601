"""The conversation as a download, on both forms of the history."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from chat import sessions, visitor
from chat.sessions import Token
from tests.servers import RedisServer
from tests.stored import message, store

EXPIRED = {"detail": "Session expired or does not exist", "code": "session_expired"}


@pytest.fixture
def api(client: Client, each_redis: RedisServer, chat_settings: Callable[..., None]) -> Client:
    return client


def begin(redis: RedisServer, *messages: dict[str, Any], name: str = "Ada") -> Token:
    """A session with these messages, stored as the scripts store them."""
    token, session = sessions.create(name)
    store(redis.client(), session.id, *messages)
    return token


def get(api: Client, token: Token, form: str = "json") -> Any:
    return api.get(f"/history?format={form}", headers={"Authorization": f"Bearer {token}"})


def test_json_has_all_that_is_shown(api: Client, each_redis: RedisServer):
    said = [
        message("human", "old", replaced=True),
        message("human", "Grüße 😀"),
        message("bot", "**hi**", to="x", finish="stop", rating="down"),
        message("human", "again", code="model_error", detail="It failed.", partial="secret"),
    ]
    token = begin(each_redis, *said)
    answer = get(api, token)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"].startswith('attachment; filename="chat-Ada-')
    body = answer.json()
    assert body["name"] == "Ada"
    assert [each["text"] for each in body["messages"]] == ["Grüße 😀", "**hi**", "again"]
    assert body["messages"][1]["rating"] == "down"
    assert body["messages"][2]["code"] == "model_error"
    assert "partial" not in answer.content.decode()
    assert "Grüße 😀" in answer.content.decode()


def test_markdown_reads_like_a_document(api: Client, each_redis: RedisServer):
    token = begin(
        each_redis,
        message("human", "Hello"),
        message("bot", "A **word**", finish="stopped", rating="up"),
        message("human", "More", code="model_error", detail="It failed."),
        name="Ada *L*",
    )
    answer = get(api, token, "md")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    text = answer.content.decode()
    assert text.startswith("# Conversation of Ada \\*L\\*\n")
    assert "## Bot, 2026-01-02T03:04:05.678Z\n\nA **word**\n\n*Stopped*\n\n*Thumbs up*\n" in text
    assert "More\n\n*Not answered: It failed.*\n" in text


def test_a_long_history_is_whole_and_in_order(api: Client, each_redis: RedisServer):
    token = begin(each_redis, *(message("human", str(number)) for number in range(1203)))
    assert [each["text"] for each in get(api, token).json()["messages"]] == [str(n) for n in range(1203)]


@pytest.mark.parametrize(
    ("name", "filename"),
    [
        ("Ада", "filename*=utf-8''chat-%D0%90%D0%B4%D0%B0-"),
        ('x"\\../y', 'filename="chat-x-----y-'),
        ("!!!", 'filename="chat-chat-'),
    ],
)
def test_the_name_of_the_file_is_safe(api: Client, each_redis: RedisServer, name: str, filename: str):
    assert filename in get(api, begin(each_redis, name=name))["Content-Disposition"]


def test_a_token_in_the_query_works_and_a_wrong_one_does_not(api: Client, each_redis: RedisServer):
    token = begin(each_redis)
    assert api.get(f"/history?token={token}").status_code == 200
    for wrong in (f"{token}x", f"{token.session_id}.{'x' * 43}", "nonsense", ""):
        answer = api.get(f"/history?token={wrong}")
        assert (answer.status_code, answer.json()) == (400, EXPIRED)


def test_the_pages_cookie_opens_its_own_sessions_only(api: Client, each_redis: RedisServer):
    own, foreign = begin(each_redis), begin(each_redis)
    assert api.get(f"/history?session={own.session_id}").status_code == 400
    response = HttpResponse()
    visitor.remember(response, {}, own.session_id)
    api.cookies = response.cookies
    assert api.get(f"/history?format=md&session={own.session_id}").status_code == 200
    assert api.get(f"/history?session={foreign.session_id}").json() == EXPIRED
    # A token that is there counts, right or wrong.
    assert api.get(f"/history?session={own.session_id}&token=x").json() == EXPIRED


def test_another_format_is_refused_in_words(api: Client, each_redis: RedisServer):
    answer = get(api, begin(each_redis), "xml")
    assert answer.status_code == 400
    assert answer.json() == {"detail": "The format is json or md.", "code": "parse_error"}


def test_it_is_in_the_schema():
    schema = SchemaGenerator().get_schema(public=True)
    call = schema["paths"]["/history"]["get"]
    assert set(call["responses"]["200"]["content"]) == {"application/json", "text/markdown"}
    assert {parameter["name"] for parameter in call["parameters"]} == {"format", "session", "token"}
