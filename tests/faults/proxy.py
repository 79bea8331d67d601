"""A wire to Redis that can be cut, held, slowed down, and robbed of single commands or answers."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any

from tests.faults.resp import split
from tests.faults.rules import Deed, Rule


class Proxy:
    """Listens on loopback and hands everything on to a port, in a thread of its own."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.delay_s = 0.0
        self._target_port = target_port
        self._rules: list[Rule] = []
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> "Proxy":
        self._thread.start()
        self._in_loop(self._listen())
        return self

    def on(self, deed: Deed, *parts: bytes | str, times: int = 1, answer: bytes | str = b"") -> Rule:
        """The next commands that contain all parts (and whose answer contains `answer`) get this."""
        as_bytes = tuple(part.encode() if isinstance(part, str) else part for part in parts)
        rule = Rule(deed, as_bytes, times, answer.encode() if isinstance(answer, str) else answer)
        self._rules.append(rule)
        return rule

    def reset(self) -> None:
        """Forget all rules and hand on what was held."""
        for rule in self._rules:
            rule.release()
        self._rules = []
        self.delay_s = 0.0

    def cut(self) -> None:
        """End all connections."""
        self._in_loop(self._cut())

    def stop(self) -> None:
        self.reset()
        self._in_loop(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _in_loop(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _end(self) -> None:
        if self._server:
            self._server.close()
        await self._cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self._open.add(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
        else:
            self._open.add(back)
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await Line(self, reader, writer, there, back).run()
            back.transport.abort()
            self._open.discard(back)
        writer.transport.abort()
        self._open.discard(writer)
        self._tasks.discard(task)

    def rule_for(self, data: bytes) -> Rule | None:
        return next((rule for rule in self._rules if rule.takes(data)), None)


class Line:
    """One connection through the proxy. Commands may be on their way one after the other."""

    def __init__(
        self,
        proxy: Proxy,
        from_client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self._proxy = proxy
        self._from_client, self._to_client = from_client, to_client
        self._from_server, self._to_server = from_server, to_server
        self._sent = self._answered = 0
        self._swallow: Rule | None = None
        self._swallow_number = 0

    async def run(self) -> None:
        both = [asyncio.ensure_future(self._there()), asyncio.ensure_future(self._back())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _there(self) -> None:
        rest = b""
        while data := await self._from_client.read(1 << 20):
            commands, rest = split(rest + data)
            await asyncio.sleep(self._proxy.delay_s)
            for command in commands:
                rule = self._proxy.rule_for(command)
                deed = rule.deed if rule else None
                if deed == "cut":
                    return
                if deed == "lose":
                    await self._until_answered(self._sent)
                    self._to_client.write(b":0\r\n")
                    continue
                if rule and deed == "hold":
                    await rule.released()
                self._sent += 1
                if rule and deed == "swallow":
                    self._swallow, self._swallow_number = rule, self._sent
                self._to_server.write(command)
                if deed == "swallow":
                    # What comes behind it must not run: its sender would not know.
                    await self._until_answered(self._sent)
            await self._to_server.drain()

    async def _until_answered(self, number: int) -> None:
        while self._answered < number:  # noqa: ASYNC110 - rare, and in tests alone
            await asyncio.sleep(0.002)

    async def _back(self) -> None:
        rest = b""
        while data := await self._from_server.read(1 << 20):
            answers, rest = split(rest + data)
            await asyncio.sleep(self._proxy.delay_s)
            for answer in answers:
                if self._swallow and self._answered + 1 == self._swallow_number:
                    rule, self._swallow = self._swallow, None
                    if rule.swallows(answer):
                        return
                self._to_client.write(answer)
                self._answered += 1
            await self._to_client.drain()
