"""Servers that are not ours, with tiny models of random weights. By hand:

    python3 -m venv /tmp/servers
    /tmp/servers/bin/pip install 'transformers[serving]==5.24.0' torch==2.13.0
    /tmp/servers/bin/pip install 'llama-cpp-python[server]==0.3.36' gguf        # compiles for a good while
    make test ARGS="-m measured tests/real_servers" TEST_WORKERS=0 SERVERS_PYTHON=/tmp/servers/bin/python

Each server is left out where its package is not installed.
"""

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from chat.errors import ModelFailure
from inference_worker.backends import open_backend
from inference_worker.backends.base import Backend, Finish, Prompt
from inference_worker.conf import ModelConf
from tests.servers import free_port, wait_until

pytestmark = [pytest.mark.measured, pytest.mark.timeout(300)]

PYTHON = os.environ.get("SERVERS_PYTHON", "")
SERVERS = {
    "transformers": (
        "transformers",
        ["-m", "transformers.cli.transformers", "serve", "--host", "127.0.0.1"],
        "/health",
    ),
    "llama.cpp": ("llama_cpp", ["-m", "llama_cpp.server", "--n_ctx", "512"], "/v1/models"),
}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A running server: its `MODEL_URL` without the API, and which one it is."""
    kind = str(request.param)
    package, command, health = SERVERS[kind]
    if (
        not PYTHON
        or subprocess.run([PYTHON, "-c", f"import {package}"], check=False, capture_output=True).returncode
    ):
        pytest.skip(f"SERVERS_PYTHON has no {package}")
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    model = folder / ("tiny.gguf" if kind == "llama.cpp" else "tiny")
    subprocess.run([PYTHON, Path(__file__).parent / "make_models.py", kind, model], check=True)
    options = ["--model", str(model)] if kind == "llama.cpp" else [str(model)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PYTHON, *command, "--port", str(port), *options],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
        )
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}{health}"), f"{kind}, see {folder}/log", 200)
        yield f"openai+http://127.0.0.1:{port}/v1?model={model}", kind
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def model(server: tuple[str, str], api: str, **conf: Any) -> Backend:
    return open_backend(ModelConf(url=f"{server[0]}&api={api}", context_tokens=512, **conf), 2)


@pytest.mark.parametrize("api", ["chat", "completions"])
async def test_reply_streams_and_its_limit_is_told(server, api):
    backend = model(server, api, max_new_tokens=40, system_prompt="Be kind.")
    items = [item async for item in backend.stream(Prompt("Hello"))]
    assert len(items) > 3
    assert items[-1] == Finish("length")
    await backend.close()


@pytest.mark.parametrize("api", ["chat", "completions"])
async def test_reply_that_is_stopped_leaves_the_server_free_for_the_next(server, api):
    backend = model(server, api, max_new_tokens=300)
    pieces = cast(AsyncGenerator[str | Finish, None], backend.stream(Prompt("Hello")))
    async with aclosing(pieces):
        assert await anext(pieces)
    backend_again = model(server, api, max_new_tokens=5)
    assert [item async for item in backend_again.stream(Prompt("Hello"))]
    await backend.close()
    await backend_again.close()


async def test_prompt_past_the_servers_window_is_an_error_and_no_answer(server):
    if server[1] == "transformers":
        pytest.skip("it has no such check")
    backend = open_backend(ModelConf(url=server[0], context_tokens=8000, max_new_tokens=20), 1)
    with pytest.raises(ModelFailure):
        _ = [item async for item in backend.stream(Prompt("word " * 1000))]
    await backend.close()
