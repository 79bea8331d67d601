"""Models in this process: real ones, small enough for tests."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from bench import gptj
from chat.errors import ModelError, ModelUnavailable
from inference_worker.backends import open_backend
from inference_worker.backends.base import Backend, Finish, Prompt, Turn
from inference_worker.backends.engine import SPREAD_TOKENS, Engine, Row, fitting
from inference_worker.backends.local import Local
from inference_worker.backends.model_folder import open_folder
from inference_worker.backends.placement import Placement
from inference_worker.backends.spelling import Spelling
from inference_worker.conf import ModelConf
from tests.clients import new_token, v1
from tests.model_server import ModelServer
from tests.scripted_model import write_scripted
from tests.servers import wait_until

TINY = Path(__file__).parent / "tiny_gptj"
PATIENCE_S = 20.0
LONG = {"max_new_tokens": 1500, "context_tokens": 2048}


@pytest.fixture
async def open_model() -> AsyncIterator[Callable[..., Local]]:
    """Opens a model; a thread that does not end makes closing take too long."""
    models: list[Local] = []

    def open_(url: str, slots: int = 4, **conf: Any) -> Local:
        given = frozenset(conf)
        model = open_backend(ModelConf(url=url, given=given, **conf), slots)
        assert isinstance(model, Local)
        models.append(model)
        return model

    yield open_
    for model in models:
        await asyncio.wait_for(model.close(), 2)


async def answer(model: Backend, message: str = "hi", *context: Turn) -> list[Any]:
    return [item async for item in model.stream(Prompt(message, context))]


async def text(model: Backend, message: str = "hi") -> str:
    return "".join(item for item in await answer(model, message) if isinstance(item, str))


# --- What it writes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", json.loads((TINY / "expected.json").read_text()), ids=lambda said: said["prompt"])
async def test_gptj_writes_the_tokens_that_transformers_writes(said):
    """In float32 and greedy, alone and beside others. `tiny_gptj/make.py` asked transformers."""
    folder = open_folder(str(TINY))
    conf = ModelConf(url="", temperature=0, max_new_tokens=48, context_tokens=256)
    engine = Engine(folder, Placement("cpu", "float32", threads=1, lanes=1), conf, slots=2)
    try:
        await engine.loaded
        spelling = Spelling(TINY / "tokenizer.json")
        for beside in ([], ["Human: hello there, who are you?\nBot:"]):
            rows = [Written(spelling, prompt) for prompt in (said["prompt"], *beside)]
            for row in rows:
                engine.put(row)
            for row in rows:
                await row.end()
            # The end is a token too, but none of the reply.
            assert rows[0].ids == said["tokens"]
    finally:
        engine.close()
        engine.join(2)


class Written(Row):
    """A row whose prompt is a text, and that remembers which tokens were written."""

    def __init__(self, spelling: Spelling, prompt: str) -> None:
        super().__init__(Prompt(""))
        self.ids: list[int] = []
        self._spelling = spelling
        self._text = prompt
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def spell(self, spelling: Spelling, conf: ModelConf) -> None:
        super().spell(spelling, conf)
        self.tokens = spelling.tokens(self._text)

    def take(self, token_id: int, *, is_end: bool, is_last: bool) -> list[Any]:
        self.ids.append(token_id)
        if is_last:
            self._loop.call_soon_threadsafe(self._ended.set)
        # Not what is read of it: random weights have no sense for markers and ends.
        return [Finish()] if is_last else []

    async def end(self) -> None:
        await asyncio.wait_for(self._ended.wait(), PATIENCE_S)


async def test_pieces_come_as_they_are_written_and_the_rest_is_cut(tmp_path, open_model):
    url = write_scripted(tmp_path, " Hello", " W", "örl", "d", "!", "\nHum", "an: and", " on")
    items = await answer(open_model(url))
    assert items == ["Hello", " W", "örl", "d", "!", Finish("stop")]
    # Seven: the one that makes the marker whole is the last one that is written.
    assert items[-1].tokens == 7


async def test_model_that_ends_by_itself(tmp_path, open_model):
    items = await answer(open_model(write_scripted(tmp_path, " Good", " bye")))
    assert items == ["Good", " bye", Finish("stop")]
    assert items[-1].tokens == 2


async def test_limit_of_tokens_is_told(tmp_path, open_model):
    url = write_scripted(tmp_path, " tick", " tack", loops=True)
    items = await answer(open_model(url, max_new_tokens=3))
    assert items == ["tick", " tack", " tick", Finish("length")]
    assert items[-1].tokens == 3


async def test_characters_split_over_tokens_come_whole(tmp_path, open_model):
    said = "你好😀ö👩🏽"
    pieces = [bytes([byte]) for byte in said.encode()]
    unique = [piece for at, piece in enumerate(pieces) if piece not in pieces[:at]]
    # As many characters as there are with no byte used twice, each byte a token.
    said = b"".join(unique).decode(errors="ignore")
    assert len(said) >= 3
    items = await answer(open_model(write_scripted(tmp_path, *(bytes([byte]) for byte in said.encode()))))
    assert items == [*said, Finish("stop")]


@pytest.mark.parametrize("rest", [[], [" b"]], ids=["at the end", "in the middle"])
async def test_half_a_character_is_dropped(tmp_path, open_model, rest):
    items = await answer(open_model(write_scripted(tmp_path, " a", b"\xf0\x9f", *rest)))
    assert "".join(item for item in items if isinstance(item, str)) == "a" + "".join(rest)
    assert items[-1] == Finish("stop")


async def test_empty_answer_is_an_error(tmp_path, open_model):
    model = open_model(write_scripted(tmp_path))
    with pytest.raises(ModelError, match="nothing to say"):
        await answer(model)
    with pytest.raises(ModelError, match="nothing to say"):
        await answer(open_model(write_scripted(tmp_path / "b", " \n", "Human:")))


async def test_temperature_top_k_and_top_p(tmp_path, open_model):
    gptj.write(tmp_path, gptj.Shape(layers=1, width=64, heads=2, vocabulary=300, rotary=16))

    async def texts(**sampling: Any) -> set[str]:
        model = open_model(f"local:{tmp_path}", max_new_tokens=24, **sampling)
        return {await text(model) for _ in range(3)}

    greedy = await texts(temperature=0)
    assert len(greedy) == 1
    assert await texts(temperature=1, top_k=1) == greedy
    assert await texts(temperature=1, top_p=0.001) == greedy
    assert len(await texts(temperature=1)) > 1
    assert len(await texts(temperature=1, top_k=5)) > 1


# --- The prompt ---------------------------------------------------------------------------------------------


def test_prompt_is_cut_to_the_window_by_the_models_own_tokens(tmp_path):
    url = write_scripted(tmp_path, " x", context_tokens=92, max_new_tokens=40)
    model = Local(ModelConf(url=url), 1)
    spelling = Spelling(tmp_path / "tokenizer.json")
    turns = (Turn("human", "first"), Turn("bot", "second 你"), Turn("human", "third"))
    # This tokenizer has a token for each byte; an estimate would keep more.
    assert model.shown(Prompt("now", turns)) == "Bot: second 你\nHuman: third\nHuman: now\nBot:"
    shown = model.shown(Prompt("你" * 50 + "end"))
    assert shown.endswith("你end\nBot:")
    assert 46 <= len(spelling.tokens(shown)) <= 52


async def test_prompt_never_goes_past_the_window(tmp_path):
    write_scripted(tmp_path, " x")
    conf = ModelConf(url="", context_tokens=80, max_new_tokens=40)
    row = Row(Prompt("Robot: " * 40))
    row.spell(Spelling(tmp_path / "tokenizer.json"), conf)
    assert len(row.tokens) <= 40
    assert row.tokens[-4:] == list("Bot:")


def test_end_of_text_in_a_message_is_what_somebody_wrote(tmp_path):
    write_scripted(tmp_path, " x")
    assert Spelling(tmp_path / "tokenizer.json").tokens(gptj.END) == list(gptj.END)


# --- What the folder says, and what the operator says --------------------------------------------------------


def test_folder_brings_defaults_that_the_operator_overrules(tmp_path):
    write_scripted(tmp_path, " x", name="Small", temperature=0.2, top_p=0.8, context_tokens=512, max_new_tokens=90)
    folder = open_folder(str(tmp_path))
    assert folder.name == "Small"
    own = folder.conf(ModelConf(url=""))
    assert (own.temperature, own.top_p, own.context_tokens, own.max_new_tokens) == (0.2, 0.8, 512, 90)
    set_ = ModelConf(
        url="", temperature=0.9, max_new_tokens=50, given=frozenset({"temperature", "max_new_tokens"})
    )
    assert (folder.conf(set_).temperature, folder.conf(set_).max_new_tokens) == (0.9, 50)
    # A window is what it is, whatever somebody sets; a smaller one is a choice.
    larger = ModelConf(url="", context_tokens=2048, given=frozenset({"context_tokens"}))
    assert folder.conf(larger).context_tokens == 512
    smaller = ModelConf(url="", context_tokens=300, given=frozenset({"context_tokens"}))
    assert folder.conf(smaller).context_tokens == 300


def test_default_length_of_a_reply_leaves_room_in_a_small_window(tmp_path):
    write_scripted(tmp_path, " x", context_tokens=256)
    folder = open_folder(str(tmp_path))
    assert folder.conf(ModelConf(url="")).max_new_tokens == 128
    with pytest.raises(ImproperlyConfigured, match=r"MODEL_MAX_NEW_TOKENS \(250\).*\(256\)"):
        folder.conf(ModelConf(url="", given=frozenset({"max_new_tokens"})))


def test_name_is_the_folders_where_it_brings_none(tmp_path):
    write_scripted(tmp_path / "gpt-j-6b", " x")
    assert open_folder(str(tmp_path / "gpt-j-6b")).name == "gpt-j-6b"


def test_relative_folder_begins_at_the_project(tmp_path, settings):
    write_scripted(tmp_path / "var" / "my model", " x")
    settings.BASE_DIR = tmp_path
    assert open_folder("var/my%20model").path == tmp_path / "var" / "my model"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (shutil.rmtree, "a folder that is not there.*fetch_model"),
        (lambda folder: (folder / "model.bin").unlink(), "without model.bin.*fetch_model"),
        (
            lambda folder: (folder / "model.bin").rename(folder / "model.safetensors"),
            r"a checkpoint that is not converted yet.*fetch_model /",
        ),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json can't be read"),
        (lambda folder: (folder / "generation.json").write_text("[]"), "generation.json holds no JSON object"),
        (
            lambda folder: (folder / "generation.json").write_text('{"heat": 1}'),
            "generation.json.*not known: heat",
        ),
        (
            lambda folder: (folder / "generation.json").write_text('{"top_k": 0.5}'),
            r"generation.json.*wrong value for top_k: 0\.5",
        ),
    ],
)
def test_wrong_folder_is_one_line_that_names_the_setting(tmp_path, change, line):
    url = write_scripted(tmp_path / "m", " x")
    change(tmp_path / "m")
    with pytest.raises(ImproperlyConfigured, match=f"^MODEL_URL.*{line}") as caught:
        open_backend(ModelConf(url=url), 1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("threads=many", "threads must be a whole number"),
        ("lanes=0", "lanes must be a whole number"),
        ("device=tpu", "device must be auto, cpu or cuda"),
        ("compute_type=int7", "compute_type must be one of .*int8"),
        ("beams=4", "does not know: beams. It knows device"),
    ],
)
def test_wrong_option_is_one_line(tmp_path, query, line):
    url = write_scripted(tmp_path, " x")
    with pytest.raises(ImproperlyConfigured, match=f"^MODEL_URL.*{line}"):
        open_backend(ModelConf(url=f"{url}?{query}"), 1)


def test_placement_suits_the_size_unless_it_is_chosen():
    small, large = (Placement.chosen("device=cpu", size) for size in (3_500_000, 6_000_000_000))
    assert (small.threads, small.compute_type) == (1, "int8")
    assert large.threads > 1 or Placement.chosen("device=cpu", 1 << 60).threads == 1
    chosen = Placement.chosen("device=cpu&threads=3&lanes=5&compute_type=float32", 3_500_000)
    assert chosen == Placement("cpu", "float32", threads=3, lanes=5)


# --- Many at once -------------------------------------------------------------------------------------------


async def test_sessions_share_a_batch_and_one_that_is_stopped_leaves_it(tmp_path, open_model):
    model = open_model(write_scripted(tmp_path, " a", " b", loops=True) + "?lanes=1", **LONG)
    async with aclosing(model.stream(Prompt("one"))) as one, aclosing(model.stream(Prompt("two"))) as two:
        begun = asyncio.create_task(anext(one))
        # With one lane both can only have begun if they are in one batch.
        assert await asyncio.wait_for(anext(two), PATIENCE_S) == "a"
        assert await asyncio.wait_for(begun, PATIENCE_S) == "a"
        [row] = [row for row in model._engine._running if row.prompt.message == "one"]
        await one.aclose()
        rest = [item async for item in two]
    assert rest[-1].tokens == LONG["max_new_tokens"]
    assert row.written < LONG["max_new_tokens"]


async def test_newcomer_does_not_wait_for_a_batch_that_runs(tmp_path, open_model):
    model = open_model(write_scripted(tmp_path, " a", " b", loops=True), **LONG)
    async with aclosing(model.stream(Prompt("long"))) as long:
        await anext(long)
        async with aclosing(model.stream(Prompt("newcomer"))) as newcomer:
            await asyncio.wait_for(anext(newcomer), PATIENCE_S)
        [row] = [row for row in model._engine._running if row.prompt.message == "long"]
        assert row.written < LONG["max_new_tokens"]


async def test_who_leaves_while_waiting_is_never_written(tmp_path, open_model):
    model = open_model(write_scripted(tmp_path, " a", " b", loops=True) + "?lanes=1", slots=1, **LONG)
    async with aclosing(model.stream(Prompt("long"))) as long:
        await anext(long)
        second = asyncio.create_task(text(model, "second"))
        third = asyncio.create_task(answer(model, "third"))
        await asyncio.sleep(0)
        assert [row.prompt.message for row in model._engine._waiting] == ["second", "third"]
        second.cancel()
        await asyncio.wait([second])
        assert [row.prompt.message for row in model._engine._waiting] == ["third"]
    items = await asyncio.wait_for(third, PATIENCE_S)
    assert items[-1].tokens == LONG["max_new_tokens"]


def test_prompts_that_differ_much_do_not_share_a_batch():
    def row(tokens: int) -> Row:
        made = Row(Prompt(""))
        made.tokens = ["x"] * tokens
        return made

    rows = [row(100), row(100 + SPREAD_TOKENS), row(90), row(110), row(100)]
    # The one that waits longest is always among them; the longest comes first.
    assert [len(one.tokens) for one in fitting(rows, 16)] == [110, 100, 100, 90]
    assert [len(one.tokens) for one in fitting(rows, 2)] == [100, 90]
    assert fitting(rows[1:], 16) == [rows[1]]
    assert fitting([Row(Prompt("not spelled yet"))], 16) == []


async def test_prompts_of_all_lengths_are_answered(tmp_path, open_model):
    model = open_model(write_scripted(tmp_path, " a", " b", " c"), slots=8)
    lengths = [1, 30, 60, 200, 201, 500, 5, 90, 800, 40, 2, 230]
    answers = await asyncio.gather(*(answer(model, "x" * length) for length in lengths))
    assert all(items == ["a", " b", " c", Finish("stop")] for items in answers)


async def test_closing_ends_those_that_run_and_those_that_wait(tmp_path, open_model):
    model = open_model(write_scripted(tmp_path, " a", " b", loops=True) + "?lanes=1", slots=1, **LONG)
    runs = model.stream(Prompt("runs"))
    await anext(runs)
    waits = asyncio.create_task(answer(model))
    await asyncio.sleep(0)
    await asyncio.wait_for(model.close(), 2)
    with pytest.raises(ModelUnavailable):
        await asyncio.wait_for(waits, PATIENCE_S)
    with pytest.raises(ModelUnavailable):
        async for _ in runs:
            pass


# --- Loading ------------------------------------------------------------------------------------------------


async def test_model_that_can_not_be_loaded_says_why_in_one_line(tmp_path, open_model):
    url = write_scripted(tmp_path, " x")
    (tmp_path / "model.bin").write_bytes(b"\0" * 100)
    model = open_model(url)
    with pytest.raises(ImproperlyConfigured, match=rf"can't be loaded from {tmp_path}.*check MODEL_URL") as caught:
        await model.ping()
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelUnavailable):
        await answer(model)


async def test_reply_does_not_wait_for_ever_for_a_model_that_loads(tmp_path, open_model):
    # So large that it is never loaded within a millisecond.
    gptj.write(tmp_path, gptj.Shape(layers=2, width=512, heads=8, vocabulary=20_000, rotary=32))
    with pytest.raises(ModelUnavailable, match="still loading") as caught:
        await answer(open_model(f"local:{tmp_path}", timeout_s=0.001))
    # Nobody asks again: the bound of the answer is reached.
    assert caught.value.retry_after_s == 0.001


@pytest.mark.measured
async def test_event_loop_goes_on_while_a_model_writes(tmp_path, open_model):
    gptj.write(tmp_path, gptj.Shape(layers=6, width=512, heads=8, vocabulary=5000, rotary=32))
    gaps = []

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.001)
            gaps.append(loop.time() - before)

    model = open_model(f"local:{tmp_path}", max_new_tokens=60)
    await model.ping()
    watching = asyncio.create_task(watch())
    await asyncio.gather(*(answer(model, "x" * 300) for _ in range(4)))
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    assert sorted(gaps)[int(len(gaps) * 0.99)] < 0.05


# --- The worker ---------------------------------------------------------------------------------------------


def test_worker_whose_model_can_not_be_loaded_ends_with_one_line(tmp_path, make_stack):
    url = write_scripted(tmp_path / "broken", " x")
    (tmp_path / "broken" / "model.bin").write_bytes(b"\0" * 100)
    worker = make_stack(MODEL_URL=url).worker(wait=False)
    assert worker.popen.wait(PATIENCE_S) == 1
    lines = worker.log.read_text().splitlines()
    assert "Loading model broken" in "".join(lines)
    assert "Model broken can't be loaded" in lines[-1]
    assert "Traceback" not in "".join(lines)


async def test_worker_goes_on_looking_for_a_model_that_is_not_there_yet(make_stack, unused_tcp_port):
    stack = make_stack(MODEL_URL=f"http://127.0.0.1:{unused_tcp_port}/stream")
    worker = stack.worker(wait=False)
    wait_until(lambda: worker.said("can't be reached: Connection refused"), "the line in the log")
    server = ModelServer(unused_tcp_port)
    server.start()
    try:
        wait_until(lambda: worker.said("is there now"), "the other line")
        web = stack.web()
        async with v1(web, new_token(web)) as client:
            assert await client.ask("hi") == "You said: hi"
    finally:
        server.stop()
    assert worker.log.read_text().count("can't be reached") == 1


async def test_a_message_is_answered_by_a_model_inside_the_worker(tmp_path, make_stack):
    url = write_scripted(tmp_path / "m", " Hello", " 世", "界", b" \xf0\x9f", b"\x98\x80", name="The Small One")
    stack = make_stack(MODEL_URL=url)
    worker, web = stack.worker(), stack.web()
    async with v1(web, new_token(web)) as client:
        assert await client.ask("hi") == "Hello 世界 😀"
    wait_until(lambda: worker.said("is loaded after"), "the line in the log")
    assert worker.said("The Small One")
