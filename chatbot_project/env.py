"""The environment, read with clear errors. Used by the settings alone."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

from chat import redis_address

# A Unix socket's path may have 107 bytes on Linux; some room is left for Redis' own temporary names.
MAX_SOCKET_PATH_BYTES = 100


class Environment:
    """Typed access to environment variables and `.env`.

    Every problem is raised as ImproperlyConfigured, with the name of the variable in its text.
    """

    def __init__(self, base_dir: Path) -> None:
        self._base_dir = base_dir
        self._env = Env()
        self._env.read_env(str(base_dir / ".env"), recurse=False)

    def text(self, name: str, default: str = "") -> str:
        return str(self._read(self._env.str, name, default)).strip()

    def is_set(self, name: str) -> bool:
        """Whether there is a value that is not the default."""
        return bool(self.text(name))

    def flag(self, name: str, default: bool) -> bool:
        return bool(self._read(self._env.bool, name, default))

    def whole(self, name: str, default: int, *, least: int = 1) -> int:
        value = int(self._read(self._env.int, name, default))
        return int(self._at_least(name, value, least))

    def number(self, name: str, default: float, *, least: float = 0.0) -> float:
        value = float(self._read(self._env.float, name, default))
        return self._at_least(name, value, least)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """One of a few words; capitals do not matter."""
        value = self.text(name) or default
        for choice in choices:
            if choice.casefold() == value.casefold():
                return choice
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}; it is {value!r}.")

    def words(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """A comma-separated list; blanks around the entries do not count."""
        values = self._read(self._env.list, name, list(default))
        return [word.strip() for word in values if word.strip()]

    def secret_key(self, debug: bool) -> str:
        """`DJANGO_SECRET_KEY`; in development a random one that is kept under `var/`."""
        key = self.text("DJANGO_SECRET_KEY")
        if key:
            return key
        if not debug:
            raise ImproperlyConfigured(
                "DJANGO_SECRET_KEY is not set. Set it to a long random text, or set DJANGO_DEBUG=1 "
                "on a machine that only you use."
            )
        path = self._base_dir / "var" / "secret_key"
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            path.parent.mkdir(exist_ok=True)
        # Several processes may start at once: the first one to link its file wins, the others read it.
        draft = path.with_name(f"secret_key.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return path.read_text().strip()

    def redis_url(self, development_socket: Path) -> str:
        """`REDIS_URL`, or one made of `REDIS_HOST` and its companions, or the development socket."""
        url = self.text("REDIS_URL")
        host = self.text("REDIS_HOST")
        if url:
            self._check_redis_url("REDIS_URL", url)
            return url
        if not host:
            return f"unix://{development_socket}"
        port = self.whole("REDIS_PORT", 6379)
        user, password = self.text("REDIS_USER"), self.text("REDIS_PASSWORD")
        login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user or password else ""
        return f"redis://{login}{host}:{port}"

    def redis_urls(self, name: str) -> list[str]:
        """Addresses of Redis with blanks or line breaks between them."""
        urls = self.text(name).split()
        for url in urls:
            self._check_redis_url(name, url)
        return urls

    @staticmethod
    def _check_redis_url(name: str, url: str) -> None:
        try:
            redis_address.parse(url)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} {error}.") from None

    @staticmethod
    def _read(parse: Any, name: str, default: Any) -> Any:
        try:
            return parse(name, default)
        except EnvError as error:
            raise ImproperlyConfigured(str(error)) from None

    @staticmethod
    def _at_least(name: str, value: float, least: float) -> float:
        if value < least:
            raise ImproperlyConfigured(f"{name} must be at least {least}, it is {value}.")
        return value
