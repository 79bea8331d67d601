"""Whatever the API's schema allows, and much that it does not, gets an answer that the schema names."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chat import keys, sessions
from tests.fuzz import cases
from tests.invariants import Hands
from tests.servers import RedisServer

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = list(schemathesis.GenerationMode)


@pytest.fixture
def schema(db: None) -> Any:
    # Each request looks after a database connection that an earlier test may have left.
    return schemathesis.openapi.from_wsgi("/schema", get_wsgi_application())


def test_every_answer_is_one_that_the_schema_names(
    schema: Any,
    redis_server: RedisServer,
    chat_settings: Callable[..., None],
    run_async: Callable[[Callable[[], Awaitable[Any]]], Any],
) -> None:
    chat_settings(tokens_per_minute=1_000_000, tokens_per_day=1_000_000)
    redis: Any = redis_server.client()
    hands = Hands(redis)
    good, _ = sessions.create("Ada")
    message_id, _ = run_async(lambda: hands.answer(good.session_id))
    operations = {found.ok().label: found.ok() for found in schema.get_all_operations()}
    assert {"POST /token", "GET /refresh_token", "GET /history", "DELETE /token"} <= set(operations)
    for label, operation in operations.items():
        # Ready, for /readyz.
        now_s, _ = redis.time()
        alive = {"seen": now_s * 1000, "slots": 1, "busy": 0, "model": "echo"}
        redis.hset(keys.workers(0), "w", json.dumps(alive))
        statuses = statuses_of(operation, good, message_id)
        assert statuses & {200, 204}, f"{label} was never answered well: {statuses}"


def statuses_of(operation: Any, good: sessions.Token, message_id: str) -> set[int]:
    """The statuses of all answers, after each was compared with the schema."""
    statuses: set[int] = set()
    requests = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES))

    @settings(cases(30, most=20_000), suppress_health_check=list(HealthCheck))
    @given(case=requests, token=st.sampled_from(["as it is", "good", "bad"]))
    def answers(case: Any, token: str) -> None:
        if token == "good":
            # Rotated or ended by a case before; the message lives in the first one alone.
            own = good if operation.method == "get" else sessions.create("Ada")[0]
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {own}"}
            for name in {"id", "before"} & set(case.query or {}):
                case.query[name] = message_id
        elif token == "bad":
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {good.session_id}.{'x' * 43}"}
        # The client of these tests unpacks nothing.
        answer = case.call(headers={"Accept-Encoding": "identity"})
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    answers()
    return statuses
