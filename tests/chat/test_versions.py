"""Edited messages, versions of replies and what visitors think of them, on both forms of the history."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.http import HttpResponse
from django.test import Client

from chat import sessions, visitor
from chat.errors import ModelError, NotFound, SessionExpired
from chat.events import public
from chat.queue import Rated
from tests.invariants import Hands
from tests.servers import RedisServer


@pytest.fixture
async def hands(each_redis: RedisServer, async_redis: None) -> AsyncIterator[Hands]:
    client = each_redis.client()
    yield Hands(client)
    client.close()


async def edit(hands: Hands, session_id: str, replaces: str, text: str = "edited") -> str:
    message_id = str(uuid4())
    accepted = await hands.accept(session_id, text, message_id, replaces)
    assert accepted
    return message_id


async def versions(session_id: str, message_id: str) -> list[tuple[str, str | None]]:
    found = await sync_to_async(sessions.read_versions)(session_id, message_id)
    return [(each.message["text"], each.reply["text"] if each.reply else None) for each in found]


# --- edit ------------------------------------------------------------------------------------------------------


async def test_an_edited_message_takes_the_place_of_the_last_one_and_its_reply(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.answer(session_id, "first", "one")
    old, _ = await hands.answer(session_id, "second", "two")
    new = str(uuid4())
    accepted = await hands.accept(session_id, "better", new, old)
    assert accepted
    assert accepted.message["replaces"] == old
    assert accepted.message["version"] == 2
    assert hands.texts(session_id) == ["first", "one"]
    snapshot = sessions.snapshot(session_id)
    assert snapshot
    [waiting] = snapshot.to_frame()["pending"]
    assert (waiting["id"], waiting["text"], waiting["replaces"], waiting["version"]) == (new, "better", old, 2)
    claim = await hands.work()
    assert [message["text"] for message in claim.context] == ["first", "one"]
    await hands.reply(claim, "three")
    assert hands.texts(session_id) == ["first", "one", "better", "three"]
    assert [message.get("replaced", False) for message in hands.stored(session_id).history] == [
        *(False, False),
        *(True, True),
        *(False, False),
    ]


async def test_an_edit_sent_twice_is_one_message(hands: Hands) -> None:
    session_id = hands.begin()
    old, _ = await hands.answer(session_id)
    new = str(uuid4())
    first = await hands.accept(session_id, "better", new, old)
    again = await hands.accept(session_id, "better", new, old)
    assert first
    assert again
    assert (first.is_new, again.is_new) == (True, False)
    assert first.message == again.message
    await hands.reply(await hands.work())
    assert await hands.accept(session_id, "better", new, old) is None


async def test_a_failed_message_is_edited_wherever_it_stands_and_waits_at_the_end(hands: Hands) -> None:
    session_id = hands.begin()
    failed = await hands.send(session_id, "bad")
    await hands.fail(await hands.work(), ModelError())
    await hands.answer(session_id, "good", "yes")
    await hands.send(session_id, "next")
    accepted = await hands.accept(session_id, "better", str(uuid4()), failed)
    assert accepted
    assert accepted.position == 1
    # It had no reply yet, so its own will be the first.
    assert "version" not in accepted.message
    assert hands.texts(session_id) == ["good", "yes"]


async def test_an_edit_taken_back_brings_back_what_it_was_to_replace(hands: Hands) -> None:
    session_id = hands.begin()
    old, _ = await hands.answer(session_id, "hi", "yes")
    new = await edit(hands, session_id, old)
    assert (await hands.cancel(session_id, new)).changes_more
    assert hands.texts(session_id) == ["hi", "yes"]
    # It can be edited again, under another id.
    assert await hands.accept(session_id, "x", new, old) is None
    await edit(hands, session_id, old)


async def test_only_a_failed_message_or_the_last_one_can_be_edited(hands: Hands) -> None:
    session_id = hands.begin()
    first, _ = await hands.answer(session_id)
    second, reply = await hands.answer(session_id)
    for target in (first, reply, str(uuid4())):
        with pytest.raises(NotFound):
            await edit(hands, session_id, target)
    third = await hands.send(session_id)
    for target in (second, third):
        with pytest.raises(NotFound):
            await edit(hands, session_id, target)
    await hands.reply(await hands.work())
    await edit(hands, session_id, third)
    with pytest.raises(NotFound):
        await edit(hands, session_id, third)


# --- versions --------------------------------------------------------------------------------------------------


async def test_versions_follow_retries_and_edits_through_failures(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.answer(session_id, "before", "x")
    old, _ = await hands.answer(session_id, "ask", "one")
    assert await versions(session_id, old) == [("ask", "one")]
    await hands.retry(session_id, old)
    assert await versions(session_id, old) == [("ask", "one")]
    await hands.reply(await hands.work(), "two")
    new = await edit(hands, session_id, old, "better")
    await hands.fail(await hands.work(), ModelError())
    assert await versions(session_id, new) == [("ask", "one"), ("ask", "two"), ("better", None)]
    await hands.answer(session_id, "between", "y")
    await hands.retry(session_id, new)
    await hands.reply(await hands.work(), "three")
    assert await versions(session_id, new) == [
        *[("ask", "one"), ("ask", "two")],
        *[("better", None), ("better", "three")],
    ]
    shown = {message["text"]: public(message) for message in hands.visible(session_id)}
    assert shown["better"]["version"] == 3
    assert "version" not in shown["before"]
    assert await versions(session_id, str(uuid4())) == []


async def test_no_more_versions_than_a_page_can_take(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_VERSIONS", 3)
    session_id = hands.begin()
    message_id, _ = await hands.answer(session_id, "ask", "0")
    for number in range(1, 5):
        await hands.retry(session_id, message_id)
        await hands.reply(await hands.work(), str(number))
    assert [reply for _, reply in await versions(session_id, message_id)] == ["2", "3", "4"]


async def test_versions_over_http_by_token_and_by_cookie(hands: Hands, client: Client) -> None:
    token, session = await sync_to_async(sessions.create)("Ada")
    message_id, _ = await hands.answer(session.id, "ask", "one")
    await hands.retry(session.id, message_id)
    await hands.reply(await hands.work(), "two")

    def get(query: str = "", token: Any = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return client.get(f"/versions?id={message_id}{query}", headers=headers)

    def check() -> None:
        answer = get(token=token)
        assert answer.status_code == 200
        body = answer.json()
        assert [each["reply"]["text"] for each in body["versions"]] == ["one", "two"]
        assert body["versions"][1]["message"]["version"] == 2
        assert get(f"&session={session.id}").status_code == 400
        assert get(token=f"{token}x").status_code == 400
        cookies = HttpResponse()
        visitor.remember(cookies, {}, session.id)
        client.cookies = cookies.cookies
        assert get(f"&session={session.id}").content == answer.content
        assert "no-store" in answer["Cache-Control"]

    await sync_to_async(check)()


# --- what visitors think ---------------------------------------------------------------------------------------


async def test_a_rating_is_kept_with_the_reply_and_can_be_taken_back(hands: Hands) -> None:
    session_id = hands.begin()
    message_id, reply = await hands.answer(session_id, 'a ,"rating":"up" trap', 'and ,"rating":"up" here')
    rev = hands.rev(session_id)

    def kept() -> str | None:
        return public(hands.visible(session_id)[1]).get("rating")

    assert await hands.rate(session_id, reply, message_id, "up") == Rated(rev + 1, is_new=True)
    assert await hands.rate(session_id, reply, message_id, "up") == Rated(rev + 1, is_new=False)
    assert kept() == "up"
    await hands.rate(session_id, reply, message_id, "down")
    assert kept() == "down"
    await hands.rate(session_id, reply, message_id, "")
    assert kept() is None
    assert (await hands.rate(session_id, reply, message_id, "")).is_new is False
    assert hands.rev(session_id) == rev + 3
    assert hands.texts(session_id) == ['a ,"rating":"up" trap', 'and ,"rating":"up" here']


async def test_only_a_reply_that_is_shown_can_be_rated(hands: Hands) -> None:
    session_id = hands.begin()
    first, first_reply = await hands.answer(session_id)
    last, last_reply = await hands.answer(session_id)
    await hands.rate(session_id, first_reply, first, "down")
    for reply, to in ((last_reply, first), (last, last), (str(uuid4()), last), (last_reply, str(uuid4()))):
        with pytest.raises(NotFound):
            await hands.rate(session_id, reply, to, "up")
    await edit(hands, session_id, last)
    with pytest.raises(NotFound):
        await hands.rate(session_id, last_reply, last, "up")
    failed = await hands.work()
    await hands.fail(failed, ModelError())
    with pytest.raises(NotFound):
        await hands.rate(session_id, failed.reply, failed.message["id"], "up")
    with pytest.raises(SessionExpired):
        await hands.rate("no-such-session-here", last_reply, last, "up")


async def test_a_rating_while_the_next_reply_is_written_disturbs_nothing(hands: Hands) -> None:
    session_id = hands.begin()
    message_id, reply = await hands.answer(session_id)
    await hands.send(session_id)
    claim = await hands.work()
    assert await hands.flush(claim, 0, "abc")
    await hands.rate(session_id, reply, message_id, "up")
    assert await hands.flush(claim, 3, "def")
    assert await hands.reply(claim, "abcdef")
