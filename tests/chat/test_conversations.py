"""The list of a visitor's conversations and the search in it, on both forms of the history."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from chat import conversations, keys, sessions
from chat.conversations import Conversation, Excerpt
from chat.errors import ModelError
from tests.invariants import Hands
from tests.servers import RedisServer


@pytest.fixture
async def hands(each_redis: RedisServer, async_redis: None) -> AsyncIterator[Hands]:
    client = each_redis.client()
    yield Hands(client)
    client.close()


async def glance(*session_ids: str) -> list[Conversation]:
    return await sync_to_async(conversations.glance)(session_ids)


async def one(session_id: str) -> Conversation:
    [found] = await glance(session_id)
    return found


async def test_the_last_active_is_first_and_what_has_ended_is_missing(hands: Hands):
    first, second, ended = hands.begin("Ada"), hands.begin("Grace"), hands.begin("Mary")
    hands.end(ended)
    await hands.answer(first, "hello")
    listed = await glance(second, ended, "nosuchsession0000000", first)
    assert [(each.id, each.name, each.title) for each in listed] == [
        (first, "Ada", "hello"),
        (second, "Grace", ""),
    ]
    assert await glance() == []


async def test_a_conversation_is_called_by_its_first_message_or_as_the_visitor_says(hands: Hands):
    session_id = hands.begin()
    await hands.send(session_id, "  what\nis  this? ")
    assert (await one(session_id)).title == "what is this?"
    await hands.reply(await hands.work())
    await hands.answer(session_id, "second")
    assert (await one(session_id)).title == "what is this?"
    assert conversations.rename(session_id, " My\n thoughts " + "x" * 200)
    assert (await one(session_id)).title == ("My thoughts " + "x" * 200)[:80]
    assert conversations.rename(session_id, " ")
    assert (await one(session_id)).title == "what is this?"
    hands.check()
    assert not conversations.rename("nosuchsession0000000", "x")
    hands.check()


async def test_what_was_replaced_gives_no_title(hands: Hands):
    session_id = hands.begin()
    message_id = await hands.send(session_id, "first")
    await hands.fail(await hands.work(), ModelError())
    await hands.answer(session_id, "second")
    await hands.retry(session_id, message_id)
    assert (await one(session_id)).title == "second"


@pytest.mark.parametrize("text", ["ä" * 300, "x" + "😀" * 300, "x" * 399 + "é", "x" * 400, "x" * 4000])
async def test_a_long_first_message_is_cut_between_characters(hands: Hands, text: str):
    session_id = hands.begin()
    await hands.send(session_id, text)
    found = await one(session_id)
    assert text.startswith(found.first_text)
    assert 396 < len(found.first_text.encode()) <= 400
    assert found.title == text[:80]


async def test_the_revision_of_the_last_outcome_tells_what_is_new(hands: Hands):
    session_id = hands.begin()
    assert (await one(session_id)).heard_rev == 0
    await hands.send(session_id)
    assert ((await one(session_id)).heard_rev, (await one(session_id)).is_answering) == (0, True)
    await hands.reply(await hands.work())
    answered = await one(session_id)
    assert (answered.heard_rev, answered.is_answering) == (hands.rev(session_id), False)
    await hands.send(session_id)
    assert (await one(session_id)).heard_rev == answered.heard_rev
    await hands.work()
    await hands.stop(session_id)
    assert (await one(session_id)).heard_rev == hands.rev(session_id) > answered.heard_rev


async def search(query: str, *session_ids: str) -> list[tuple[str, Excerpt | None]]:
    found = await sync_to_async(conversations.search)(session_ids, query)
    assert found.is_whole
    return [(each.id, each.excerpt) for each in found.conversations]


async def test_search_looks_at_titles_messages_and_what_is_being_written(hands: Hands):
    told, asked, titled = hands.begin(), hands.begin(), hands.begin()
    await hands.answer(told, "hi", f"All about  the\nÖLBAUM{' and its kin' * 9}.")
    claim_of = await hands.send(asked, "What is an ölbaum?")
    conversations.rename(titled, "Der Ölbaum")
    ids = (told, asked, titled)
    found = await search(" ölbaum ", *ids)
    assert {session_id for session_id, _ in found} == set(ids)
    excerpts = dict(found)
    assert excerpts[titled] is None
    assert excerpts[asked] == Excerpt("What is an ", "ölbaum", "?")
    assert excerpts[told] == Excerpt("All about the ", "ÖLBAUM", (" and its kin" * 9)[:64] + "…")
    assert await search("olive", *ids) == []
    claim = await hands.work()
    assert claim.message["id"] == claim_of
    await hands.flush(claim, 0, "It is an olive")
    assert await search("olive", *ids) == [(asked, Excerpt("It is an ", "olive", ""))]


async def test_search_finds_no_replaced_reply_and_nothing_of_others(hands: Hands):
    own, foreign = hands.begin(), hands.begin()
    await hands.answer(foreign, "secret")
    message_id, _ = await hands.answer(own, "hi", "secret")
    await hands.retry(own, message_id)
    assert await search("secret", own) == []


async def test_search_ends_at_its_bound_and_says_so(hands: Hands, monkeypatch: pytest.MonkeyPatch):
    first, second = hands.begin(), hands.begin()
    await hands.answer(first, "needle")
    await hands.answer(second, "needle and thread")
    monkeypatch.setattr(conversations, "SEARCHED_CHARS", 10)
    found = await sync_to_async(conversations.search)([first, second], "needle")
    assert [each.id for each in found.conversations] == [second]
    assert not found.is_whole


async def test_partitions_are_read_together(hands: Hands, chat_settings):
    chat_settings(partitions=4)
    ids = [sessions.create(str(uuid4()))[1].id for _ in range(12)]
    assert len({keys.partition(each) for each in ids}) > 1
    assert {each.id for each in await glance(*ids)} == set(ids)
