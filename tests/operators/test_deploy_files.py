"""What the files in deploy/ say fits the code, as far as it can be told without running them."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import resolve

from inference_worker.management.commands.run_inference_worker import Command
from tests.servers import ROOT

DEPLOY = ROOT / "deploy"
# Of all methods that are called, those with such names are commands of Redis.
REDIS_NAMES = re.compile(
    r"[xz][a-z]{3,}|h(get|set|del|incrby|getall|mget|exists|len|scan|keys|vals)|s(add|rem|card|scan|\w*members?)"
    r"|[lr](push|pop|len|range|index|set|rem|trim)|p?expire|p?ttl|exists|persist|scan|publish"
)
TWO_WORDS = {"xinfo", "xgroup"}


def allowed_commands(name: str) -> set[str]:
    return set(re.findall(r"\+(\S+)", (DEPLOY / name).read_text()))


def commands_of_scripts() -> set[str]:
    found: set[str] = set()
    for script in (ROOT / "chat" / "lua").glob("*.lua"):
        for command, word in re.findall(r"redis\.p?call\('([^']+)'(?:, '([A-Z]+)')?", script.read_text()):
            found.add(f"{command}|{word}".lower() if command.lower() in TWO_WORDS else command.lower())
    return found


def commands_of_code() -> set[str]:
    found: set[str] = set()
    for folder in ("chat", "inference_worker"):
        for source in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(source.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    found.add(
                        re.sub(
                            r"^(xinfo|xgroup)_|_range$",
                            lambda match: f"{match[1]}|" if match[1] else "",
                            node.func.attr,
                        )
                    )
                if isinstance(node, ast.Call | ast.Tuple):
                    found.add(_words(node.args if isinstance(node, ast.Call) else node.elts))
    return {name for name in found if REDIS_NAMES.fullmatch(name.partition("|")[0])}


def _words(parts: list[ast.expr]) -> str:
    """A command that is given in words: call("XGROUP", "CREATE", …)."""
    words = [part.value for part in parts[:2] if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if not words or not words[0].isupper():
        return ""
    command = words[0].lower()
    return f"{command}|{words[1].lower()}" if command in TWO_WORDS and len(words) > 1 else command


def test_the_users_of_redis_may_do_what_the_code_does() -> None:
    scripts, code = commands_of_scripts(), commands_of_code()
    # The search finds what it should.
    assert {"hset", "xadd", "json.get", "xgroup|delconsumer"} <= scripts
    assert {"xreadgroup", "xautoclaim", "hgetall", "xgroup|create"} <= code
    plain, with_json = allowed_commands("redis-users.acl"), allowed_commands("redis-users-json.acl")
    assert scripts | code <= with_json, "deploy/redis-users*.acl lack commands"
    assert {name for name in with_json if not name.startswith("json.")} == plain
    spare = plain - scripts - code
    # What connections, scripts, events and the check for the JSON type need.
    assert spare == {"ping", "select", "eval", "evalsha", "command|info", "subscribe", "unsubscribe"}


@pytest.mark.parametrize("name", ["chat-web@.service", "chat-worker@.service"])
def test_systemd_understands_the_units(tmp_path: Path, name: str) -> None:
    analyze = shutil.which("systemd-analyze")
    assert analyze, "tests need systemd: apt-get install systemd"
    text = (DEPLOY / "systemd" / name).read_text()
    # systemd wants the programs to be there.
    text = text.replace("/srv/chat/.venv/bin", str(Path(sys.executable).parent)).replace("/srv/chat", str(ROOT))
    unit = tmp_path / name.replace("@", "@8001")
    unit.write_text(text)
    done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run(
        [analyze, "security", "--offline=yes", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    # systemd's own measure, in tenths: 0 is locked up, 96 a unit that says nothing.
    assert done.returncode == 0, done.stdout


# --- Containers ---------------------------------------------------------------------------------------------


def settings_known() -> set[str]:
    return set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))


def understand_worker(command: list[str]) -> None:
    """Fails for options that the command does not have."""
    assert command[:3] == ["python", "manage.py", "run_inference_worker"]
    Command().create_parser("manage.py", "run_inference_worker").parse_args(command[3:])


def daphne_options(text: str) -> str:
    """What `daphne` is called with, without the address, as words."""
    words = " ".join(re.sub(r'[",\[\]\\\n]+', " ", text).split())
    found = re.search(r"daphne (--verbosity 0 .*? chatbot_project\.asgi:application)", words)
    assert found, words
    return re.sub(r"--(bind|port) \S+ ", "", found[1])


def test_every_file_starts_daphne_in_the_same_way() -> None:
    files = [ROOT / "Procfile", ROOT / "Dockerfile", DEPLOY / "systemd" / "chat-web@.service"]
    assert len({daphne_options(file.read_text()) for file in files}) == 1


def test_the_image_gets_what_exists() -> None:
    sources = re.findall(r"^COPY (?!--from)(\S+) ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(sources) == let_in
    assert all((ROOT / source).exists() for source in sources)


def test_compose_says_what_the_settings_know() -> None:
    compose: Any = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = compose["services"]
    assert set(services) == {"web", "worker", "migrate", "redis", "postgres"}
    for name in ("web", "worker", "migrate"):
        assert set(services[name]["environment"]) <= settings_known(), name
    understand_worker(services["worker"]["command"])


def test_kubernetes_says_what_the_code_knows() -> None:
    documents: list[Any] = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
    by_name = {(part["kind"], part["metadata"]["name"]): part for part in documents if part}
    assert set(by_name["ConfigMap", "chat"]["data"]) <= settings_known()
    pods = {name: by_name["Deployment", name]["spec"]["template"]["spec"] for name in ("chat-web", "chat-worker")}
    for name, pod in pods.items():
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            given = {variable["name"] for variable in container.get("env", [])} - {"POD_IP"}
            assert given <= settings_known(), name
            for probe in ("livenessProbe", "readinessProbe"):
                if probe in container:
                    assert resolve(container[probe]["httpGet"]["path"])
    understand_worker(pods["chat-worker"]["containers"][0]["command"])
    grace_s = by_name["Deployment", "chat-worker"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace_s > 30 + 5  # --grace, and handing back
    query = by_name["ScaledObject", "chat-worker"]["spec"]["triggers"][0]["metadata"]["query"]
    metrics = (ROOT / "chat" / "metrics.py").read_text()
    names = re.findall(r"chat_\w+", query)
    assert names
    assert all(f'"{name}"' in metrics for name in names), query
