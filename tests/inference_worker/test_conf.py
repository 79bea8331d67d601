import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from inference_worker.backends import open_backend
from inference_worker.backends.base import Prompt
from inference_worker.conf import ModelConf, get_model_conf

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    get_model_conf.cache_clear()
    yield
    get_model_conf.cache_clear()


def test_settings_become_one_conf(settings):
    settings.MODEL = settings.MODEL | {"url": "echo:", "max_new_tokens": 7}
    assert get_model_conf() is get_model_conf()
    assert (get_model_conf().url, get_model_conf().max_new_tokens) == ("echo:", 7)


def test_unknown_setting_is_named(settings):
    settings.MODEL = settings.MODEL | {"colour": "red"}
    with pytest.raises(ImproperlyConfigured, match="colour"):
        get_model_conf()


def test_window_without_room_for_a_prompt_is_refused():
    with pytest.raises(ImproperlyConfigured, match=r"MODEL_MAX_NEW_TOKENS.*MODEL_CONTEXT_TOKENS"):
        ModelConf(url="echo:", max_new_tokens=2048, context_tokens=2048)


def test_repr_shows_no_secret():
    conf = ModelConf(url="http://me:secret1@host/", api_key="secret2", huggingface_token="secret3")
    assert "secret" not in repr(conf)


@pytest.mark.parametrize("url", ["gopher://me:secret@host/", "secret", "", "http://[secret", "http:secret"])
def test_unknown_model_is_refused_without_showing_the_url(url):
    with pytest.raises(ImproperlyConfigured, match="MODEL_URL") as caught:
        open_backend(ModelConf(url=url), 1)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("top_p", [0.0, 1.5])
def test_top_p_is_a_probability(top_p):
    with pytest.raises(ImproperlyConfigured, match="MODEL_TOP_P"):
        ModelConf(url="echo:", top_p=top_p)


# --- Backends of other people -------------------------------------------------------------------------------


@pytest.fixture
def others(tmp_path, monkeypatch):
    """A module as somebody else writes it, the one that the docs show."""
    example = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "models.md").read_text(), re.DOTALL)
    assert example
    assert len(example[1].splitlines()) < 80
    (tmp_path / "over_tcp.py").write_text(example[1])
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("others")
async def test_backend_of_the_docs_is_loaded_from_a_settings_path():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.read()).decode()
        writer.write(f" You asked\n{asked.splitlines()[0]}\nHuman: more".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    conf = ModelConf(url=f"line:{port}", backends=("line=over_tcp.OverTCP",))
    backend = open_backend(conf, 1)
    items = [item async for item in backend.stream(Prompt("hello"))]
    await backend.close()
    server.close()
    await server.wait_closed()
    # The rest would be the human's next line.
    assert "".join(item for item in items if isinstance(item, str)) == "You asked"


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("line", "MODEL_BACKENDS must be scheme=dotted"),
        ("line=over_tcp", "MODEL_BACKENDS must be scheme=dotted"),
        ("line=over_tcp.Nothing", "MODEL_BACKENDS: the backend for line: can't be imported"),
        ("line=nowhere.at.All", "MODEL_BACKENDS: the backend for line: can't be imported"),
    ],
)
@pytest.mark.usefixtures("others")
def test_wrong_backend_is_one_line(entry, line):
    with pytest.raises(ImproperlyConfigured, match=line):
        open_backend(ModelConf(url="line:1", backends=(entry,)), 1)


def test_what_the_operator_set_is_known(tmp_path):
    code = "from chatbot_project.settings import MODEL; print(sorted(MODEL['given']))"
    environment = {"DJANGO_SECRET_KEY": "x", "MODEL_TEMPERATURE": "0.7", "PATH": os.environ["PATH"]}
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    # The same as the default is a choice too.
    assert said.stdout.strip() == "['temperature']"
