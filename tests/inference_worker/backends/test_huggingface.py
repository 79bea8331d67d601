import asyncio
import datetime
import ipaddress
import logging
import ssl
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import suppress
from email.utils import format_datetime
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from chat.errors import ModelError, ModelFailure, ModelTimeout, ModelUnavailable
from inference_worker.backends import body, open_backend, sse, trouble
from inference_worker.backends.base import Backend, Finish, Prompt, Turn
from inference_worker.conf import ModelConf
from tests.model_server import ModelServer, running_model_server

Stream = AsyncGenerator[str | Finish, None]
REPLY = ["You", " said:", " hi", Finish("stop")]
WHOLE = ["You said: hi", Finish("stop")]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with running_model_server() as server:
        yield server


@pytest.fixture
async def open_model(server: ModelServer) -> AsyncIterator[Callable[..., Backend]]:
    """Opens a model in a mode of the server. A thread that does not end makes closing take too long."""
    models = []

    def open_(mode: str = "stream", slots: int = 1, **conf: Any) -> Backend:
        models.append(open_backend(ModelConf(url=server.url(mode), **conf), slots))
        return models[-1]

    yield open_
    for model in models:
        await asyncio.wait_for(model.close(), 2)


def stream(model: Backend, message: str = "hi") -> Stream:
    return cast(Stream, model.stream(Prompt(message)))


async def answer(model: Backend, message: str = "hi") -> list[str | Finish]:
    return [item async for item in stream(model, message)]


async def failure(model: Backend) -> ModelFailure:
    with pytest.raises(ModelFailure) as caught:
        await answer(model)
    return caught.value


async def happens(event: Any) -> bool:
    return await asyncio.to_thread(event.wait, 5)


# --- What is asked -----------------------------------------------------------------------------------------


async def test_request_keeps_to_the_contract(server, open_model):
    model = open_model(huggingface_token="hf_1", max_new_tokens=9, temperature=0.5)
    context = (Turn("human", "Hello"), Turn("bot", "Hello!"))
    assert [item async for item in model.stream(Prompt("hi", context))] == REPLY
    [request] = server.requests
    assert request.body == {
        "inputs": "Human: Hello\nBot: Hello!\nHuman: hi\nBot:",
        "parameters": {
            "return_full_text": False,
            "max_new_tokens": 9,
            "do_sample": True,
            "temperature": 0.5,
            "stop": ["\nHuman:"],
            "details": True,
        },
        "options": {"use_cache": False},
        "stream": True,
    }
    assert request.headers["Authorization"] == "Bearer hf_1"
    # The hosted API looks here, or in the options.
    assert request.headers["x-use-cache"] == "false"


async def test_top_k_and_top_p_are_sent_when_they_choose(server, open_model):
    for conf, sent in (({"top_k": 40, "top_p": 0.9}, {"top_k": 40, "top_p": 0.9}), ({"top_p": 1.0}, {})):
        await answer(open_model(**conf))
        parameters = server.requests[-1].body["parameters"]
        assert {name: parameters[name] for name in ("top_k", "top_p") if name in parameters} == sent


async def test_no_bearer_without_a_token_and_no_sampling_without_a_temperature(server, open_model):
    await answer(open_model(temperature=0))
    assert "Authorization" not in server.requests[0].headers
    assert server.requests[0].body["parameters"]["do_sample"] is False
    assert "temperature" not in server.requests[0].body["parameters"]


async def test_login_in_the_url_goes_before_the_token_and_stays_out_of_the_name(server):
    url = server.url().replace("//", "//me:p%40ss@")
    model = open_backend(ModelConf(url=url, huggingface_token="hf_1"), 1)
    assert await answer(model) == REPLY
    await model.close()
    assert server.requests[0].headers["Authorization"] == "Basic bWU6cEBzcw=="
    assert model.name == f"127.0.0.1:{server.server_address[1]}"


async def test_netrc_and_cookies_have_no_say(server, open_model, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.play("raw?body=[]&cookie=a", "stream")
    model = open_model(huggingface_token="hf_1")
    await failure(model)
    await answer(model)
    assert server.requests[1].headers["Authorization"] == "Bearer hf_1"
    assert "Cookie" not in server.requests[1].headers


async def test_proxy_of_the_environment_is_used(server, monkeypatch):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url(""))
    model = open_backend(ModelConf(url="http://model.invalid/stream"), 1)
    assert await answer(model) == REPLY
    await model.close()
    assert server.requests[0].path == "http://model.invalid/stream"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api-inference.huggingface.co/models/EleutherAI/gpt-j-6B", "EleutherAI/gpt-j-6B"),
        ("http://me:secret@gpu.example:8080/generate?key=secret", "gpu.example:8080"),
        ("https://gpu.example/", "gpu.example"),
    ],
)
async def test_name_says_which_model_and_no_secret(url, name):
    model = open_backend(ModelConf(url=url), 1)
    assert model.name == name
    await model.close()


@pytest.mark.parametrize(
    ("conf", "named"),
    [
        ({"url": "http://"}, "MODEL_URL"),
        ({"url": "http://me:secret@host:port/"}, "MODEL_URL"),
        ({"url": "http://host/", "huggingface_token": "se\ncret"}, "HUGGINGFACE_INFERENCE_TOKEN"),
    ],
)
def test_wrong_setting_is_named(conf, named):
    with pytest.raises(ImproperlyConfigured, match=named) as caught:
        open_backend(ModelConf(**conf), 1)
    assert "secret" not in str(caught.value)


# --- What is answered --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["whole", "whole?bare=1", "whole?full=1", "only_at_the_end"])
async def test_whole_answer(open_model, mode):
    assert await answer(open_model(mode)) == WHOLE


@pytest.mark.parametrize("mode", ["stream", "stream?bytewise=1", "stream?unchunked=1"])
async def test_stream_with_characters_split_over_chunks(open_model, mode):
    pieces = await answer(open_model(mode), "hällo 猫 😀")
    assert pieces == ["You", " said:", " hällo", " 猫", " 😀", Finish("stop")]


@pytest.mark.parametrize("mode", ["stream", "whole"])
async def test_limit_of_tokens_is_told(open_model, mode):
    pieces = await answer(open_model(mode, max_new_tokens=2))
    assert pieces[-1] == Finish("length")
    assert "".join(cast(list[str], pieces[:-1])) == "You said:"


@pytest.mark.parametrize("mode", ["hang?tokens=2", "hang?tokens=2&unchunked=1"])
async def test_piece_is_there_before_the_model_says_the_next(server, open_model, mode):
    model = open_model(mode)
    pieces = stream(model)
    assert [await anext(pieces), await anext(pieces)] == ["You", " said:"]
    await pieces.aclose()


async def test_reply_ends_before_the_humans_next_line_and_the_model_is_stopped(server, open_model):
    assert await answer(open_model("goes_on")) == REPLY
    assert await happens(server.client_left)


async def test_last_event_is_the_end_even_if_the_connection_stays_open(open_model):
    assert await asyncio.wait_for(answer(open_model("open_end?tokens=1")), 1) == ["You", Finish("stop")]


async def test_halves_of_characters_are_no_part_of_the_reply(open_model):
    pieces = await answer(open_model(r'raw?body={"generated_text":"a\ud83d"}'))
    assert pieces == ["a", Finish("stop")]


@pytest.mark.parametrize("mode", ["stream", "whole", "stream?bytewise=1", "half", "refuse?status=503"])
async def test_connection_is_used_again(server, open_model, mode):
    model = open_model(mode)
    for _ in range(3):
        with suppress(ModelFailure):
            await answer(model)
        # A new stream may begin while the thread still reads the end of the one before.
        await drained(model)
    assert server.connections == 1


async def drained(model: Any) -> None:
    """Waits until no thread works: the last one to meet the others has nothing else to do either."""
    meeting = threading.Barrier(model._threads._max_workers)
    for _ in range(meeting.parties):
        job = model._threads.submit(meeting.wait, 5)
    await asyncio.wrap_future(job)


@pytest.mark.parametrize("without", ["stream", "details,stop", "stream,details,stop"])
async def test_field_that_the_server_refuses_is_left_out_from_there_on(server, open_model, without):
    model = open_model(f"strict?without={without}")
    assert await answer(model) == WHOLE
    first = len(server.requests)
    assert first == 1 + len(without.split(","))
    assert await answer(model) == WHOLE
    assert len(server.requests) == first + 1


async def test_field_is_not_left_out_for_an_error_that_merely_mentions_it(server, open_model):
    model = open_model()
    server.play(*["raw?status=422&body=stream of words too long"] * 2)
    assert isinstance(await failure(model), ModelError)
    assert await answer(model) == REPLY


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"))),
    st.sampled_from([b"\n", b"\r\n"]),
    st.data(),
)
def test_events_are_the_same_however_their_bytes_are_split(texts, end, data):
    sent = b": hello" + end + end
    for text in texts:
        sent += b"event: x" + end + b"data: " + text.encode() + end + end
    at = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8)))
    chunks = [sent[start:stop] for start, stop in zip([0, *at], [*at, len(sent)], strict=True)]
    assert list(sse.events(chunks)) == [text.encode() for text in texts]


# --- Failures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "kind", "detail"),
    [
        ("refuse?status=401", ModelError, trouble.REFUSED),
        ("refuse?status=403", ModelError, trouble.REFUSED),
        ("refuse?status=404", ModelError, trouble.NOT_FOUND),
        ("refuse?status=302&to=/stream", ModelError, trouble.NOT_FOUND),
        ("refuse?status=413", ModelError, trouble.TOO_MUCH),
        ("refuse?status=422", ModelError, trouble.TOO_MUCH),
        ("refuse?status=400", ModelError, ModelError.__doc__),
        ("refuse?status=500", ModelError, ModelError.__doc__),
        ("refuse?status=502", ModelUnavailable, ModelUnavailable.__doc__),
        ("refuse?status=504", ModelTimeout, ModelTimeout.__doc__),
        ("raw?body=garbage", ModelError, trouble.NOT_UNDERSTOOD),
        ("raw?body=[]", ModelError, trouble.NOT_UNDERSTOOD),
        ("raw?body=[[[[3]]]]", ModelError, trouble.NOT_UNDERSTOOD),
        ('raw?body={"generated_text":null}', ModelError, trouble.NOT_UNDERSTOOD),
        ('raw?body={"generated_text":" Human: me"}', ModelError, trouble.EMPTY),
        ('raw?body={"error":"x"}', ModelError, ModelError.__doc__),
        ('raw?body={"error":"x","estimated_time":3}', ModelUnavailable, trouble.LOADING),
        ("raw?body=data:garbage%0A%0A&kind=text/event-stream", ModelError, trouble.NOT_UNDERSTOOD),
        ("html", ModelError, trouble.NOT_UNDERSTOOD),
        ("half", ModelError, trouble.BROKEN_OFF),
        ("half?tokens=0", ModelError, trouble.BROKEN_OFF),
        ("broken", ModelError, trouble.BROKEN_OFF),
        ("broken?tokens=0", ModelUnavailable, ModelUnavailable.__doc__),
        ("error_inside", ModelError, ModelError.__doc__),
        ("error_inside?tokens=0&error_type=overloaded", ModelUnavailable, ModelUnavailable.__doc__),
        ("error_inside?tokens=0&error_type=validation", ModelError, trouble.TOO_MUCH),
        ("loading?status=500", ModelUnavailable, trouble.LOADING),
    ],
)
async def test_failure_is_told_in_a_plain_sentence(server, open_model, mode, kind, detail):
    error = await failure(open_model(mode))
    assert type(error) is kind
    assert error.detail == detail
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("mode", "retry_after_s"),
    [
        ("refuse?retry_after=7", 7),
        ("refuse?status=503&retry_after=0.5", 0.5),
        ("refuse?retry_after=-3", 0),
        ("refuse?retry_after=soon", None),
        ("refuse?retry_after=nan", None),
        ("refuse?retry_after=inf", None),
        ("refuse", None),
        ("loading?estimated_time=20.5", 20.5),
    ],
)
async def test_time_until_the_model_is_there(open_model, mode, retry_after_s):
    error = await failure(open_model(mode))
    assert isinstance(error, ModelUnavailable)
    assert error.retry_after_s == retry_after_s


async def test_retry_after_may_be_a_date(server, open_model):
    date = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=100)
    error = await failure(open_model(f"refuse?retry_after={format_datetime(date, usegmt=True).replace(' ', '+')}"))
    assert error.retry_after_s == pytest.approx(99, abs=2)


async def test_depth_and_size_have_bounds(open_model, monkeypatch):
    assert (await failure(open_model("raw?body=" + "[" * 20_000))).detail == trouble.NOT_UNDERSTOOD
    monkeypatch.setattr(body, "MAX_ANSWER_BYTES", 100)
    long = 'raw?body={"generated_text":"' + "x" * 200 + '"}'
    assert (await failure(open_model(long))).detail == trouble.NOT_UNDERSTOOD


async def test_model_that_does_not_answer_in_time_is_left(server, open_model):
    assert isinstance(await failure(open_model("silent", timeout_s=0.1)), ModelTimeout)
    assert await happens(server.client_left)


async def test_operator_reads_why_and_nobody_reads_a_secret(server, open_model, caplog):
    caplog.set_level(logging.INFO)
    error = await failure(open_model("refuse?status=401", huggingface_token="hf_secret"))
    assert "HTTP 401 (check HUGGINGFACE_INFERENCE_TOKEN)" in caplog.text
    assert "you sent Bearer ***" in caplog.text
    assert "secret" not in caplog.text + error.detail + repr(error)


async def test_unreachable_model_is_unavailable_and_its_url_stays_out_of_the_log(unused_tcp_port, caplog):
    model = open_backend(ModelConf(url=f"http://me:secret@127.0.0.1:{unused_tcp_port}/?key=secret"), 1)
    error = await failure(model)
    await model.close()
    assert isinstance(error, ModelUnavailable)
    assert (
        "can't be reached: Connection refused (ConnectionError, NewConnectionError) (check MODEL_URL)"
        in caplog.text
    )
    assert "secret" not in caplog.text + error.detail


# --- Ending early ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["silent", "hang?tokens=0", "hang?tokens=0&unchunked=1"])
async def test_cancelling_closes_the_connection_and_frees_the_only_slot(server, open_model, mode, caplog):
    model = open_model()
    for _ in range(3):
        server.play(mode)
        task = asyncio.ensure_future(anext(stream(model)))
        assert await happens(server.waiting)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 1)
        assert await happens(server.client_left)
        server.waiting.clear()
        server.client_left.clear()
    assert await asyncio.wait_for(answer(model), 1) == REPLY
    assert len(asyncio.all_tasks()) == 1
    assert not caplog.records


async def test_cancelling_while_waiting_for_a_thread_asks_nothing(server, open_model):
    model = open_model("silent", slots=1)
    busy = [asyncio.ensure_future(anext(stream(model))) for _ in range(2)]
    assert await asyncio.to_thread(server.wait_for_requests, 2)
    late = asyncio.ensure_future(anext(stream(model)))
    await asyncio.sleep(0)
    for task in (late, *busy):
        task.cancel()
    await asyncio.wait([late, *busy], timeout=1)
    await asyncio.wait_for(model.close(), 1)
    assert len(server.requests) == 2


async def test_closing_a_finished_stream_late_leaves_the_next_user_of_its_connection_alone(server, open_model):
    model = open_model(slots=1)
    server.play("stream", "hang?tokens=1")
    first = stream(model)
    assert await anext(first) == "You"
    await drained(model)
    second = stream(model)
    assert await anext(second) == "You"
    assert await happens(server.waiting)
    await first.aclose()
    assert server.connections == 1
    assert not server.client_left.wait(0.05)
    await second.aclose()
    assert await happens(server.client_left)


async def test_closing_the_backend_ends_what_still_runs(server, open_model):
    model = open_model("silent")
    running_and_waiting = [asyncio.ensure_future(anext(stream(model))) for _ in range(3)]
    assert await asyncio.to_thread(server.wait_for_requests, 2)
    await asyncio.wait_for(model.close(), 1)
    for task in running_and_waiting:
        with pytest.raises(ModelUnavailable):
            await asyncio.wait_for(task, 1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> str:
    """A file with a key and a certificate for 127.0.0.1 that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "model")])
    now = datetime.datetime.now(datetime.UTC)
    host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    signed = builder.add_extension(host, critical=False).sign(key, hashes.SHA256())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("tls") / "model.pem"
    file.write_bytes(text + signed.public_bytes(serialization.Encoding.PEM))
    return str(file)


async def test_tls_streams_and_is_cancelled_too(certificate, monkeypatch):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate)
    with running_model_server(tls) as server:
        model = open_backend(ModelConf(url=server.url()), 1)
        assert await answer(model) == REPLY
        server.play("hang?tokens=1")
        pieces = stream(model)
        assert await anext(pieces) == "You"
        assert await happens(server.waiting)
        await pieces.aclose()
        assert await happens(server.client_left)
        await asyncio.wait_for(model.close(), 1)
