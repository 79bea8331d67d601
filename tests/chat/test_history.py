"""The history in both of its forms: what goes in comes out, windows are right, and length costs nothing."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from chat import history, keys, queue, sessions
from chat.errors import ModelError
from chat.events import encode
from chat.queue import Claim
from tests.invariants import Hands
from tests.servers import RedisServer

HOSTILE_TEXTS = [
    'quote " backslash \\ slash / braces {}[]',
    '","code":"x","replaced":true,"',
    ',"replaced":true',
    "tab\tnewline\r\n\x01\x1f\x7f",
    "Grüße 你好 😀👩‍👩‍👧 \u2028\u2029\ufeff",
    "%s %d %1 $& \\1 $.messages[0]",
    "x" * 4000,
    ",",
    "0",
    "null",
]


@pytest.fixture
def hands(each_redis: RedisServer, async_redis: None) -> Hands:
    return Hands(each_redis.client())


def test_the_form_is_the_one_that_the_server_has(each_redis: RedisServer) -> None:
    assert history.form() == ("json" if each_redis.kind == "json" else "list")


async def test_the_document_is_native_json(redis_servers: Any, chat_settings: Any, async_redis: None) -> None:
    server = redis_servers("json")
    server.client().flushall()
    chat_settings(redis_url=server.url)
    hands = Hands(server.client())
    session_id = hands.begin('Ada "the first" \\ 😀')
    await hands.answer(session_id, "hello", "hello you")
    document = orjson.loads(str(hands.client.execute_command("JSON.GET", keys.history(session_id))))
    snapshot = sessions.snapshot(session_id)
    assert snapshot
    assert list(document) == ["name", "session_start", "messages"]
    assert document["name"] == 'Ada "the first" \\ 😀'
    assert document["session_start"] == snapshot.session.session_start
    assert [message["text"] for message in document["messages"]] == ["hello", "hello you"]


async def test_a_session_keeps_its_form_when_the_server_learns_json(
    redis_servers: Any, chat_settings: Any, async_redis: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = redis_servers("json")
    server.client().flushall()
    chat_settings(redis_url=server.url)
    hands = Hands(server.client())
    with monkeypatch.context() as before:
        before.setattr(history, "form", lambda: "list")
        older = hands.begin()
        await hands.answer(older, "hi", "1")
    newer = hands.begin()
    for session_id in (older, newer):
        await hands.answer(session_id, "hi", "2")
    kinds = [hands.client.type(keys.history(session_id)) for session_id in (older, newer)]
    assert kinds == ["list", "ReJSON-RL"]
    assert hands.texts(older) == ["hi", "1", "hi", "2"]
    assert hands.texts(newer) == ["hi", "2"]


async def test_every_text_comes_back_as_it_was(hands: Hands, chat_settings: Callable[..., None]) -> None:
    chat_settings(messages_per_minute=1000)
    session_id = hands.begin()
    for text in HOSTILE_TEXTS:
        message_id = await hands.send(session_id, text)
        claim = await hands.work()
        assert claim.message["text"] == text
        await hands.fail(claim, ModelError(text), text)
        failed = hands.visible(session_id)[-1]
        assert (failed["text"], failed["detail"], failed["partial"]) == (text, text, text)
        await hands.retry(session_id, message_id)
        await hands.cancel(session_id, message_id)
        assert hands.visible(session_id)[-1] == failed
        await hands.retry(session_id, message_id)
        claim = await hands.work()
        assert claim.message["text"] == text
        await hands.flush(claim, 0, text)
        snapshot = sessions.snapshot(session_id)
        assert snapshot
        assert snapshot.reply
        assert snapshot.reply.text == text
        await hands.reply(claim, text)
    assert hands.texts(session_id) == [text for text in HOSTILE_TEXTS for _ in "hb"]
    assert all(len(message) > 1 and "code" not in message for message in hands.visible(session_id))


async def test_members_of_a_newer_version_are_kept(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    claim = await hands.work()
    sources = [{"title": "a", "pages": [1, 2]}]
    message = {"id": "r", "source": "bot", "text": "yes", "to": claim.message["id"], "finish": "stop"}
    assert await queue.commit_reply(claim, message | {"sources": sources, "score": 0.5})
    bot: Any = hands.visible(session_id)[1]
    assert (bot["sources"], bot["score"]) == (sources, 0.5)


async def test_the_context_reaches_back_over_failed_and_replaced_messages(
    hands: Hands, chat_settings: Callable[..., None]
) -> None:
    chat_settings(messages_per_minute=1000)
    session_id = hands.begin()
    await hands.answer(session_id, "one", "1")
    message_id, _ = await hands.answer(session_id, "two", "bad")
    for _ in range(7):
        await hands.retry(session_id, message_id)
        await hands.reply(await hands.work(), "2")
    for _ in range(9):
        await hands.send(session_id, "fails")
        await hands.fail(await hands.work(), ModelError())
    await hands.send(session_id, "now")
    claim = await hands.work()
    assert [said["text"] for said in claim.context] == ["one", "1", "two", "2"]
    assert len(hands.visible(session_id)) == 13


async def test_a_history_of_failures_has_no_context(hands: Hands) -> None:
    session_id = hands.begin()
    for _ in range(6):
        await hands.send(session_id)
        await hands.fail(await hands.work(), ModelError())
    await hands.send(session_id)
    assert (await hands.work()).context == []


async def test_a_snapshot_shows_the_newest_and_says_whether_there_are_more(
    hands: Hands, chat_settings: Callable[..., None]
) -> None:
    chat_settings(snapshot_messages=4)
    session_id = hands.begin()
    for texts, has_more in (("aA", False), ("bB", False), ("cC", True)):
        message_id, _ = await hands.answer(session_id, *texts)
        snapshot = sessions.snapshot(session_id)
        assert snapshot
        assert snapshot.has_more == has_more
    assert hands.texts(session_id) == ["b", "B", "c", "C"]
    # What was replaced takes no place.
    for _ in range(3):
        await hands.retry(session_id, message_id)
        await hands.reply(await hands.work(), "D")
    assert hands.texts(session_id) == ["b", "B", "c", "D"]


async def test_nothing_more_is_promised_where_only_replaced_messages_are_left(
    hands: Hands, chat_settings: Callable[..., None]
) -> None:
    chat_settings(snapshot_messages=2)
    session_id = hands.begin()
    message_id, _ = await hands.answer(session_id, "hi", "bad")
    await hands.retry(session_id, message_id)
    await hands.reply(await hands.work(), "good")
    snapshot = sessions.snapshot(session_id)
    assert snapshot
    assert [message["text"] for message in snapshot.messages] == ["hi", "good"]
    assert not snapshot.has_more


# --- What length costs -----------------------------------------------------------------------------------------


def lengthen(hands: Hands, session_id: str, length: int) -> None:
    """Make a history of `length` messages, as so many answers would have left it."""
    stamp = "2026-01-01T00:00:00.000Z"
    texts: list[str] = []
    pipe = hands.client.pipeline(transaction=False)
    for turn in range(length // 2):
        human = {"id": f"h{turn}", "source": "human", "text": f"message {turn}", "timestamp": stamp}
        bot = {"id": f"b{turn}", "source": "bot", "text": f"reply {turn}", "to": f"h{turn}", "finish": "stop"}
        texts += (encode(human), encode(bot | {"timestamp": stamp}))
    key = keys.history(session_id)
    if hands.client.hget(keys.session(session_id), "form") == "json":
        pipe.execute_command("JSON.SET", key, "$.messages", f"[{','.join(texts)}]")
    else:
        pipe.rpush(key, *texts)
        pipe.expire(key, 3600)
    pipe.hset(keys.message_ids(session_id), mapping={f"h{turn}": 2 * turn for turn in range(length // 2)})
    pipe.expire(keys.message_ids(session_id), 3600)
    pipe.hset(keys.session(session_id), "messages", str(length))
    pipe.execute()


def commands(hands: Hands) -> Counter[str]:
    """How often each command ran on the server so far, those in scripts included."""
    stats: Any = hands.client.info("commandstats")
    # Scripts are sent as a text once, and connections are opened at any time.
    noise = ("cmdstat_info", "cmdstat_eval", "cmdstat_script", "cmdstat_hello", "cmdstat_client")
    return Counter({name: int(of["calls"]) for name, of in stats.items() if not name.startswith(noise)})


async def test_a_message_costs_the_same_at_ten_and_at_a_hundred_thousand(hands: Hands) -> None:
    costs: list[list[Counter[str]]] = []

    async def measured(move: Awaitable[Any]) -> Any:
        before = commands(hands)
        answer = await move
        costs[-1].append(commands(hands) - before)
        return answer

    for length in (10, 100_000):
        session_id = hands.begin()
        lengthen(hands, session_id, length)
        hands.check()
        costs.append([])
        assert await measured(queue.accept(session_id, "new", "hi"))
        wake_up = hands.read()
        assert wake_up
        claim = await measured(queue.claim(wake_up, worker="w1", token="t", reply="r"))
        assert isinstance(claim, Claim)
        last = length // 2 - 1
        said = [f"message {last - 1}", f"reply {last - 1}", f"message {last}", f"reply {last}"]
        assert [message["text"] for message in claim.context] == said
        assert await measured(queue.flush(claim, 0, "y"))
        message = {"id": claim.reply, "source": "bot", "text": "yes", "to": "new", "finish": "stop"}
        assert await measured(queue.commit_reply(claim, message))
        assert await measured(sessions.asnapshot(session_id))
        assert await measured(queue.retry(session_id, "new"))
        assert await measured(queue.cancel(session_id, "new"))
        hands.end(session_id)
    assert all(costs[0])
    assert costs[0] == costs[1]


async def test_windows_are_cut_on_the_server(hands: Hands) -> None:
    session_id = hands.begin()
    lengthen(hands, session_id, 100_000)
    before = sent_bytes(hands)
    snapshot = sessions.snapshot(session_id)
    assert snapshot
    assert (len(snapshot.messages), snapshot.has_more) == (50, True)
    # 50 messages of about 100 bytes, not 100,000.
    assert sent_bytes(hands) - before < 20_000


def sent_bytes(hands: Hands) -> int:
    stats: Any = hands.client.info("stats")
    return int(stats["total_net_output_bytes"])
