import io
import json
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper

from inference_worker.backends import open_backend
from inference_worker.backends.base import Prompt
from inference_worker.conf import ModelConf, get_model_conf
from inference_worker.fetching import conversion, hub
from inference_worker.fetching.errors import CannotFetch
from inference_worker.fetching.hub import Hub, RemoteFile, chosen
from inference_worker.fetching.progress import Progress, size
from tests.hub_server import REPO, REVISION, HubServer, running_hub

can_convert = pytest.mark.skipif(
    find_spec("torch") is None, reason="needs torch: pip install -r requirements-convert.txt"
)
WEIGHTS = os.urandom(300_000)


@pytest.fixture
def server(tmp_path) -> Iterator[HubServer]:
    folder = tmp_path / "on-the-hub"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "gptj"}')
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    (folder / "pytorch_model.bin").write_bytes(b"the same in another form")
    (folder / "README.md").write_text("not wanted")
    with running_hub(folder) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(hub, "PAUSE_S", 0.0)
    monkeypatch.setattr(hub, "CHUNK_BYTES", 10_000)


def fetch(server: HubServer, folder: Path, token: str = "") -> int:
    """Download all; gives how many bytes were reported."""
    model = Hub(server.url, token, REPO, REVISION)
    folder.mkdir(exist_ok=True)
    reported: list[int] = []
    for file in model.files():
        model.fetch(file, folder, reported.append)
    return sum(reported)


# --- Downloads ----------------------------------------------------------------------------------------------


def test_what_a_conversion_needs_is_downloaded_and_nothing_else(server, tmp_path):
    total = fetch(server, tmp_path / "here")
    assert {file.name for file in (tmp_path / "here").iterdir()} == {
        "config.json", "tokenizer.json", "model.safetensors",
    }  # fmt: skip
    assert (tmp_path / "here" / "model.safetensors").read_bytes() == WEIGHTS
    assert total == len(WEIGHTS) + 22 + 2
    # What is there is not asked for again.
    server.asked.clear()
    assert fetch(server, tmp_path / "here") == 0
    assert len(server.asked) == 1


def test_download_that_breaks_off_goes_on_by_itself(server, tmp_path):
    server.cut_after = 100_000
    assert fetch(server, tmp_path / "here") == len(WEIGHTS) + 22 + 2
    assert (tmp_path / "here" / "model.safetensors").read_bytes() == WEIGHTS
    ranges = [wanted for path, wanted in server.asked if path == "/cdn/model.safetensors"]
    assert ranges == ["", "bytes=100000-", "bytes=200000-"]


def test_interrupted_command_goes_on_where_it_was(server, tmp_path):
    server.cut_after = 0
    with pytest.raises(CannotFetch, match=r"broke off.*the same command goes on"):
        fetch(server, tmp_path / "here")
    server.cut_after = None
    (tmp_path / "here" / "model.safetensors.part").write_bytes(WEIGHTS[:123_456])
    fetch(server, tmp_path / "here")
    assert ("/cdn/model.safetensors", "bytes=123456-") in server.asked
    assert (tmp_path / "here" / "model.safetensors").read_bytes() == WEIGHTS


def test_server_that_can_not_begin_in_the_middle(server, tmp_path):
    server.ranges = False
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "model.safetensors.part").write_bytes(b"old " * 1000)
    assert fetch(server, tmp_path / "here") == len(WEIGHTS) + 22 + 2 - 4000
    assert (tmp_path / "here" / "model.safetensors").read_bytes() == WEIGHTS


def test_file_that_is_not_what_the_hub_describes_is_dropped(server, tmp_path):
    server.wrong_hash = True
    with pytest.raises(CannotFetch, match="did not arrive as the hub describes it"):
        fetch(server, tmp_path / "here")
    assert not list((tmp_path / "here").glob("model*"))


def test_token_is_sent_to_the_hub_but_not_to_where_the_files_lie(server, tmp_path):
    fetch(server, tmp_path / "here", token="hf_secret")
    assert server.bearers == {("127.0.0.1", "Bearer hf_secret"), ("localhost", "")}


def test_refusals_are_one_line(server, unused_tcp_port):
    for repo, revision, line in (
        (REPO, "other", "has no revision other"),
        ("someone/else", REVISION, "There is no model someone/else at"),
    ):
        with pytest.raises(CannotFetch, match=line):
            Hub(server.url, "", repo, revision).files()
    server.gated = True
    with pytest.raises(CannotFetch, match="HF_TOKEN"):
        Hub(server.url, "", REPO, REVISION).files()
    with pytest.raises(CannotFetch, match=r"can't be reached \(ConnectionError\).*give its folder"):
        Hub(f"http://127.0.0.1:{unused_tcp_port}", "", REPO, REVISION).files()


def test_weights_are_taken_in_one_form():
    def names(*files: str) -> list[str]:
        return [file.name for file in chosen(RemoteFile(name, len(name), "") for name in files)]

    assert names("pytorch_model.bin", "flax_model.msgpack", "config.json") == ["config.json", "pytorch_model.bin"]
    several = [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    ]
    assert sorted(names(*several, "pytorch_model.bin")) == several
    with pytest.raises(CannotFetch, match="no weights"):
        names("config.json", "tf_model.h5")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("out", "lines"), [(Terminal(), 1), (io.StringIO(), 6)])
def test_progress_is_one_line_of_a_terminal_and_a_few_of_a_log(out, lines):
    progress = Progress(OutputWrapper(out), 2_000_000, 1_000_000)
    for _ in range(100):
        progress.add(10_000)
    progress.end()
    assert out.getvalue().count("\n") == lines
    assert "50 %" in out.getvalue()
    assert "100 %  2.0 MB of 2.0 MB" in out.getvalue()


def test_sizes_for_people():
    assert [size(count) for count in (5, 5_000, 5_500_000, 6.05e9)] == ["5 bytes", "5.0 KB", "5.5 MB", "6.0 GB"]


# --- Room ---------------------------------------------------------------------------------------------------


def test_size_of_the_result_is_known_beforehand():
    gb = 10**9
    assert conversion.converted_bytes(24 * gb, {"dtype": "float32"}, "int8") == 6 * gb
    assert conversion.converted_bytes(12 * gb, {"torch_dtype": "float16"}, "float16") == 12 * gb
    assert conversion.converted_bytes(12 * gb, {}, "int8") == 6 * gb


def test_too_little_disk_or_memory_is_one_line(tmp_path):
    with pytest.raises(CannotFetch, match=r"The checkpoint needs 1000000000\.0 GB on the disk of .* are free"):
        conversion.check_room(tmp_path, 10**18, "The checkpoint")
    with pytest.raises(CannotFetch, match=r"needs about .* GB of memory, .* are free"):
        conversion.check_memory(10**15, 10**15)
    conversion.check_room(tmp_path, 1, "")
    conversion.check_memory(1, 1)


# --- The command --------------------------------------------------------------------------------------------


@pytest.fixture
def command(settings, tmp_path) -> Iterator[Callable[..., str]]:
    """Runs the command in an empty project; gives what it wrote."""
    settings.BASE_DIR = tmp_path / "project"
    settings.BASE_DIR.mkdir()

    def run(*arguments: str, **model: Any) -> str:
        settings.MODEL = settings.MODEL | model
        get_model_conf.cache_clear()
        out = io.StringIO()
        call_command("fetch_model", *arguments, stdout=out, no_color=True)
        return out.getvalue()

    yield run
    get_model_conf.cache_clear()


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is there")
def test_missing_packages_are_told_before_anything_is_downloaded(server, command):
    with pytest.raises(CommandError, match=r"needs torch and transformers: pip install -r requirements-conv"):
        command(REPO, huggingface_endpoint=server.url)
    assert not server.asked


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A small GPT-J as transformers saves it."""
    import torch
    from transformers import GPTJConfig, GPTJForCausalLM, PreTrainedTokenizerFast

    from bench.gptj import END, byte_tokenizer

    folder = tmp_path / "small-model"
    config = GPTJConfig(vocab_size=257, n_positions=128, n_embd=32, n_layer=1, n_head=2, rotary_dim=8)
    torch.manual_seed(0)
    GPTJForCausalLM(config).save_pretrained(folder)
    named = {"bos_token": END, "eos_token": END, "unk_token": END}
    PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(), **named).save_pretrained(folder)
    return folder


async def reply(url: str) -> str:
    backend = open_backend(
        ModelConf(url=url, temperature=0, max_new_tokens=8, given=frozenset({"temperature"})), 1
    )
    text = "".join([item async for item in backend.stream(Prompt("hi")) if isinstance(item, str)])
    await backend.close()
    return text


@can_convert
async def test_checkpoint_of_the_hub_becomes_a_model_that_answers(checkpoint, command, settings):
    with running_hub(checkpoint) as server:
        said = command(REPO, huggingface_endpoint=server.url)
    assert "MODEL_URL=local:models/small-model" in said
    folder = settings.BASE_DIR / "models" / "small-model"
    about = json.loads((folder / "generation.json").read_text())
    assert about == {"name": "small-model", "context_tokens": 128, "top_p": 0.9}
    assert await reply("local:models/small-model")
    # The checkpoint is not needed any more.
    assert [path.name for path in (settings.BASE_DIR / "models").iterdir()] == [".checkpoints", "small-model"]
    assert not list((settings.BASE_DIR / "models" / ".checkpoints").iterdir())


@can_convert
async def test_checkpoint_in_a_folder_is_converted_where_it_is_told(checkpoint, command, tmp_path):
    output = tmp_path / "else" / "there"
    said = command(str(checkpoint), "--output", str(output), "--quantization", "float16")
    assert f"MODEL_URL=local:{output}" in said
    assert await reply(f"local:{output}")
    assert checkpoint.exists()
    with pytest.raises(CommandError, match="is there already; --force replaces it"):
        command(str(checkpoint), "--output", str(output))
    before = (output / "model.bin").stat().st_size
    command(str(checkpoint), "--output", str(output), "--force", "--quantization", "float32")
    assert (output / "model.bin").stat().st_size > 1.8 * before


@can_convert
def test_model_that_can_not_be_run_is_refused_before_its_weights_come(checkpoint, command):
    (checkpoint / "config.json").write_text('{"model_type": "t5", "is_encoder_decoder": true}')
    with (
        running_hub(checkpoint) as server,
        pytest.raises(CommandError, match="no text model of the kind t5"),
    ):
        command(REPO, huggingface_endpoint=server.url)
    assert not any("safetensors" in path for path, _ in server.asked)


def test_folder_that_is_there_is_kept_and_its_setting_told(command, settings):
    (settings.BASE_DIR / "models" / "my model").mkdir(parents=True)
    with pytest.raises(CommandError, match=r"--force replaces it.*MODEL_URL=local:models/my%20model"):
        command(REPO, "--output", str(settings.BASE_DIR / "models" / "my model"))


def test_name_that_is_none_is_refused(command):
    with pytest.raises(CommandError, match="neither a folder nor the name of a model"):
        command("https://huggingface.co/EleutherAI/gpt-j-6b")
