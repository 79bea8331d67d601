"""Sessions: tokens and their rotation, the time to live, the list of ids."""

from collections.abc import Callable
from typing import Any

import pytest

from chat import keys, sessions
from chat.errors import SessionExpired
from chat.sessions import Token, parse_token
from tests.invariants import Hands
from tests.servers import RedisServer, wait_until


def works(token: Token) -> bool:
    try:
        return sessions.look_up(token, messages=1).session.id == token.session_id
    except SessionExpired:
        return False


# --- Tokens ---------------------------------------------------------------------------------------------------


def test_a_token_keeps_its_secret_to_itself() -> None:
    token = Token("a" * 22, "s" * 43)
    assert "s" * 43 not in repr(token)
    assert str(token) == f"{'a' * 22}.{'s' * 43}"
    assert parse_token(str(token)) == token


@pytest.mark.parametrize(
    "text",
    ["", ".", "a" * 22, f"{'a' * 22}.", f".{'s' * 43}", f"{'a' * 22}.{'s' * 31}", f"{'a' * 22}.{'s' * 129}"],
)
def test_what_is_no_token_is_told_as_expired(text: str) -> None:
    with pytest.raises(SessionExpired, match=r"^Session expired or does not exist$"):
        parse_token(text)


def test_sessions_do_not_share_ids_or_secrets(redis_server: RedisServer) -> None:
    begun = [sessions.create("Ada")[0] for _ in range(50)]
    assert len({token.session_id for token in begun}) == 50
    assert len({token.secret for token in begun}) == 50


def test_a_session_is_stored_whole(each_redis: RedisServer) -> None:
    name = 'Ada "\\ \u2028 😀'
    token, info = sessions.create(name)
    found = sessions.look_up(token, messages=10)
    assert (found.session.name, found.session.session_start) == (name, info.session_start)
    assert found.messages == []
    assert not found.has_more
    Hands(each_redis.client()).check()


# --- Rotation -------------------------------------------------------------------------------------------------


def test_a_lost_answer_to_a_rotation_can_be_asked_again(redis_server: RedisServer) -> None:
    old, _ = sessions.create("Ada")
    new = sessions.rotate(old)
    assert sessions.rotate(old) == new
    assert works(old)
    assert works(new)


def test_the_next_rotation_ends_the_grace_of_the_first_token(redis_server: RedisServer) -> None:
    first, _ = sessions.create("Ada")
    second = sessions.rotate(first)
    third = sessions.rotate(second)
    assert [works(token) for token in (first, second, third)] == [False, True, True]
    with pytest.raises(SessionExpired):
        sessions.rotate(first)
    assert works(third)


def test_the_grace_has_an_end(redis_server: RedisServer, chat_settings: Callable[..., None]) -> None:
    chat_settings(token_grace_s=1)
    old, _ = sessions.create("Ada")
    new = sessions.rotate(old)
    assert works(old)
    wait_until(lambda: not works(old), "the grace to end", 5)
    with pytest.raises(SessionExpired):
        sessions.rotate(old)
    assert sessions.end(old.session_id, old) is None
    assert works(new)


def test_an_unknown_successor_cannot_be_put_in_place(redis_server: RedisServer) -> None:
    token, _ = sessions.create("Ada")
    forged = Token(token.session_id, token.successor().secret)
    with pytest.raises(SessionExpired):
        sessions.rotate(forged)
    assert works(token)


def test_the_successor_needs_the_secret_key(settings: Any) -> None:
    token = Token("a" * 22, "s" * 43)
    successor = token.successor()
    settings.SECRET_KEY = "another"
    assert token.successor() != successor


# --- Time to live ---------------------------------------------------------------------------------------------


def test_a_rotation_starts_the_time_to_live_again(each_redis: RedisServer) -> None:
    token, _ = sessions.create("Ada")
    redis: Any = each_redis.client()
    alive = [key for key in (keys.session(token.session_id), keys.history(token.session_id)) if redis.exists(key)]
    for key in alive:
        redis.expire(key, 10)
    assert sessions.look_up(token, messages=1).expires_in_s <= 10
    sessions.rotate(token)
    assert sessions.look_up(token, messages=1).expires_in_s > 3590
    assert all(redis.ttl(key) > 3590 for key in alive)


def test_a_look_up_does_not_prolong_a_session(redis_server: RedisServer) -> None:
    token, _ = sessions.create("Ada")
    redis_server.client().expire(keys.session(token.session_id), 10)
    assert sessions.look_up(token, messages=1).expires_in_s <= 10
    assert sessions.look_up(token, messages=1).expires_in_s <= 10


def test_a_session_expires_with_all_of_it(
    each_redis: RedisServer, chat_settings: Callable[..., None], run_async: Callable[..., Any]
) -> None:
    chat_settings(session_ttl_s=1)
    token, _ = sessions.create("Ada")
    run_async(lambda: Hands(each_redis.client()).answer(token.session_id))
    assert works(token)
    redis: Any = each_redis.client()
    wait_until(
        lambda: not [key for key in redis.scan_iter() if token.session_id in key], "the session to expire", 5
    )
    assert not works(token)
    assert sessions.snapshot(token.session_id) is None
    assert sessions.end(token.session_id) is None
    with pytest.raises(SessionExpired):
        sessions.rotate(token)


def test_a_session_whose_messages_wait_does_not_expire(
    redis_server: RedisServer, chat_settings: Callable[..., None], run_async: Callable[..., Any]
) -> None:
    chat_settings(session_ttl_s=1)
    token, _ = sessions.create("Ada")
    run_async(lambda: Hands(redis_server.client()).send(token.session_id))
    # A rotation must not make it expire either.
    new = sessions.rotate(token)
    assert redis_server.client().ttl(keys.session(token.session_id)) == -1
    assert works(new)


# --- The list of ids ------------------------------------------------------------------------------------------


def test_ids_of_expired_sessions_are_forgotten(redis_server: RedisServer) -> None:
    redis: Any = redis_server.client()
    living = [sessions.create("Ada")[0].session_id for _ in range(3)]
    redis.zadd(keys.sessions(0), {f"expired-{number}": number for number in range(20)})
    sessions.forget_expired(0, 1000)
    assert set(redis.zrange(keys.sessions(0), 0, -1)) == set(living)
    sessions.forget_expired(0, 1000)


def test_nothing_is_forgotten_where_there_is_nothing(redis_server: RedisServer) -> None:
    sessions.forget_expired(0, 10)


def test_the_list_of_ids_does_not_grow_with_expired_sessions(redis_server: RedisServer) -> None:
    redis: Any = redis_server.client()
    redis.zadd(keys.sessions(0), {f"expired-{number}": number for number in range(500)})
    for _ in range(300):
        sessions.create("Ada")
    # On average four of the 500 go with each new session; without it, 800 ids would be there.
    assert redis.zcard(keys.sessions(0)) < 700


# --- What a session looks like --------------------------------------------------------------------------------


def test_a_snapshot_carries_as_many_messages_as_wanted(
    each_redis: RedisServer, run_async: Callable[..., Any]
) -> None:
    token, _ = sessions.create("Ada")
    hands = Hands(each_redis.client())

    async def talk() -> None:
        for number in range(4):
            await hands.answer(token.session_id, f"q{number}", f"a{number}")

    run_async(talk)
    found = sessions.snapshot(token.session_id, messages=3)
    assert found
    assert [message["text"] for message in found.messages] == ["a2", "q3", "a3"]
    assert found.has_more
    whole = sessions.look_up(token, messages=8)
    assert len(whole.messages) == 8
    assert not whole.has_more
