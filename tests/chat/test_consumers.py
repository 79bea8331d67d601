"""The socket, over a real web process, a real worker and a real Redis."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.clients import PATIENCE_S, call, new_token, plain, receive_json, v1
from tests.servers import RedisServer, Stack, Web, wait_until

pytestmark = pytest.mark.xdist_group("consumers")


@pytest.fixture(scope="module")
def redis(
    redis_servers: Callable[..., RedisServer],
) -> RedisServer:
    return redis_servers("redis62")


@pytest.fixture(scope="module")
def web(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web process with a worker whose model answers at once."""
    redis.client().flushall()
    stack = Stack(tmp_path_factory.mktemp("fast"), redis.url)
    stack.worker()
    yield stack.web()
    stack.close()


@pytest.fixture(scope="module")
def slow_web(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web process with a worker whose model takes 100 ms a word."""
    stack = Stack(
        tmp_path_factory.mktemp("slow"), redis.url, CHAT_KEY_PREFIX="slow", MODEL_URL="echo:?delay_ms=100"
    )
    stack.worker()
    yield stack.web()
    stack.close()


@pytest.fixture(scope="module")
def lonely_web(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web process without any worker, with a small mailbox."""
    stack = Stack(tmp_path_factory.mktemp("lonely"), redis.url, CHAT_KEY_PREFIX="lonely", CHAT_MAX_PENDING="3")
    yield stack.web()
    stack.close()


def no_traceback(web: Web) -> bool:
    return not web.process.said("Traceback")


# --- Both protocols ---


async def test_message_is_queued_streamed_and_replied(web: Web) -> None:
    async with v1(web, new_token(web)) as client:
        assert client.frames[0]["messages"] == []
        message_id = await client.send("one two three")
        kinds = []
        while (frame := await client.receive())["type"] != "replied":
            kinds.append(frame["type"])
            if frame["type"] == "queued":
                assert frame["position"] == 0
                assert frame["message"] | {"timestamp": ""} == {
                    "id": message_id,
                    "source": "human",
                    "text": "one two three",
                    "timestamp": "",
                }
        assert kinds[0] == "queued"
        assert "delta" in kinds
        assert frame["message"]["text"] == "one two three"
        assert frame["message"]["finish"] == "stop"
        revs = [frame["rev"] for frame in client.frames if "rev" in frame]
        assert revs == sorted(set(revs))


async def test_plain_protocol_answers_in_order(web: Web) -> None:
    async with plain(web, new_token(web)) as socket:
        texts = [f"message {number}" for number in range(8)]
        for text in texts:
            await socket.send(text)
        replies = [await receive_json(socket) for _ in texts]
    assert [reply["msg"] for reply in replies] == texts
    assert all(reply.keys() == {"id", "msg", "timestamp"} for reply in replies)


async def test_eight_messages_at_once_are_answered_in_order(web: Web) -> None:
    async with v1(web, new_token(web)) as client:
        sent = [await client.send(f"message {number}") for number in range(8)]
        answered = [(await client.until("replied"))["to"] for _ in sent]
        assert answered == sent
        session = await client.sync()
        sources = [message["source"] for message in session["messages"]]
        assert sources == ["human", "bot"] * 8
        assert session["pending"] == []


async def test_unknown_subprotocol_gets_the_plain_protocol(web: Web) -> None:
    token = new_token(web)
    async with connect(f"{web.ws_url}?token={token}") as socket:
        assert socket.subprotocol is None
        await socket.send("hello")
        assert (await receive_json(socket))["msg"] == "hello"


# --- Who may connect ---


@pytest.mark.parametrize("token", ["", "nonsense", "a" * 22 + "." + "b" * 43, "\u00e4.b", "." * 50])
async def test_bad_token_is_refused_at_the_handshake(web: Web, token: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(f"{web.ws_url}?token={token}"):
            pass
    assert refusal.value.response.status_code == 403


async def test_secret_of_another_session_is_refused(web: Web) -> None:
    mine, other = new_token(web), new_token(web)
    mixed = other.split(".")[0] + "." + mine.split(".")[1]
    with pytest.raises(InvalidStatus):
        async with connect(f"{web.ws_url}?token={mixed}"):
            pass


async def test_other_path_is_refused(web: Web) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(f"{web.ws_url}/other"):
            pass
    assert refusal.value.response.status_code == 403
    assert no_traceback(web)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://127.0.0.1:{port}", True),
        ("https://127.0.0.1:{port}", False),
        ("http://127.0.0.1:1", False),
        ("http://evil.example", False),
        ("null", False),
    ],
)
async def test_origin_counts_with_scheme_host_and_port(web: Web, origin: str, allowed: bool) -> None:
    origin = origin.format(port=web.port)
    opening = connect(f"{web.ws_url}?token={new_token(web)}", origin=origin)  # type: ignore[arg-type]
    if allowed:
        async with opening:
            return
    with pytest.raises(InvalidStatus):
        async with opening:
            pass


async def test_session_has_a_limited_number_of_sockets(web: Web) -> None:
    token = new_token(web)
    sockets = [await connect(f"{web.ws_url}?token={token}") for _ in range(8)]
    with pytest.raises(InvalidStatus):
        await connect(f"{web.ws_url}?token={token}")
    await sockets.pop().close()

    async def place_is_free() -> bool:
        try:
            sockets.append(await connect(f"{web.ws_url}?token={token}"))
        except InvalidStatus:
            return False
        return True

    async with asyncio.timeout(PATIENCE_S):
        while not await place_is_free():
            pass
    for socket in sockets:
        await socket.close()


# --- Bad frames ---

BAD_FRAMES = [
    ("{", "bad_frame"),
    ("[]", "bad_frame"),
    ("1", "bad_frame"),
    ("null", "bad_frame"),
    ('"send"', "bad_frame"),
    ("", "bad_frame"),
    ("{}", "bad_frame"),
    ('{"type":1}', "bad_frame"),
    ('{"type":"nonsense"}', "unknown_type"),
    ('{"type":"send"}', "bad_frame"),
    ('{"type":"send","id":"1","text":"hi"}', "bad_frame"),
    (f'{{"type":"send","id":"{uuid4()}"}}', "bad_frame"),
    (f'{{"type":"send","id":"{uuid4()}","text":5}}', "bad_frame"),
    (f'{{"type":"send","id":"{uuid4()}","text":""}}', "empty"),
    (f'{{"type":"send","id":"{uuid4()}","text":" \\n\\t "}}', "empty"),
    (f'{{"type":"send","id":"{uuid4()}","text":"{"x" * 4001}"}}', "too_long"),
    (f'{{"type":"send","id":"{uuid4()}","text":"a\\u0000b"}}', "bad_frame"),
    (f'{{"type":"send","id":"{uuid4()}","text":"\\ud800"}}', "bad_frame"),
    ("[" * 30_000 + "]" * 30_000, "bad_frame"),
    ('{"a":' * 10_000 + "1" + "}" * 10_000, "bad_frame"),
    ('{"type":"cancel"}', "bad_frame"),
    (f'{{"type":"cancel","id":"{uuid4()}"}}', "not_found"),
    (f'{{"type":"retry","id":"{uuid4()}"}}', "not_found"),
    (f'{{"type":"send","id":"{uuid4()}","text":"hi","replaces":"{uuid4()}"}}', "not_found"),
    (f'{{"type":"send","id":"{uuid4()}","text":"hi","replaces":""}}', "bad_frame"),
    (f'{{"type":"rate","id":"{uuid4()}","to":"{uuid4()}","rating":"up"}}', "not_found"),
    (f'{{"type":"rate","id":"{uuid4()}","to":"{uuid4()}","rating":"best"}}', "bad_frame"),
    (f'{{"type":"rate","id":"{uuid4()}","rating":"up"}}', "bad_frame"),
    ('{"type":"stop"}', "not_found"),
]


async def test_bad_frames_are_refused_and_the_socket_goes_on(web: Web) -> None:
    async with v1(web, new_token(web)) as client:
        for frame, code in BAD_FRAMES:
            await client.socket.send(frame)
            refusal = await client.receive()
            assert (refusal["type"], refusal["code"]) == ("error", code), frame[:80]
            assert refusal["detail"]
        await client.socket.send(b"\x00\xff")
        assert (await client.receive())["code"] == "bad_frame"
        assert await client.ask("still here") == "still here"
    assert no_traceback(web)


async def test_plain_protocol_refuses_in_its_own_shape(web: Web) -> None:
    async with plain(web, new_token(web)) as socket:
        for text, code in [("", "empty"), ("  ", "empty"), ("x" * 4001, "too_long"), ("a\0b", "bad_frame")]:
            await socket.send(text)
            refusal = await receive_json(socket)
            assert refusal.keys() == {"id", "msg", "timestamp", "error"}
            assert refusal["error"] == code
        await socket.send("hello")
        assert (await receive_json(socket))["msg"] == "hello"
    assert no_traceback(web)


@pytest.mark.parametrize("text", ["x" * 65_537, "\u00e4" * 33_000])
async def test_frame_over_64_kib_closes_with_1009(web: Web, text: str) -> None:
    async with v1(web, new_token(web)) as client:
        await client.socket.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            await client.receive()
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1009


async def test_frame_of_64_kib_is_read(web: Web) -> None:
    async with v1(web, new_token(web)) as client:
        await client.socket.send("x" * 65_536)
        assert (await client.receive())["code"] == "bad_frame"


async def test_flood_closes_with_1008(web: Web) -> None:
    async with v1(web, new_token(web)) as client:
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012 - the close may come at any of these
            for _ in range(3000):
                await client.socket.send("{}")
            while True:
                await client.receive()
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1008


# --- The same message again ---


async def test_same_id_on_one_socket_is_answered_once(web: Web) -> None:
    async with v1(web, new_token(web)) as client:
        message_id = await client.send("only once")
        await client.until("replied", to=message_id)
        await client.send("only once", message_id)
        # What has had its outcome is told by the session, not by a second answer.
        session = await client.until("session", "queued", "replied")
        assert session["type"] == "session"
        await client.ask("next")
        session = await client.sync()
    assert [message["text"] for message in session["messages"]] == ["only once"] * 2 + ["next"] * 2


async def test_same_id_on_two_sockets_waits_once(lonely_web: Web) -> None:
    token = new_token(lonely_web)
    async with v1(lonely_web, token) as one, v1(lonely_web, token) as two:
        message_id = await one.send("hello")
        assert (await one.until("queued"))["position"] == 0
        await two.until("queued")
        await two.send("hello", message_id)
        assert (await two.until("queued"))["message"]["id"] == message_id
        assert len((await one.sync())["pending"]) == 1


# --- Limits ---


async def test_full_mailbox_refuses_and_keeps_what_it_has(lonely_web: Web) -> None:
    async with v1(lonely_web, new_token(lonely_web)) as client:
        for number in range(3):
            await client.send(f"message {number}")
            assert (await client.until("queued"))["position"] == number
        await client.send("one too many")
        assert (await client.receive())["code"] == "queue_full"
        assert len((await client.sync())["pending"]) == 3


async def test_rate_limit_names_the_wait(redis: RedisServer, make_stack: Callable[..., Stack]) -> None:
    web = make_stack(redis.url, CHAT_KEY_PREFIX="rate", CHAT_MESSAGES_PER_MINUTE="2").web()
    async with v1(web, new_token(web)) as client:
        for _ in range(2):
            await client.send("hello")
            await client.until("queued")
        await client.send("hello")
        refusal = await client.receive()
        assert refusal["code"] == "rate_limited"
        assert 20 < refusal["retry_after"] <= 30


# --- Coming back, and second tabs ---


async def test_reload_in_the_middle_of_a_reply_shows_the_whole(slow_web: Web) -> None:
    token = new_token(slow_web)
    text = "one two three four five six seven eight"
    async with v1(slow_web, token) as client:
        message_id = await client.send(text)
        while client.text.count(" ") < 2:
            await client.receive()
        seen = client.text
    async with v1(slow_web, token) as again:
        assert again.text.startswith(seen)
        assert again.frames[0]["reply"]["to"] == message_id
        assert [waiting["id"] for waiting in again.frames[0]["pending"]] == [message_id]
        replied = await again.until("replied")
        assert replied["message"]["text"] == text


async def test_second_tab_sees_the_same(slow_web: Web) -> None:
    token = new_token(slow_web)
    async with v1(slow_web, token) as one, v1(slow_web, token) as two:
        message_id = await one.send("red green blue yellow")
        assert (await two.until("queued"))["message"]["id"] == message_id
        first, second = await one.until("replied"), await two.until("replied")
        assert first == second


async def test_closing_the_socket_does_not_end_the_reply(slow_web: Web) -> None:
    token = new_token(slow_web)
    async with v1(slow_web, token) as client:
        await client.send("one two three four five")
        await client.until("delta")
    async with v1(slow_web, token) as again:
        if not again.frames[0]["messages"]:
            await again.until("replied")
        session = await again.sync()
    assert session["messages"][-1]["text"] == "one two three four five"


async def test_sessions_hear_nothing_of_each_other(slow_web: Web) -> None:
    async with v1(slow_web, new_token(slow_web)) as one, v1(slow_web, new_token(slow_web)) as two:
        await one.send("secret words of mine")
        await two.ask("other")
        await one.until("replied")
        await two.sync()
    assert "secret" not in json.dumps(two.frames)


# --- Stop and cancel ---


async def test_stop_keeps_what_was_written(slow_web: Web) -> None:
    async with v1(slow_web, new_token(slow_web)) as client:
        text = " ".join(["word"] * 50)
        await client.send(text)
        while len(client.text) < 10:
            await client.receive()
        await client.say(type="stop")
        replied = await client.until("replied")
        assert replied["message"]["finish"] == "stopped"
        assert 10 <= len(replied["message"]["text"]) < len(text)
        assert await client.ask("next please") == "next please"


async def test_stop_before_the_first_word_takes_effect_at_once(
    redis: RedisServer, make_stack: Callable[..., Stack]
) -> None:
    stack = make_stack(redis.url, CHAT_KEY_PREFIX="stop", MODEL_URL="echo:?first_delay_ms=60000")
    stack.worker()
    web = stack.web()
    async with v1(web, new_token(web)) as client:
        message_id = await client.send("never answered")
        await client.until("queued")
        refused = True
        while refused:  # until a worker has begun
            await client.say(type="stop")
            refused = (await client.until("error", "started"))["type"] == "error"
        replied = await client.until("replied", to=message_id)
        assert (replied["message"]["text"], replied["message"]["finish"]) == ("", "stopped")
        assert "session" not in [frame["type"] for frame in client.frames[1:]]


async def test_stop_without_a_reply_is_refused(web: Web) -> None:
    async with v1(web, new_token(web)) as client:
        await client.say(type="stop")
        assert (await client.receive())["code"] == "not_found"
        await client.ask("hello")
        await client.say(type="stop")
        assert (await client.receive())["code"] == "not_found"


async def test_waiting_message_is_taken_back(slow_web: Web) -> None:
    async with v1(slow_web, new_token(slow_web)) as client:
        first = await client.send("one two three four five six")
        await client.until("delta")
        second = await client.send("never mind")
        await client.until("queued", position=0)
        await client.say(type="cancel", id=second)
        await client.until("cancelled", id=second)
        await client.until("replied", to=first)
        assert await client.ask("third") == "third"
        texts = [message["text"] for message in (await client.sync())["messages"]]
        assert "never mind" not in texts


async def test_cancel_of_a_message_that_has_started_is_refused(slow_web: Web) -> None:
    async with v1(slow_web, new_token(slow_web)) as client:
        message_id = await client.send("one two three")
        await client.until("delta")
        await client.say(type="cancel", id=message_id)
        refusal = await client.until("error")
        assert refusal["code"] == "not_found"
        assert (await client.until("replied"))["to"] == message_id


# --- The end of a session ---


async def test_ended_session_closes_its_sockets_with_4401(slow_web: Web) -> None:
    token = new_token(slow_web)
    async with v1(slow_web, token) as client, plain(slow_web, token) as other:
        await client.send("one two three four")
        await client.until("delta")
        assert call("DELETE", f"{slow_web.url}/token", token)[0] == 204
        for socket in (client.socket, other):
            with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012 - frames on their way come first
                while True:
                    await asyncio.wait_for(socket.recv(), PATIENCE_S)
            assert closed.value.rcvd
            assert closed.value.rcvd.code == 4401


async def test_expired_session_closes_its_sockets_with_4401(
    redis: RedisServer, make_stack: Callable[..., Stack]
) -> None:
    web = make_stack(redis.url, CHAT_KEY_PREFIX="expiry", CHAT_SESSION_TTL_S="1").web()
    token = new_token(web)
    async with v1(web, token) as client:
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012
            while True:
                await client.receive()
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4401
    assert call("GET", f"{web.url}/refresh_token", token)[0] == 400


async def test_web_process_going_down_closes_with_1012(
    redis: RedisServer, make_stack: Callable[..., Stack]
) -> None:
    web = make_stack(redis.url, CHAT_KEY_PREFIX="down").web()
    async with v1(web, new_token(web)) as client:
        web.process.popen.terminate()
        with pytest.raises(ConnectionClosed) as closed:
            await client.receive()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1012
    assert web.process.stop() == 0


# --- Redis away ---


async def test_redis_away_refuses_clearly_and_loses_nothing(
    own_redis: RedisServer, make_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    stack = make_stack(own_redis.url)
    worker, web = stack.worker(), stack.web()
    token = new_token(web)
    async with v1(web, token) as client:
        assert await client.ask("before") == "before"
        own_redis.stop()
        lost = await client.send("while away")
        refusal = await client.until("error")
        assert refusal["code"] == "busy"
        assert refusal["retry_after"] > 0
        own_redis.start()
        await client.send("while away", lost)
        assert await client.outcome(lost) == "while away"
        texts = [message["text"] for message in (await client.sync())["messages"]]
    assert texts == ["before", "before", "while away", "while away"]
    assert worker.popen.poll() is None


async def test_processes_wait_for_redis_at_their_start(
    own_redis: RedisServer, make_stack: Callable[..., Stack]
) -> None:
    own_redis.stop()
    stack = make_stack(own_redis.url)
    web, worker = stack.web(), stack.worker()
    status, body = call("POST", f"{web.url}/token?name=Ann")
    assert (status, body["code"]) == (503, "busy")
    wait_until(lambda: worker.said("trying again"), "the worker's word that Redis is away")
    own_redis.start()
    wait_until(lambda: call("GET", f"{web.url}/readyz")[0] == 200, "the worker's return")
    async with v1(web, new_token(web)) as client:
        assert await client.ask("here we are") == "here we are"


# --- Model trouble, as clients see it ---


async def test_failed_message_is_told_and_can_be_retried(
    redis: RedisServer, make_stack: Callable[..., Stack]
) -> None:
    stack = make_stack(redis.url, CHAT_KEY_PREFIX="fail", MODEL_URL="http://127.0.0.1:9/")
    web = stack.web()
    worker = stack.worker(MODEL_TIMEOUT_S="2")
    async with v1(web, new_token(web)) as client:
        message_id = await client.send("anyone there?")
        failed: dict[str, Any] = await client.until("failed")
        assert failed["to"] == message_id
        assert failed["code"] in ("model_unavailable", "model_timeout")
        assert failed["retryable"] is True
        [message] = (await client.sync())["messages"]
        assert message["code"] == failed["code"]
        worker.stop()
        stack.worker(MODEL_URL="echo:")
        await client.say(type="retry", id=message_id)
        queued = await client.until("queued")
        assert queued["message"]["id"] == message_id
        replied = await client.until("replied", to=message_id)
        assert replied["message"]["text"] == "anyone there?"
        messages = (await client.sync())["messages"]
    assert [(message["source"], message["text"]) for message in messages] == [
        ("human", "anyone there?"),
        ("bot", "anyone there?"),
    ]


async def test_last_reply_is_replaced(web: Web) -> None:
    async with v1(web, new_token(web)) as client:
        await client.ask("first")
        await client.ask("second")
        [*_, reply] = (await client.sync())["messages"]
        await client.say(type="retry", id=reply["id"])
        again = await client.until("replied")
        messages = (await client.sync())["messages"]
    assert again["message"]["id"] != reply["id"]
    assert [message["text"] for message in messages] == ["first", "first", "second", "second"]
    assert reply["id"] not in [message["id"] for message in messages]


async def test_plain_protocol_tells_failures(redis: RedisServer, make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(redis.url, CHAT_KEY_PREFIX="plainfail", MODEL_URL="http://127.0.0.1:9/")
    web = stack.web()
    stack.worker(MODEL_TIMEOUT_S="1")
    async with plain(web, new_token(web)) as socket:
        await socket.send("anyone there?")
        failure = await receive_json(socket)
    assert failure["error"] in ("model_unavailable", "model_timeout")


async def test_an_edit_and_a_rating_reach_every_tab(web: Web) -> None:
    token = new_token(web)
    async with v1(web, token) as one, v1(web, token) as two:
        old = await one.send("one")
        reply = (await one.until("replied"))["message"]["id"]
        await two.until("replied")
        rate = {"type": "rate", "id": reply, "to": old}
        for rating in ("up", None):
            await one.say(**rate, rating=rating)
            told = await one.until("rated")
            assert (told["id"], told["to"], told["rating"]) == (reply, old, rating)
            assert await two.until("rated") == told
        # Asked again, because the answer was lost: this socket alone is told.
        await one.say(**rate, rating=None)
        assert await one.until("rated") == told
        new = str(uuid4())
        await one.say(type="send", id=new, text="two", replaces=old)
        queued = await two.until("queued")
        assert (queued["message"]["id"], queued["message"]["replaces"], queued["message"]["version"]) == (
            new,
            old,
            2,
        )
        assert (await two.until("replied"))["message"]["text"] == "two"
        shown = (await two.sync())["messages"]
        assert [(message["text"], message.get("version")) for message in shown] == [("two", 2), ("two", None)]
