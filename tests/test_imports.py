"""What web processes and workers load when they start: nothing heavy that they do not need."""

import json
import os
import subprocess
import sys

import pytest

from tests.servers import ROOT

WEB = "import chatbot_project.asgi"
WORKER = """
import django
django.setup()
import inference_worker.management.commands.run_inference_worker
from inference_worker.backends import open_backend
from inference_worker.conf import get_model_conf
open_backend(get_model_conf(), 1)
"""
# The engine of local models and what it brings: 250 MB of packages.
ENGINE = {"ctranslate2", "tokenizers", "numpy", "torch", "transformers", "inference_worker.backends.local"}
HTTP = {"inference_worker.backends.http", "inference_worker.backends.openai"}
SOCKETS = {"daphne.server", "twisted.internet", "autobahn.twisted", "chat.consumers"}


def loaded_by(program: str, model_url: str) -> tuple[set[str], float]:
    """The modules that a fresh process has loaded, and the processor seconds that it took."""
    program += "\nimport json, sys, time\nprint(json.dumps([sorted(sys.modules), time.process_time()]))"
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")},
        "DJANGO_SETTINGS_MODULE": "chatbot_project.settings",
        "DJANGO_SECRET_KEY": "x" * 50,
        "REDIS_URL": "redis://127.0.0.1:1",
        "MODEL_URL": model_url,
    }
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    modules, seconds = json.loads(done.stdout.splitlines()[-1])
    return set(modules), seconds


def test_web_process_loads_nothing_of_models() -> None:
    modules, _ = loaded_by(WEB, "local:anything")
    assert "chat.consumers" in modules
    assert not modules & ENGINE
    assert not [name for name in modules if name.startswith("inference_worker.") and "backends" in name]


def test_worker_loads_its_own_model_alone() -> None:
    echo, _ = loaded_by(WORKER, "echo:")
    assert "inference_worker.backends.echo" in echo
    assert not echo & (ENGINE | HTTP | SOCKETS)
    openai, _ = loaded_by(WORKER, "openai+http://127.0.0.1:1/v1?model=any")
    assert openai >= HTTP
    assert not openai & (ENGINE | SOCKETS)


@pytest.mark.measured
@pytest.mark.parametrize("program", [WEB, WORKER])
def test_start_takes_less_than_a_second_of_processor_time(program: str) -> None:
    _, seconds = loaded_by(program, "echo:")
    assert seconds < 1.0
