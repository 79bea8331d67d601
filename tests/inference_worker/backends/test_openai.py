import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, cast

import pytest
from django.core.exceptions import ImproperlyConfigured

from chat.errors import ModelError, ModelFailure, ModelTimeout, ModelUnavailable
from inference_worker.backends import open_backend, trouble
from inference_worker.backends.base import Backend, Finish, Prompt, Turn
from inference_worker.conf import ModelConf
from tests.model_server import ModelServer, Request, running_model_server

REPLY = ["You", " said:", " hi", Finish("stop")]
APIS = ["chat", "completions"]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with running_model_server() as server:
        yield server


@pytest.fixture
async def open_model(server: ModelServer) -> AsyncIterator[Callable[..., Backend]]:
    """Opens a model; its next request gets `mode`. A thread that does not end makes closing take too long."""
    models = []

    def open_(mode: str = "", api: str = "chat", **conf: Any) -> Backend:
        url = f"openai+{server.url('v1')}?model=tiny&api={api}"
        models.append(open_backend(ModelConf(url=url, **conf), 1))
        if mode:
            server.play(mode)
        return models[-1]

    yield open_
    for model in models:
        await asyncio.wait_for(model.close(), 2)


async def answer(model: Backend, message: str = "hi", *context: Turn) -> list[str | Finish]:
    return [item async for item in model.stream(Prompt(message, context))]


async def failure(model: Backend) -> ModelFailure:
    with pytest.raises(ModelFailure) as caught:
        await answer(model)
    return caught.value


def choice(reason: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def says(*texts: str) -> list[Any]:
    return [*(choice(content=text) for text in texts), choice("stop")]


# --- What is asked -----------------------------------------------------------------------------------------


async def test_chat_is_asked_with_roles_and_the_system_prompt_first(server, open_model):
    model = open_model(api_key="sk-1", system_prompt="Be kind.", max_new_tokens=9, temperature=0)
    assert await answer(model, "hi", Turn("human", "Human: Hello"), Turn("bot", "Hello!")) == REPLY
    [request] = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["Authorization"] == "Bearer sk-1"
    assert request.body == {
        "model": "tiny",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Human: Hello"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "hi"},
        ],
        "max_tokens": 9,
        "temperature": 0,
        "stream": True,
    }


async def test_text_completions_get_the_prompt_of_text_models(server, open_model):
    model = open_model(api="completions", system_prompt="Be kind.", max_new_tokens=9)
    assert await answer(model, "hi", Turn("human", "Hello"), Turn("bot", "Hello!")) == REPLY
    [request] = server.requests
    assert request.path == "/v1/completions"
    assert "Authorization" not in request.headers
    assert request.body == {
        "model": "tiny",
        "prompt": "Human: Hello\nBot: Hello!\nHuman: hi\nBot:",
        "stop": ["\nHuman:"],
        "max_tokens": 9,
        "temperature": 0.7,
        "stream": True,
    }


@pytest.mark.parametrize("api", APIS)
async def test_conversation_is_trimmed_to_the_window(server, open_model, api):
    model = open_model(api=api, context_tokens=300, max_new_tokens=200)
    await answer(model, "hi", Turn("human", "x " * 500), Turn("bot", "short"))
    assert "x x" not in json.dumps(server.requests[0].body)
    assert "hi" in json.dumps(server.requests[0].body)


@pytest.mark.parametrize(
    ("query", "name"),
    [("model=llama3.2", "llama3.2"), ("model=org%2Fname", "org/name"), ("model=/srv/models/tiny/", "tiny")],
)
async def test_name_is_the_models(query, name):
    model = open_backend(ModelConf(url=f"openai+https://me:secret@host/v1/?{query}"), 1)
    assert model.name == name
    await model.close()


@pytest.mark.parametrize(
    ("conf", "named"),
    [
        ({"url": "openai+http://me:secret@host/v1"}, r"MODEL_URL.*\?model=NAME"),
        ({"url": "openai+http://host/v1?model="}, "MODEL_URL"),
        ({"url": "openai+http://host/v1?model=x&api=secret"}, "MODEL_URL.*api=completions"),
        ({"url": "openai+http://host/v1?model=x&key=secret"}, "MODEL_URL"),
        ({"url": "openai+http:///v1?model=x"}, "MODEL_URL"),
        ({"url": "openai+http://host/?model=x", "api_key": "se\ncret"}, "MODEL_API_KEY"),
        ({"url": "openai+http://host/?model=x", "system_prompt": "secret " * 2000}, "MODEL_SYSTEM_PROMPT"),
    ],
)
def test_wrong_setting_is_named(conf, named):
    with pytest.raises(ImproperlyConfigured, match=named) as caught:
        open_backend(ModelConf(**conf), 1)
    assert "secret" not in str(caught.value)


# --- What is answered --------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("mode", ["stream", "stream?bytewise=1", "stream?unchunked=1"])
async def test_stream_with_characters_split_over_chunks(open_model, mode, api):
    pieces = await answer(open_model(mode, api), "hällo 猫 😀")
    assert pieces == ["You", " said:", " hällo", " 猫", " 😀", Finish("stop")]


@pytest.mark.parametrize("api", APIS)
async def test_server_that_does_not_stream_is_understood(open_model, api):
    assert await answer(open_model("whole", api)) == ["You said: hi", Finish("stop")]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("mode", ["hang?tokens=2", "hang?tokens=2&unchunked=1"])
async def test_piece_is_there_before_the_model_says_the_next(open_model, mode, api):
    pieces = cast(Any, open_model(mode, api).stream(Prompt("hi")))
    assert [await anext(pieces), await anext(pieces)] == ["You", " said:"]
    await pieces.aclose()


async def test_server_that_ignores_stop_is_stopped(server, open_model):
    assert await answer(open_model("goes_on", "completions")) == REPLY
    assert await asyncio.to_thread(server.client_left.wait, 5)


@pytest.mark.parametrize("api", APIS)
async def test_reason_is_the_end_even_if_the_connection_stays_open(open_model, api):
    ended = answer(open_model("open_end?tokens=1", api))
    assert await asyncio.wait_for(ended, 1) == ["You", Finish("stop")]


async def test_done_is_an_end_without_a_reason(server, open_model):
    server.events = [choice(content="Hello"), b"[DONE]"]
    assert await answer(open_model("events")) == ["Hello", Finish("stop")]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", "stop"), ("length", "length"), ("tool_calls", "stop"), ("eos", "stop"), ("max_tokens", "length")],
)
@pytest.mark.parametrize("mode", ["stream", "whole"])
async def test_reason_is_told(open_model, mode, reason, finish):
    assert (await answer(open_model(f"{mode}?reason={reason}")))[-1] == Finish(finish)


async def test_events_that_say_nothing_do_no_harm(server, open_model):
    server.events = [
        {"choices": [], "prompt_filter_results": []},
        choice(role="assistant", content=""),
        choice(role="assistant", content=None),
        {"choices": [{"index": 0, "delta": None, "finish_reason": ""}]},
        {"type": "ping"},
        {},
        choice(content="Hello"),
        {"choices": None, "usage": {"completion_tokens": 1}, "error": None},
        *says(),
        {"choices": [], "usage": {"completion_tokens": 1}},
        b"[DONE]",
    ]
    assert await answer(open_model("events")) == ["Hello", Finish("stop")]


async def test_number_of_tokens_is_told_where_the_server_tells_it(server, open_model):
    server.events = [choice(content="Hello"), choice("stop") | {"usage": {"completion_tokens": 7}}]
    assert cast(Finish, (await answer(open_model("events")))[-1]).tokens == 7
    server.events = [choice(content="Hello"), choice("stop") | {"usage": {"completion_tokens": "7"}}]
    assert cast(Finish, (await answer(open_model("events")))[-1]).tokens is None


@pytest.mark.parametrize(
    "events",
    [
        [choice(reasoning_content="Hm."), choice(reasoning="Hm."), *says("Hello")],
        says("<think>Hm.</think>\n\nHello"),
        says("<th", "ink>", "Hm.", "</", "think>", "\n\n", "Hello"),
        [choice(content=[{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Hello"}]), *says()],
    ],
)
async def test_thoughts_are_not_shown(server, open_model, events):
    server.events = events
    assert await answer(open_model("events")) == ["Hello", Finish("stop")]


async def test_thoughts_in_a_whole_answer_are_not_shown(server, open_model):
    server.reply = "<think>Hm.</think> Hello"
    assert await answer(open_model("whole")) == ["Hello", Finish("stop")]


async def test_model_that_used_all_its_tokens_for_thoughts_is_told_to_the_operator(server, open_model, caplog):
    server.events = [choice(content="<think>Hm"), choice("length")]
    assert (await failure(open_model("events"))).detail == trouble.EMPTY
    assert "its end: length" in caplog.text


@pytest.mark.parametrize(
    "events",
    [
        says("a", "😀", "b"),
        says("a", "\ufffd", "\ufffd😀", "b"),
        [
            b'{"choices":[{"delta":{"content":"%b"}}]}' % half
            for half in (b"a", b"\xf0\x9f", b"\x98", b"\x80", b"b")
        ]
        + says(),
        [b'{"choices":[{"delta":{"content":"%b"}}]}' % half for half in (b"a", rb"\ud83d", rb"\ude00", b"b")]
        + says(),
    ],
)
async def test_character_split_over_tokens_arrives_whole(server, open_model, events):
    server.events = events
    assert await answer(open_model("events")) == ["a", "😀", "b", Finish("stop")]


async def test_top_p_is_sent_when_it_chooses(server, open_model):
    await answer(open_model(top_p=0.9))
    assert server.requests[-1].body["top_p"] == 0.9


@pytest.mark.parametrize(("without", "instead"), [("stream,temperature", set()), ("max_tokens", {9})])
async def test_field_that_the_server_refuses_is_left_out_from_there_on(server, open_model, without, instead):
    model = open_model(max_new_tokens=9)
    refused = without.split(",")
    server.play(*[f"strict?without={without}"] * (len(refused) + 2))
    for _ in range(2):
        assert await answer(model) == ["You said: hi", Finish("stop")]
    assert len(server.requests) == len(refused) + 2
    assert {server.requests[-1].body.get("max_completion_tokens")} - {None} == instead


# --- Failures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("mode", "kind", "detail"),
    [
        ("refuse?status=401", ModelError, trouble.REFUSED),
        ("refuse?status=403", ModelError, trouble.REFUSED),
        ("refuse?status=404", ModelError, trouble.NOT_FOUND),
        ("refuse?status=413", ModelError, trouble.TOO_MUCH),
        ("refuse?status=429", ModelUnavailable, ModelUnavailable.__doc__),
        ("refuse?status=500", ModelError, ModelError.__doc__),
        ("refuse?status=503", ModelUnavailable, ModelUnavailable.__doc__),
        ("refuse?status=504", ModelTimeout, ModelTimeout.__doc__),
        ('raw?status=400&body={"error":{"code":"context_length_exceeded"}}', ModelError, trouble.TOO_MUCH),
        (
            'raw?status=400&body={"message":"This model\'s maximum context length is 9"}',
            ModelError,
            trouble.TOO_MUCH,
        ),
        ('raw?status=400&body={"error":{"code":"content_filter"}}', ModelError, trouble.FILTERED),
        ("raw?body=garbage", ModelError, trouble.NOT_UNDERSTOOD),
        ('raw?body={"choices":[]}', ModelError, trouble.NOT_UNDERSTOOD),
        ('raw?body={"choices":[{}]}', ModelError, trouble.EMPTY),
        ("raw?body=data:garbage%0A%0A&kind=text/event-stream", ModelError, trouble.NOT_UNDERSTOOD),
        ("html", ModelError, trouble.NOT_UNDERSTOOD),
        ("half", ModelError, trouble.BROKEN_OFF),
        ("half?tokens=0", ModelError, trouble.BROKEN_OFF),
        ("broken", ModelError, trouble.BROKEN_OFF),
        ("broken?tokens=0", ModelUnavailable, ModelUnavailable.__doc__),
        ("error_inside", ModelError, ModelError.__doc__),
        ("error_inside?tokens=0&error_type=overloaded", ModelUnavailable, ModelUnavailable.__doc__),
        ("stream?reason=content_filter", ModelError, trouble.FILTERED),
        ("stream?reason=error", ModelError, trouble.BROKEN_OFF),
        ("whole?reason=content_filter", ModelError, trouble.FILTERED),
    ],
)
async def test_failure_is_told_in_a_plain_sentence(open_model, mode, api, kind, detail):
    error = await failure(open_model(mode, api))
    assert type(error) is kind
    assert error.detail == detail


@pytest.mark.parametrize(
    ("error", "kind", "detail"),
    [
        ({"error": {"message": "no", "code": 503}}, ModelUnavailable, ModelUnavailable.__doc__),
        ({"error": {"message": "no", "type": "overloaded_error"}}, ModelUnavailable, ModelUnavailable.__doc__),
        ({"error": {"code": "context_length_exceeded"}}, ModelError, trouble.TOO_MUCH),
        ({"error": {"message": "no", "code": 500}}, ModelError, ModelError.__doc__),
        ({"object": "error", "message": "no", "code": 400}, ModelError, ModelError.__doc__),
        ({"error": "no"}, ModelError, ModelError.__doc__),
    ],
)
async def test_error_inside_a_stream(server, open_model, error, kind, detail):
    server.events = [choice(role="assistant"), error, b"[DONE]"]
    found = await failure(open_model("events"))
    assert (type(found), found.detail) == (kind, detail)


async def test_stream_of_nothing_points_to_the_window(open_model, caplog):
    assert (await failure(open_model("events"))).detail == trouble.BROKEN_OFF
    assert "check MODEL_CONTEXT_TOKENS" in caplog.text


async def test_time_until_the_model_is_there(open_model):
    error = await failure(open_model("refuse?retry_after=7"))
    assert error.retry_after_s == 7


async def test_operator_reads_why_and_nobody_reads_a_secret(open_model, caplog):
    caplog.set_level(logging.INFO)
    error = await failure(open_model("refuse?status=401", api_key="sk-secret"))
    assert "HTTP 401 (check MODEL_API_KEY)" in caplog.text
    assert "secret" not in caplog.text + error.detail + repr(error) + str(error.__cause__)


async def test_cancelling_closes_the_connection(server, open_model, caplog):
    task = asyncio.ensure_future(answer(open_model("silent")))
    assert await asyncio.to_thread(server.waiting.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 1)
    assert await asyncio.to_thread(server.client_left.wait, 5)
    assert not caplog.records


# --- At the start of a worker ------------------------------------------------------------------------------


async def test_ping_finds_whoever_answers(server, open_model, caplog):
    assert await cast(Any, open_model()).ping()
    assert not server.requests
    assert not caplog.records


async def test_ping_says_in_one_line_that_nobody_is_there(unused_tcp_port, caplog):
    model = open_backend(ModelConf(url=f"openai+http://me:secret@127.0.0.1:{unused_tcp_port}/?model=x"), 1)
    assert not await cast(Any, model).ping()
    await model.close()
    [record] = caplog.records
    assert "Model x can't be reached: Connection refused" in record.message
    assert "MODEL_URL" in record.message
    assert "secret" not in record.message


async def test_ping_says_only_what_is_new(unused_tcp_port, caplog):
    caplog.set_level(logging.INFO)
    model = cast(Any, open_backend(ModelConf(url=f"openai+http://127.0.0.1:{unused_tcp_port}/?model=x"), 1))
    assert [await model.ping(), await model.ping()] == [False, False]
    server = ModelServer(unused_tcp_port)
    server.start()
    try:
        assert [await model.ping(), await model.ping()] == [True, True]
    finally:
        await model.close()
        server.stop()
    said = [record.message for record in caplog.records if record.name.startswith("inference_worker")]
    assert len(said) == 2
    assert said[1] == "Model x is there now"


async def test_closing_does_not_wait_for_a_ping_under_way(server, open_model, caplog):
    model = cast(Any, open_model())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.model_server.Handler.do_GET", lambda handler: Request(handler, {}, {}, 0).hang())
        ping = asyncio.ensure_future(model.ping())
        assert await asyncio.to_thread(server.waiting.wait, 5)
        await asyncio.wait_for(model.close(), 1)
        assert not await asyncio.wait_for(ping, 1)
    assert not caplog.records
