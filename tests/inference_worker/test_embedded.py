"""The model that comes along, through the backend that runs GPT-J-6B. How good it is: training/evaluate.py."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inference_worker.backends import open_backend
from inference_worker.backends.base import Backend, Finish, Prompt, Turn
from inference_worker.conf import ModelConf

FOLDER = Path(__file__).parents[2] / "inference_worker" / "embedded"


@pytest.fixture
async def model() -> AsyncIterator[Backend]:
    """As it comes, but for chance."""
    backend = open_backend(
        ModelConf(url="local:inference_worker/embedded", temperature=0, given=frozenset({"temperature"})), 1
    )
    yield backend
    await backend.close()


async def talk(model: Backend, *messages: str) -> str:
    """Say one after the other, and return the last reply."""
    turns: list[Turn] = []
    for message in messages:
        items = [item async for item in model.stream(Prompt(message, tuple(turns[-4:])))]
        assert items[-1] == Finish("stop"), items
        turns += [Turn("human", message), Turn("bot", "".join(str(item) for item in items[:-1]))]
    return turns[-1].text


async def test_it_is_small_and_has_a_name_and_a_licence(model):
    size = sum(file.stat().st_size for file in FOLDER.iterdir())

    assert size < 12_000_000
    assert "demo" in model.name
    assert "MIT licence" in (FOLDER / "README.md").read_text()


async def test_it_greets_and_says_what_it_is(model):
    assert re.search("hello|hi there", await talk(model, "hi there"), re.IGNORECASE)
    assert re.search("demo|small", await talk(model, "Who are you?"))


async def test_it_remembers_a_name_and_a_thing_within_the_window(model):
    assert "Zorblat" in await talk(model, "My name is Zorblat", "What's my name?")
    assert "Zorblat" in await talk(model, "My name is Zorblat", "12 + 30", "What's my name?")
    assert "teal" in await talk(model, "my favourite colour is teal", "what is my favourite colour?")


async def test_it_does_not_guess_a_name_that_it_can_not_see(model):
    reply = await talk(
        model, "My name is Zorblat", "what is a worker?", "tell me a joke", "7 + 5", "What's my name?"
    )

    assert re.search("don't know|can't see|isn't in", reply)


async def test_it_explains_the_project_with_the_right_commands(model):
    assert "`make run`" in await talk(model, "How do I run this project?")
    assert "`MODEL_URL" in await talk(model, "how do I plug in a model?")
    assert "`python manage.py run_inference_worker`" in await talk(model, "how do I start a worker?")
    assert "another worker" in await talk(model, "what happens when a worker dies?")


async def test_it_does_small_sums(model):
    assert "= 42." in await talk(model, "12 + 30")
    assert "= 85." in await talk(model, "47 + 38")


async def test_it_names_the_topic_that_it_knows_nothing_about_and_what_would(model):
    reply = await talk(model, "Tell me about quantum physics")

    assert "quantum physics" in reply
    assert re.search("MODEL_URL|small", reply)


async def test_it_says_of_words_that_it_has_never_seen_that_it_knows_nothing(model):
    assert "blorp" in await talk(model, "what is blorp?")
    assert "\ufffd" not in await talk(model, "我叫李雷 🦊🦊 \x00 ÿ ﷽")
