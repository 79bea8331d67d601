"""Models behind the Hugging Face text-generation contract, over `requests` in threads."""

import asyncio
import json
import logging
import math
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from django.core.exceptions import ImproperlyConfigured
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, ReadTimeoutError

from chat.errors import ModelError, ModelFailure, ModelTimeout, ModelUnavailable
from inference_worker.backends.base import Finish, Prompt
from inference_worker.conf import ModelConf
from inference_worker.cut import MARKER, CutAtMarker
from inference_worker.prompt import text_prompt

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5.0
# How long the end of an answer may take to arrive, for its connection to be used again.
DRAIN_S = 0.25
# A hundred times the longest reply, sent as events: a server past it will not come to an end.
MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_ERROR_BYTES = 16 * 1024
READ_BYTES = 64 * 1024
LOGGED_CHARS = 300

# Not every server knows these. One that refuses them by name is asked without them from there on.
OPTIONAL = ("stream", "details", "stop")

LOADING = "The model is still loading. Try again in a moment."
REFUSED = "The model does not let this service in. Please tell the operator."
NOT_FOUND = "The model is not where this service looks for it. Please tell the operator."
TOO_MUCH = "The model can't take this message. Try a shorter one."
NOT_UNDERSTOOD = "The model's answer could not be understood."
BROKEN_OFF = "The model's answer broke off."
EMPTY = "The model had nothing to say. Try again, or put it differently."


class HuggingFace:
    """POSTs the prompt to `MODEL_URL` and reads the answer, whole or as server-sent events."""

    def __init__(self, conf: ModelConf, slots: int) -> None:
        self._conf = conf
        self._url, self.name, login = _address(conf.url)
        self._session = _session(self._url, login, conf.huggingface_token, slots)
        self._secrets = [text for text in (conf.huggingface_token, *login) if text]
        # Twice: a cancelled call may still be connecting while its slot works on something else.
        self._threads = ThreadPoolExecutor(2 * slots, "model")
        self._calls: set[_Call] = set()
        self._left_out: frozenset[str] = frozenset()

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Finish]:
        call = _Call()
        self._calls.add(call)
        job = self._threads.submit(self._work, call, prompt)
        ended = False
        try:
            while not ended:
                item = await call.items.get()
                ended = not isinstance(item, str)
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self._calls.discard(call)
            if not ended:
                job.cancel()
                call.cancel()

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for call in self._calls:
            call.cancel()
            # A call that waited for a thread has none now that would say so.
            call.items.put_nowait(ModelUnavailable())
        await asyncio.to_thread(self._threads.shutdown)
        self._session.close()

    def _work(self, call: "_Call", prompt: Prompt) -> None:
        """Runs in a thread. Its last item is always a Finish or an exception, as the loop waits for one."""
        _here.call = call
        try:
            for item in self._reply(prompt):
                call.put(item)
        except _Trouble as trouble:
            if not call.cancelled:
                logger.warning("Model %s: %s", self.name, self._without_secrets(trouble))
            call.put(trouble.failure)
        except Exception as error:
            call.put(error)
        finally:
            _here.call = None

    def _reply(self, prompt: Prompt) -> Iterator[str | Finish]:
        conf = self._conf
        text = text_prompt(prompt, context_tokens=conf.context_tokens, max_new_tokens=conf.max_new_tokens)
        cut = CutAtMarker()
        finish = Finish()
        begun = False
        with closing(self._ask(text)) as response:
            try:
                for item in _items(response, text):
                    if isinstance(item, Finish):
                        finish = item
                        break
                    if piece := cut.feed(item):
                        begun = True
                        yield piece
                    if cut.done:
                        break
            except ReadTimeoutError:
                raise _Trouble(ModelTimeout(), "sent nothing more in time") from None
            except HTTPError as error:
                failure = ModelError(BROKEN_OFF) if begun else ModelUnavailable()
                raise _Trouble(failure, f"broke off with {type(error).__name__}") from None
            if rest := cut.end():
                begun = True
                yield rest
            if not begun:
                raise _Trouble(ModelError(EMPTY), "gave an empty answer")
            yield finish
            _drain(response)

    def _ask(self, text: str) -> requests.Response:
        left_out = self._left_out
        while True:
            response = self._post(self._payload(text, left_out))
            if response.status_code == 200:
                self._left_out |= left_out
                return response
            with closing(response):
                body = _beginning(response)
            refused = _refused_by_name(response.status_code, body) - left_out
            if not refused:
                raise _refusal(response, body)
            left_out |= refused

    def _payload(self, text: str, left_out: frozenset[str]) -> dict[str, Any]:
        temperature = self._conf.temperature
        parameters: dict[str, Any] = {
            "return_full_text": False,
            "max_new_tokens": self._conf.max_new_tokens,
            # Text Generation Inference refuses a temperature of 0.
            **({"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}),
            "stop": [f"\n{MARKER}"],
            # Without it the last event does not say why it is the last.
            "details": True,
        }
        return {
            "inputs": text,
            "parameters": {name: value for name, value in parameters.items() if name not in left_out},
            "options": {"use_cache": False},
            **({} if "stream" in left_out else {"stream": True}),
        }

    def _post(self, payload: dict[str, Any]) -> requests.Response:
        timeouts_s = (CONNECT_TIMEOUT_S, self._conf.timeout_s)
        try:
            return self._session.post(
                self._url, json=payload, stream=True, allow_redirects=False, timeout=timeouts_s
            )
        except requests.ReadTimeout:
            raise _Trouble(ModelTimeout(), "did not answer in time") from None
        except requests.RequestException as error:
            raise _Trouble(ModelUnavailable(), f"can't be reached: {_reason(error)}") from None

    def _without_secrets(self, trouble: "_Trouble") -> str:
        body = trouble.body.decode(errors="replace")
        for secret in self._secrets:
            body = body.replace(secret, "***")
        return f"{trouble.what} {body[:LOGGED_CHARS]!r}" if body else trouble.what


class _Trouble(Exception):
    """What the visitor is told, and what the operator reads about it in the log."""

    def __init__(self, failure: ModelFailure, what: str, body: bytes = b"") -> None:
        super().__init__(what)
        self.failure = failure
        self.what = what
        self.body = body


# --- A call in a thread, which the event loop can end at any moment ----------------------------------------

_here = threading.local()
"""`.call`: what this thread works on."""
_owners = threading.Lock()


class _Call:
    """What a thread hands to the event loop, and the way to end its waiting from there."""

    def __init__(self) -> None:
        self.items: asyncio.Queue[str | Finish | Exception] = asyncio.Queue()
        self.connection: _Connection | None = None
        self.cancelled = False
        self._loop = asyncio.get_running_loop()

    def put(self, item: str | Finish | Exception) -> None:
        # A closed loop raises RuntimeError: nobody reads any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.items.put_nowait, item)

    def cancel(self) -> None:
        with _owners:
            self.cancelled = True
            if self.connection is not None and self.connection.call is self:
                self.connection.hang_up()


class _Connection(HTTPConnection):
    """Knows the call that it works for: it comes from a pool and may be another call's a moment later."""

    call: _Call | None = None
    wire: Any = None
    """The socket. http.client forgets its own while an answer that ends the connection is read."""

    def connect(self) -> None:
        super().connect()
        self._adopt()

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._adopt()
        super().request(*args, **kwargs)

    def _adopt(self) -> None:
        with _owners:
            self.call, _here.call.connection = _here.call, self
            self.wire = self.sock
            if _here.call.cancelled:
                raise ConnectionAbortedError("cancelled")

    def hang_up(self) -> None:
        """Wake the thread that reads here. Closing a socket does not do that, shutting it down does."""
        # TLS inside a proxy's TLS is wrapped; a TLS socket's own shutdown() is not for other threads.
        wire = getattr(self.wire, "socket", self.wire)
        if wire is not None:
            with suppress(OSError):
                socket.socket.shutdown(wire, socket.SHUT_RDWR)


class _TLSConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        # A SOCKS proxy has pools of its own; with ours it would be gone round.
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
        return manager


def _session(url: str, login: tuple[str, ...], token: str, slots: int) -> requests.Session:
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ImproperlyConfigured("HUGGINGFACE_INFERENCE_TOKEN has characters that no token has.")
    session = requests.Session()
    # Proxies and certificates of the environment, looked up once; never its .netrc: it replaces a bearer.
    found = session.merge_environment_settings(url, {}, None, None, None)
    session.trust_env = False
    session.proxies, session.verify = found["proxies"], found["verify"]
    # One conversation's answer sets no cookie for another's.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    # Compression would hold tokens back.
    session.headers["Accept-Encoding"] = "identity"
    if login:
        session.auth = (login[0], login[1])
    elif token:
        session.headers["Authorization"] = f"Bearer {token}"
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=2 * slots))
    return session


def _address(url: str) -> tuple[str, str, tuple[str, ...]]:
    """The URL without user and password; a name for people; user and password, or nothing."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host:
        raise ImproperlyConfigured("MODEL_URL names no host, or a port that is none.")
    model = re.search(r"/models/([\w.-]+/[\w.-]+)/?$", parts.path)
    name = model[1] if model else f"{host}:{port}" if port else host
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else ()
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl(), name, login


# --- Reading answers ---------------------------------------------------------------------------------------


def _items(response: requests.Response, prompt: str) -> Iterator[str | Finish]:
    if response.headers.get("Content-Type", "").lower().startswith("text/event-stream"):
        return _streamed(response, prompt)
    return _whole(response, prompt)


def _whole(response: requests.Response, prompt: str) -> Iterator[str | Finish]:
    body = b"".join(_chunks(response))
    answer = _parsed(body)
    text = answer.get("generated_text")
    if not isinstance(text, str):
        raise _Trouble(ModelError(NOT_UNDERSTOOD), "gave no generated_text:", body)
    yield _storable(text.removeprefix(prompt))
    yield _finish(answer)


def _streamed(response: requests.Response, prompt: str) -> Iterator[str | Finish]:
    begun = False
    for data in _events(_chunks(response)):
        if data == b"[DONE]":
            break
        event = _parsed(data)
        token = event.get("token")
        if isinstance(token, dict) and isinstance(token.get("text"), str) and not token.get("special"):
            begun = True
            yield _storable(token["text"])
        whole = event.get("generated_text")
        if isinstance(whole, str):
            if not begun:
                yield _storable(whole.removeprefix(prompt))
            yield _finish(event)
            return
    raise _Trouble(ModelError(BROKEN_OFF), "ended a stream without its last event")


def _events(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The data of each server-sent event, as soon as its last byte is there. Half an event is none."""
    rest = b""
    data: list[bytes] = []
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for ended in lines:
            line = ended.removesuffix(b"\r")
            if line.startswith(b"data:"):
                data.append(line.removeprefix(b"data:").removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data)
                data.clear()


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes off the wire. iter_lines() fills its 512 bytes first when a body has no chunks."""
    taken = 0
    while chunk := response.raw.read1(READ_BYTES, decode_content=True):
        taken += len(chunk)
        if taken > MAX_ANSWER_BYTES:
            raise _Trouble(ModelError(NOT_UNDERSTOOD), f"sent more than {MAX_ANSWER_BYTES} bytes")
        yield chunk


def _beginning(response: requests.Response) -> bytes:
    body = b""
    # An error whose text breaks off is still that error.
    with suppress(HTTPError, _Trouble):
        for chunk in _chunks(response):
            body += chunk
            if len(body) > MAX_ERROR_BYTES:
                break
    return body[:MAX_ERROR_BYTES]


def _drain(response: requests.Response) -> None:
    """Take the end of an answer off the wire, so that the connection can be used again. Not for long."""
    if response.raw.isclosed():
        # Read to its end: the connection is back in the pool, perhaps with another call already.
        return
    _here.call.connection.wire.settimeout(DRAIN_S)
    deadline = time.monotonic() + DRAIN_S
    with suppress(HTTPError):
        while response.raw.read1(READ_BYTES) and time.monotonic() < deadline:
            pass


def _parsed(data: bytes) -> dict[str, Any]:
    """One JSON object, alone or first in a list. Raises _Trouble for anything else and for errors."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        raise _Trouble(ModelError(NOT_UNDERSTOOD), "gave no JSON:", data) from None
    while isinstance(answer, list) and answer:
        answer = answer[0]
    if not isinstance(answer, dict):
        raise _Trouble(ModelError(NOT_UNDERSTOOD), "gave other JSON than agreed:", data)
    if answer.get("error"):
        raise _Trouble(_named_failure(answer), "reported an error:", data)
    return answer


def _finish(answer: dict[str, Any]) -> Finish:
    details = answer.get("details")
    length = isinstance(details, dict) and details.get("finish_reason") == "length"
    return Finish("length" if length else "stop")


def _storable(text: str) -> str:
    """JSON can hold halves of characters, UTF-8 can't."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


# --- Errors ------------------------------------------------------------------------------------------------


def _refusal(response: requests.Response, body: bytes) -> _Trouble:
    status = response.status_code
    wait_s = _seconds(response.headers.get("Retry-After", ""))
    loading_s = _estimated_s(body)
    failure: ModelFailure
    hint = ""
    if status in (429, 502, 503) or loading_s is not None:
        wait_s = loading_s if wait_s is None else wait_s
        failure = ModelUnavailable(LOADING if loading_s is not None else "", retry_after_s=wait_s)
    elif status in (408, 504):
        failure = ModelTimeout()
    elif status in (401, 403):
        failure, hint = ModelError(REFUSED), " (check HUGGINGFACE_INFERENCE_TOKEN)"
    elif status == 404:
        failure, hint = ModelError(NOT_FOUND), " (check MODEL_URL)"
    elif status in (413, 422):
        failure, hint = ModelError(TOO_MUCH), " (check MODEL_CONTEXT_TOKENS and MODEL_MAX_NEW_TOKENS)"
    elif 300 <= status < 400:
        failure, hint = ModelError(NOT_FOUND), " (redirects are not followed, set MODEL_URL to its end)"
    else:
        failure = ModelError()
    return _Trouble(failure, f"answered with HTTP {status}{hint}", body)


def _named_failure(answer: dict[str, Any]) -> ModelFailure:
    """The failure behind an error that came with HTTP 200, as those inside a stream do."""
    loading_s = _seconds(str(answer.get("estimated_time")))
    if loading_s is not None:
        return ModelUnavailable(LOADING, retry_after_s=loading_s)
    if answer.get("error_type") == "overloaded":
        return ModelUnavailable()
    return ModelError(TOO_MUCH) if answer.get("error_type") == "validation" else ModelError()


def _estimated_s(body: bytes) -> float | None:
    with suppress(ValueError, RecursionError):
        answer = json.loads(body)
        if isinstance(answer, dict):
            return _seconds(str(answer.get("estimated_time")))
    return None


def _seconds(text: str) -> float | None:
    """A number of seconds, or an HTTP date as seconds from now."""
    with suppress(ValueError):
        seconds = float(text)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    with suppress(ValueError):
        date = parsedate_to_datetime(text)
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return None


def _refused_by_name(status: int, body: bytes) -> frozenset[str]:
    if status not in (400, 422):
        return frozenset()
    return frozenset(name for name in OPTIONAL if re.search(rf"\b{name}\b".encode(), body))


def _reason(error: requests.RequestException) -> str:
    """Why, without the URL, which requests puts into its messages."""
    cause = error.args[0] if error.args else error
    cause = getattr(cause, "reason", cause)
    return f"{type(error).__name__}, {type(cause).__name__}"
