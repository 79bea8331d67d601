"""A stand-in for a model server, which speaks the Hugging Face text-generation contract or, where the path ends
in `/completions`, OpenAI's, well and badly.

The path of the URL chooses how it behaves (`/whole`, `/stream?delay_ms=5`, `/refuse?status=503&times=2`, …: the
functions at the end of this file), or a test lines up what the next requests get with `server.play(…)`.
By itself: `python -m tests.model_server --port 8081`.
"""

import argparse
import contextlib
import dataclasses
import json
import re
import socket
import socketserver
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclasses.dataclass(frozen=True)
class Recorded:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class ModelServer(socketserver.ThreadingTCPServer):
    """Listens on loopback. Everything it waits for ends with `stop`, or when the client goes away."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.reply = ""
        """What it says; nothing: `You said: ` and the message."""
        self.events: list[bytes | dict[str, Any]] = []
        """What the mode `events` sends."""
        self.requests: list[Recorded] = []
        self.connections = 0
        self.sent_at: list[float] = []
        """When each event of a stream was about to be sent, by time.perf_counter."""
        self.waiting = threading.Event()
        """Set when a request has begun to hang."""
        self.client_left = threading.Event()
        """Set when a client closed its connection in the middle of an answer."""
        self.stopping = threading.Event()
        self._came = threading.Condition()
        self._script: deque[str] = deque()
        self._seen: Counter[str] = Counter()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def url(self, mode: str = "stream") -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}/{mode}"

    def wait_for_requests(self, count: int) -> bool:
        """Waits until so many have come. False: they have not."""
        with self._came:
            return self._came.wait_for(lambda: len(self.requests) >= count, 5)

    def play(self, *modes: str) -> None:
        """What the next requests get, one after the other, whatever their path."""
        self._script.extend(modes)

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.01,), name="model server").start()

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def mode_of(self, path: str) -> tuple[str, dict[str, str], int]:
        """The mode's name, its options and how many requests it had before this one."""
        with self._lock:
            parts = urlsplit(self._script.popleft() if self._script else path)
            name = parts.path.rpartition("/")[2]
            self._seen[name] += 1
            return name, dict(parse_qsl(parts.query)), self._seen[name] - 1

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self.connections += 1
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        raise  # noqa: PLE0704 - called inside an except block; a mistake in here is to be seen


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive."""

    server: ModelServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.send_error(405)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server._came:
            self.server.requests.append(Recorded(self.path, dict(self.headers), body))
            self.server._came.notify_all()
        name, options, seen = self.server.mode_of(self.path)
        request = Request(self, body, options, seen)
        try:
            MODES[name](request)
        except ConnectionError:
            self.server.client_left.set()
            self.close_connection = True

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: tests look at `requests`."""


class Request:
    """What a mode works with."""

    def __init__(self, handler: Handler, body: dict[str, Any], options: dict[str, str], seen: int) -> None:
        self.handler = handler
        self.server = handler.server
        self.body = body
        self.options = options
        self.seen = seen
        self.parameters = body.get("parameters", {})
        self.is_openai = handler.path.endswith("/completions")
        self.is_chat = handler.path.endswith("/chat/completions")
        self.unchunked = "unchunked" in options

    def number(self, name: str, default: float = 0) -> float:
        return float(self.options.get(name, default))

    def prompt(self) -> str:
        if self.is_chat:
            return str(self.body["messages"][-1]["content"])
        return str(self.body["prompt" if self.is_openai else "inputs"])

    def limit(self) -> int | None:
        names = ("max_tokens", "max_completion_tokens", "max_new_tokens")
        limits = [int(fields[name]) for fields in (self.body, self.parameters) for name in names if name in fields]
        return limits[0] if limits else None

    def tokens(self) -> list[str]:
        """The reply in tokens, no more than were asked for."""
        said = self.prompt().rpartition("Human:")[2].removesuffix("\nBot:").strip()
        reply = self.server.reply or (said if "echo" in self.options else f"You said: {said}")
        return re.findall(r"\s*\S+|\s+$", reply)[: self.limit()]

    def reason(self, otherwise: str) -> str:
        return "length" if len(self.tokens()) == self.limit() else self.options.get("reason", otherwise)

    def details(self) -> dict[str, Any] | None:
        if not self.parameters.get("details"):
            return None
        return {"finish_reason": self.reason("eos_token"), "generated_tokens": len(self.tokens())}

    def choices(self, text: str | None, reason: str | None = None, part: str = "delta") -> dict[str, Any]:
        """An event or an answer of OpenAI's."""
        said = {part: {} if text is None else {"content": text}} if self.is_chat else {"text": text or ""}
        return {"id": "1", "choices": [{"index": 0, **said, "finish_reason": reason}]}

    def answer(self, body: object, status: int = 200, kind: str = "application/json", **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.handler.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(data)

    def begin_stream(self) -> None:
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        if self.unchunked:
            self.handler.send_header("Connection", "close")
        else:
            self.handler.send_header("Transfer-Encoding", "chunked")
        self.handler.end_headers()

    def chunk(self, data: bytes) -> None:
        self.handler.wfile.write(data if self.unchunked else b"%x\r\n%b\r\n" % (len(data), data))

    def event(self, event: bytes | dict[str, Any]) -> None:
        self.server.stopping.wait(self.number("delay_ms") / 1000)
        text = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
        data = b"data:" + text + b"\n\n"
        self.server.sent_at.append(time.perf_counter())
        if "bytewise" in self.options:
            for byte in data:
                self.chunk(bytes([byte]))
        else:
            self.chunk(data)

    def token(self, text: str, special: bool = False, **last: Any) -> None:
        if self.is_openai:
            return self.event(self.choices(text))
        token = {"id": 1, "text": text, "logprob": -0.1, "special": special}
        return self.event({"index": 1, "token": token, "generated_text": None, "details": None, **last})

    def some_tokens(self, many: int = 2) -> None:
        """As many as `?tokens=` says, and no end."""
        self.begin_stream()
        self.chunk(b":\n\n")
        if self.is_chat:
            self.event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": None}}]})
        for text in self.tokens()[: int(self.number("tokens", many))]:
            self.token(text)

    def finish(self, generated_text: str) -> None:
        if self.is_openai:
            self.event(self.choices(None, self.reason("stop")))
            self.chunk(b"data: [DONE]\n\n")
        else:
            self.token("<|endoftext|>", special=True, generated_text=generated_text, details=self.details())
        self.chunk(b"")

    def hang(self) -> None:
        """Until the client goes away."""
        self.server.waiting.set()
        if not self.handler.connection.recv(1):
            raise ConnectionAbortedError


# --- Modes -------------------------------------------------------------------------------------------------


def whole(request: Request) -> None:
    """The plain contract; `?bare` without the list, `?full` with the prompt in front."""
    if request.is_openai:
        text = "".join(request.tokens())
        return request.answer(request.choices(text, request.reason("stop"), "message"))
    text = request.body["inputs"] * ("full" in request.options) + "".join(request.tokens())
    answer = {"generated_text": text, "details": request.details()}
    return request.answer(answer if "bare" in request.options else [answer])


def stream(request: Request) -> None:
    """Text Generation Inference, or OpenAI. Without `"stream":true` like `whole`.

    Like all that stream: `?delay_ms=` before each event, `?bytewise` in chunks of one byte, `?unchunked` as a
    body that ends with its connection.
    """
    if not request.body.get("stream"):
        return whole(request)
    request.some_tokens(len(request.tokens()))
    return request.finish("".join(request.tokens()))


def only_at_the_end(request: Request) -> None:
    """A stream with the text in its last event alone."""
    request.begin_stream()
    request.finish("".join(request.tokens()))


def goes_on(request: Request) -> None:
    """Writes the human's next line too, and never stops by itself."""
    request.begin_stream()
    for text in [*request.tokens(), "\n", "Hu", "man", ":", " and", " then"]:
        request.token(text)
    request.hang()


def refuse(request: Request) -> None:
    """`?status=429&retry_after=1`, with `?times=2` only so often; `?to=` sends somewhere else."""
    if "times" in request.options and request.seen >= request.number("times"):
        return stream(request)
    headers = {"Retry_After": request.options["retry_after"]} if "retry_after" in request.options else {}
    if "to" in request.options:
        headers["Location"] = request.options["to"]
    error = {"error": f"no; you sent {request.handler.headers['Authorization']}"}
    return request.answer(error, int(request.number("status", 429)), **headers)


def loading(request: Request) -> None:
    """`?estimated_time=20`, with `?times=1` only so often."""
    if "times" in request.options and request.seen >= request.number("times"):
        return stream(request)
    error = {"error": "Model is currently loading", "estimated_time": request.number("estimated_time", 20)}
    return request.answer(error, int(request.number("status", 503)))


def strict(request: Request) -> None:
    """Refuses the fields in `?without=stream,details` as pydantic does."""
    for name in request.options["without"].split(","):
        if name in request.body or name in request.parameters:
            return request.answer({"detail": [{"type": "extra_forbidden", "loc": ["body", name]}]}, 422)
    return whole(request)


def raw(request: Request) -> None:
    """Whatever `?body=` says, as `?kind=`; `?cookie=` sets one."""
    kind = request.options.get("kind", "application/json")
    cookie = {"Set_Cookie": f"{request.options['cookie']}=1"} if "cookie" in request.options else {}
    request.answer(request.options["body"].encode(), int(request.number("status", 200)), kind, **cookie)


def html(request: Request) -> None:
    """What a proxy in front may say."""
    request.answer(b"<html><body>Welcome</body></html>", kind="text/html")


def half(request: Request) -> None:
    """A stream that ends well as HTTP, after `?tokens=` and without a last event."""
    request.some_tokens()
    request.chunk(b"")


def broken(request: Request) -> None:
    """A connection that breaks after `?tokens=`."""
    request.some_tokens()
    request.handler.close_connection = True


def error_inside(request: Request) -> None:
    """An error after `?tokens=`; `?error_type=overloaded`."""
    request.some_tokens()
    error_type = request.options.get("error_type", "generation")
    request.event({"error": "CUDA says no", "error_type": error_type})
    request.chunk(b"")


def silent(request: Request) -> None:
    """Not even headers."""
    request.hang()


def hang(request: Request) -> None:
    """Nothing more after `?tokens=`."""
    request.some_tokens()
    request.hang()


def open_end(request: Request) -> None:
    """The last event, but no end of the answer."""
    request.some_tokens()
    if request.is_openai:
        request.event(request.choices(None, "stop"))
    else:
        request.token("", generated_text="", details=request.details())
    request.hang()


def events(request: Request) -> None:
    """What `server.events` holds, each as one event, and the end of the answer."""
    request.begin_stream()
    for event in request.server.events:
        request.event(event)
    request.chunk(b"")


MODES: dict[str, Callable[[Request], None]] = {
    mode.__name__: mode
    for mode in (
        *(whole, stream, only_at_the_end, goes_on, refuse, loading, strict, raw, html),
        *(half, broken, error_inside, silent, hang, open_end, events),
    )
}
MODES["completions"] = stream


@contextlib.contextmanager
def running_model_server(tls: ssl.SSLContext | None = None) -> Iterator[ModelServer]:
    """A server in this process, on a free port."""
    server = ModelServer(tls=tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    server = ModelServer(parser.parse_args().port)
    print(server.url(), flush=True)  # noqa: T201 - a program of the command line
    server.serve_forever()


if __name__ == "__main__":
    main()
