"""All of a production on one machine, from the files in deploy/: nginx with TLS, PostgreSQL, Redis with TLS and
its users, two web processes and a worker. On loopback, on free ports, in one folder."""

import contextlib
import os
import pwd
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.servers import ROOT, RedisServer, Stack, Web, free_port, wait_until

DEPLOY = ROOT / "deploy"
REDIS_PASSWORD = "canaryRedisPassword3gJw"
STAFF_PASSWORD = "canaryStaffPassword5nWc"
SENT_PER_MINUTE = 5
"""Sessions that an address may begin, so that a test can see whose they are counted for."""


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    crt, pem = folder / "tls.crt", folder / "tls.key"
    crt.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    formats = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(key.private_bytes(*formats))
    return crt, pem


class SecureRedis(RedisServer):
    """A Redis that speaks TLS and knows the users of deploy/redis-users-json.acl alone."""

    def __init__(self, folder: Path, certificate: Path, key: Path) -> None:
        users = (DEPLOY / "redis-users-json.acl").read_text()
        assert "change-me" in users
        # For the test itself, which asks what was refused.
        users = users.replace("change-me", REDIS_PASSWORD) + "user operator on >operator ~* &* +@all\n"
        folder.mkdir()
        (folder / "users.acl").write_text(users)
        self._tls: dict[str, Any] = {"ssl": True, "ssl_ca_certs": str(certificate)}
        options = {
            "port": "0",
            "tls-cert-file": str(certificate),
            "tls-key-file": str(key),
            "tls-ca-cert-file": str(certificate),
            "aclfile": str(folder / "users.acl"),
        }
        # What deploy/redis.conf says, with the paths of this folder.
        said = re.findall(r"^([a-z-]+)\s+(\S+)$", (DEPLOY / "redis.conf").read_text(), flags=re.M)
        assert set(options) <= {name for name, _ in said}
        options = dict(said) | options
        super().__init__(folder, "json")
        options["tls-port"] = str(self.port)
        self._options = tuple(word for name, value in options.items() for word in (f"--{name}", value))
        self.url = f"rediss://chat:{REDIS_PASSWORD}@127.0.0.1:{self.port}/0?ssl_ca_certs={certificate}"

    def client(self, user: str = "operator", password: str = "operator") -> "redis.Redis":
        login: dict[str, Any] = {"username": user, "password": password}
        return redis.Redis(port=self.port, decode_responses=True, socket_timeout=2, **login, **self._tls)

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class Postgres:
    """A PostgreSQL in a folder of its own. It refuses to be run by root; the user `postgres` comes with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        postgres = {"user": "postgres", "group": "postgres", "extra_groups": []}
        self._options: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.environ["PATH"]}}
        self._options |= postgres if os.getuid() == 0 else {}
        self.port = free_port()
        self.url = f"postgres://chat@127.0.0.1:{self.port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if "user" in self._options:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        data = str(self.folder / "data")
        # No disk is waited for: what is tried is how Django speaks to it.
        self._run("initdb", "-D", data, "-U", "chat", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
        command = [self._program("postgres"), "-D", data, "-p", str(self.port), "-h", "127.0.0.1"]
        command += ["-k", str(self.folder), "-F"]
        with (self.folder / "postgres.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._options)
        wait_until(self._answers, "PostgreSQL")

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(20)

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._program(program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **self._options)

    @staticmethod
    def _program(name: str) -> str:
        """Debian keeps the server's programs out of the PATH."""
        found = shutil.which(name) or max(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), default="")
        assert found, "tests need PostgreSQL: apt-get install postgresql"
        return found


class Nginx:
    """nginx with deploy/nginx.conf, whose ports, paths and names are those of this folder."""

    def __init__(self, folder: Path, webs: list[int], certificate: Path, key: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://localhost:{self.port}"
        text = (DEPLOY / "nginx.conf").read_text()
        for said, here in {
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.port} ssl http2;",
            "https://chat.example.com$": f"https://localhost:{self.port}$",
            "chat.example.com": "localhost",
            "127.0.0.1:8001": f"127.0.0.1:{webs[0]}",
            "127.0.0.1:8002": f"127.0.0.1:{webs[1]}",
            "/etc/ssl/chat/fullchain.pem": str(certificate),
            "/etc/ssl/chat/privkey.pem": str(key),
            "/var/log/nginx": str(folder),
            # On a slow machine nobody is faster than 30 a second.
            "rate=30r/s": "rate=1r/s",
            "burst=120": "burst=80",
        }.items():
            assert said in text, f"deploy/nginx.conf says no more: {said}"
            text = text.replace(said, here)
        (folder / "chat.conf").write_text(text)
        as_root = "user root;" if os.getuid() == 0 else ""
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"{as_root} daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/main.error.log;"
            f"events {{}} http {{ {temporary} include {folder}/chat.conf; }}"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        assert Path(program).exists(), "tests need nginx: apt-get install nginx-light"
        with (self.folder / "output.log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")], stdout=log, stderr=log
            )
        wait_until((self.folder / "pid").exists, f"nginx, see {self.folder}")

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(20)

    def logs(self) -> dict[str, str]:
        return {path.name: path.read_text(errors="replace") for path in self.folder.glob("*.log")}


class Production:
    """What runs, and how to reach it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.certificate, self.key = make_certificate(folder)
        self.tls = ssl.create_default_context(cafile=str(self.certificate))
        self.redis = SecureRedis(folder / "redis", self.certificate, self.key)
        # Not in the tests' own folder, which nobody else may enter.
        self.postgres = Postgres(Path(tempfile.mkdtemp(prefix="chat-postgres-")))
        self.ports = [free_port(), free_port()]
        self.nginx = Nginx(folder / "nginx", self.ports, self.certificate, self.key)
        self.stack = Stack(
            folder / "stack",
            self.redis.url,
            DJANGO_DEBUG="0",
            DJANGO_ALLOWED_HOSTS="localhost,127.0.0.1",
            DJANGO_BEHIND_TLS="1",
            DJANGO_STATIC_ROOT=str(folder / "static"),
            NUM_PROXIES="1",
            DATABASE_URL=self.postgres.url,
            LOG_LEVEL="DEBUG",
            CHAT_TOKENS_PER_MINUTE=str(SENT_PER_MINUTE),
        )
        self.webs: list[Web] = []

    def start(self) -> None:
        with ThreadPoolExecutor() as together:
            list(together.map(lambda server: server.start(), (self.redis, self.postgres)))
            self._set_up()
            self.webs = list(together.map(self.stack.web, self.ports))
            self.stack.worker()
        self.nginx.start()

    def _set_up(self) -> None:
        """What docs/operations.md says to do before the first start, in one process."""
        # Without what the pages of these tests do not use, whose packing takes most of the time.
        left_out = ["drf_spectacular_sidecar", "rest_framework", "admin/js/vendor"]
        commands = (
            "from django.core.management import call_command as call, execute_from_command_line as run;"
            "run(['manage.py', 'migrate', '--verbosity', '0']);"
            f"call('collectstatic', interactive=False, verbosity=0, ignore_patterns={left_out});"
            "call('createsuperuser', interactive=False, username='ada', email='')"
        )
        self._python("-c", commands)

    def manage(self, *arguments: str) -> str:
        return self._python("manage.py", *arguments)

    def _python(self, *arguments: str) -> str:
        more = {"DJANGO_SUPERUSER_PASSWORD": STAFF_PASSWORD, "DJANGO_SETTINGS_MODULE": "chatbot_project.settings"}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.stack.environment | more,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def stop(self) -> None:
        self.nginx.stop()
        self.stack.close()
        self.postgres.stop()
        shutil.rmtree(self.postgres.folder, ignore_errors=True)
        self.redis.stop()


@contextlib.contextmanager
def running_production(folder: Path) -> Iterator[Production]:
    """A production for the time of a block."""
    production = Production(folder)
    try:
        production.start()
        yield production
    finally:
        production.stop()
