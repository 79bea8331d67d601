import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from inference_worker.conf import get_model_conf
from tests.model_server import ModelServer, running_model_server


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with running_model_server() as server:
        yield server


@pytest.fixture
def check(settings) -> Iterator[Callable[..., str]]:
    """Runs the command with these settings of the model; gives what it wrote."""

    def run(*message: str, **model: Any) -> str:
        settings.MODEL = settings.MODEL | model
        get_model_conf.cache_clear()
        out = io.StringIO()
        call_command("check_model", *message, stdout=out, no_color=True)
        return out.getvalue()

    yield run
    get_model_conf.cache_clear()


def test_prompt_stream_end_and_speed_are_shown(server, check):
    out = check("Guten Tag", url=server.url("stream?delay_ms=1"))
    assert "\nPrompt:\nHuman: Guten Tag\nBot:\nReply:\nYou said: Guten Tag\nFinish: stop\n" in out
    assert re.search(
        r"^First piece after 0\.\d{3} s, then [\d.]+ tokens/s, [\d.]+ characters/s "
        r"\(4 tokens, 4 pieces, 19 characters in 0\.\d{3} s\)\.$",
        out,
        re.MULTILINE,
    )


def test_chat_models_messages_are_shown(server, check):
    out = check(url=f"openai+{server.url('v1')}?model=tiny", system_prompt="Sei nett 猫")
    assert out.startswith("Model: tiny\nPrompt:\n[\n")
    assert '"content": "Sei nett 猫"' in out
    assert "You said: Hello\n" in out


def test_reply_that_came_whole(server, check):
    server.play("whole")
    out = check(url=f"openai+{server.url('v1')}?model=x")
    assert re.search(r"All of it \(1 piece, 15 characters\) after 0\.\d{3} s\.$", out.strip())


def test_model_without_a_server_is_checked_too(check):
    out = check("a b", url="echo:")
    assert "Model: echo\nPrompt:\na b\nReply:\na b\nFinish: stop\n" in out


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("gopher://host/", "^MODEL_URL starts with gopher:"),
        ("openai+http://host/v1", r"^MODEL_URL must be .*\?model=NAME"),
        ("echo:?fail=model_unavailable", "^The model can't be reached at the moment"),
    ],
)
def test_wrong_url_is_one_line(check, url, line):
    with pytest.raises(CommandError, match=line) as caught:
        check(url=url)
    assert "\n" not in str(caught.value)
    assert caught.value.returncode == 1


def test_unreachable_model_is_one_line(check, unused_tcp_port, caplog):
    with pytest.raises(
        CommandError, match=r"^Model 127\.0\.0\.1:\d+ can't be reached: Connection refused .*MODEL_URL"
    ):
        check(url=f"http://127.0.0.1:{unused_tcp_port}/")
    assert not caplog.records


def test_refusal_is_one_line_with_the_servers_words_and_its_time(server, check):
    with pytest.raises(CommandError, match=r"answered with HTTP 429 .*you sent Bearer \*\*\*.*; asks for 7 s$"):
        check(url=server.url("refuse?retry_after=7"), huggingface_token="hf_1")


def test_silent_model_is_given_up_after_the_time(server, check):
    with pytest.raises(CommandError, match="took too long"):
        check(url=server.url("hang"), timeout_s=0.3)
