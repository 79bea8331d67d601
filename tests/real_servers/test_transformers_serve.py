"""`transformers serve`, a server that is not ours, with a tiny model of random weights. By hand:

python3 -m venv /tmp/servers
/tmp/servers/bin/pip install 'transformers[serving]==5.24.0' torch==2.13.0
make test ARGS="-m measured tests/real_servers" TEST_WORKERS=0 SERVERS_PYTHON=/tmp/servers/bin/python
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

from inference_worker.backends import open_backend
from inference_worker.backends.base import Backend, Finish, Prompt
from inference_worker.conf import ModelConf
from tests.servers import free_port, wait_until

pytestmark = [pytest.mark.measured, pytest.mark.timeout(300)]

PYTHON = os.environ.get("SERVERS_PYTHON", "")
COMMAND = ["-m", "transformers.cli.transformers", "serve", "--host", "127.0.0.1"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The `MODEL_URL` of a running server, without the API."""
    if not PYTHON:
        pytest.skip("SERVERS_PYTHON names no Python with transformers[serving]")
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    model = folder / "tiny"
    subprocess.run([PYTHON, Path(__file__).parent / "make_model.py", model], check=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PYTHON, *COMMAND, "--port", str(port), str(model)],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
        )
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/health"), f"the server, see {folder}/log", 200)
        yield f"openai+http://127.0.0.1:{port}/v1?model={model}"
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def model(url: str, api: str, **conf: Any) -> Backend:
    return open_backend(ModelConf(url=f"{url}&api={api}", context_tokens=512, **conf), 2)


@pytest.mark.parametrize("api", ["chat", "completions"])
async def test_reply_streams_and_its_limit_is_told(url, api):
    backend = model(url, api, max_new_tokens=40, system_prompt="Be kind.")
    items = [item async for item in backend.stream(Prompt("Hello"))]
    assert len(items) > 3
    assert items[-1] == Finish("length")
    await backend.close()


@pytest.mark.parametrize("api", ["chat", "completions"])
async def test_reply_that_is_stopped_leaves_the_server_free_for_the_next(url, api):
    backend = model(url, api, max_new_tokens=300)
    pieces = cast(AsyncGenerator[str | Finish, None], backend.stream(Prompt("Hello")))
    async with aclosing(pieces):
        assert await anext(pieces)
    backend_again = model(url, api, max_new_tokens=5)
    assert [item async for item in backend_again.stream(Prompt("Hello"))]
    await backend.close()
    await backend_again.close()
