"""A model behind HTTP: calls over `requests` in threads, which the event loop can end at any moment."""

import asyncio
import json
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from typing import Any, ClassVar

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from chat.errors import ModelError, ModelTimeout, ModelUnavailable
from inference_worker.backends.base import Finish, Prompt
from inference_worker.backends.body import beginning
from inference_worker.backends.characters import WholeCharacters
from inference_worker.backends.connections import Call, drain, here
from inference_worker.backends.filter import Filter
from inference_worker.backends.session import CONNECT_TIMEOUT_S, address, open_session, unreachable
from inference_worker.backends.trouble import BROKEN_OFF, EMPTY, Trouble, reason, refusal
from inference_worker.conf import ModelConf

logger = logging.getLogger(__name__)


class HTTPModel(ABC):
    """POSTs a prompt and reads the answer, whole or as server-sent events. A subclass knows the contract."""

    optional: ClassVar[tuple[str, ...]]
    """Fields that not every server knows. One that refuses them by name is asked without from there on."""
    token_setting: ClassVar[str]

    def __init__(self, conf: ModelConf, slots: int, *, url: str, token: str) -> None:
        self._conf = conf
        self._url, self.name, login = address(url)
        self._session = open_session(self._url, login, token, token_setting=self.token_setting, slots=slots)
        self._secrets = [text for text in (token, *login) if text]
        # Twice: a cancelled call may still be connecting while its slot works on something else.
        self._threads = ThreadPoolExecutor(2 * slots, "model")
        self._calls: set[Call] = set()
        self._left_out: frozenset[str] = frozenset()
        self._unreachable = ""
        """Why nobody was there when it was last looked."""

    # --- The contract ---

    @abstractmethod
    def payload(self, prompt: Prompt) -> dict[str, Any]:
        """What is POSTed."""

    @abstractmethod
    def items(self, response: requests.Response, payload: dict[str, Any]) -> Iterator[str | Finish]:
        """The answer as it comes; its end is a Finish. Raises Trouble, also when the end is missing."""

    @abstractmethod
    def filter(self) -> Filter:
        """What the pieces of one reply go through."""

    def without(self, payload: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
        """The payload without the fields of these names, which are among the optional ones."""
        return {
            name: self.without(value, names) if isinstance(value, dict) else value
            for name, value in payload.items()
            if name not in names
        }

    def shown(self, prompt: Prompt) -> str:
        """The prompt as the server gets it, for people."""
        payload = self.payload(prompt)
        text = payload.get("inputs") or payload.get("prompt")
        return text or json.dumps(payload["messages"], ensure_ascii=False, indent=2)

    # --- The event loop's side ---

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Finish]:
        call = Call()
        self._calls.add(call)
        # What its lines of the log are about goes with it.
        job = self._threads.submit(copy_context().run, self._work, call, prompt)
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

    async def ping(self) -> bool:
        call = Call()
        self._calls.add(call)
        try:
            return await asyncio.wrap_future(self._threads.submit(self._knock, call))
        finally:
            self._calls.discard(call)
            call.cancel()

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for call in self._calls:
            call.cancel()
            # A call that waited for a thread has none now that would say so.
            call.items.put_nowait(ModelUnavailable())
        await asyncio.to_thread(self._threads.shutdown)
        self._session.close()

    # --- The thread's side ---

    def _work(self, call: Call, prompt: Prompt) -> None:
        """Runs in a thread. Its last item is always a Finish or an exception, as the loop waits for one."""
        here.call = call
        try:
            for item in self._reply(prompt):
                call.put(item)
        except Trouble as trouble:
            said = trouble.told(self._secrets)
            if not call.cancelled:
                logger.warning("Model %s: %s", self.name, said)
            # For those who ask why; visitors read the failure's own text.
            trouble.failure.__cause__ = Trouble(trouble.failure, said)
            call.put(trouble.failure)
        except Exception as error:
            call.put(error)
        finally:
            here.call = None

    def _knock(self, call: Call) -> bool:
        here.call = call
        why = unreachable(self._session, self._url)
        here.call = None
        if why != self._unreachable and not call.cancelled:
            if why:
                logger.warning("Model %s can't be reached: %s (check MODEL_URL)", self.name, why)
            else:
                logger.info("Model %s is there now", self.name)
            self._unreachable = why
        return not why

    def _reply(self, prompt: Prompt) -> Iterator[str | Finish]:
        characters, filter_ = WholeCharacters(), self.filter()
        payload = self.payload(prompt)
        finish = Finish()
        begun = False
        with closing(self._ask(payload)) as response:
            try:
                for item in self.items(response, payload):
                    if isinstance(item, Finish):
                        finish = item
                        break
                    if piece := filter_.feed(characters.feed(item)):
                        begun = True
                        yield piece
                    if filter_.done:
                        break
            except ReadTimeoutError:
                raise Trouble(ModelTimeout(), "sent nothing more in time") from None
            except HTTPError as error:
                failure = ModelError(BROKEN_OFF) if begun else ModelUnavailable()
                raise Trouble(failure, f"broke off with {type(error).__name__}") from None
            if rest := filter_.end():
                begun = True
                yield rest
            if not begun:
                raise Trouble(ModelError(EMPTY), f"gave an empty answer (its end: {finish.reason})")
            yield finish
            drain(response)

    def _ask(self, payload: dict[str, Any]) -> requests.Response:
        left_out = self._left_out
        while True:
            response = self._post(self.without(payload, left_out))
            if response.status_code == 200:
                self._left_out |= left_out
                return response
            with closing(response):
                body = beginning(response)
            refused = self._refused_by_name(response.status_code, body) - left_out
            if not refused:
                raise refusal(response, body, self.token_setting)
            left_out |= refused

    def _refused_by_name(self, status: int, body: bytes) -> frozenset[str]:
        if status not in (400, 422):
            return frozenset()
        return frozenset(name for name in self.optional if re.search(rf"\b{name}\b".encode(), body))

    def _post(self, payload: dict[str, Any]) -> requests.Response:
        timeouts_s = (CONNECT_TIMEOUT_S, self._conf.timeout_s)
        try:
            return self._session.post(
                self._url, json=payload, stream=True, allow_redirects=False, timeout=timeouts_s
            )
        except requests.ReadTimeout:
            raise Trouble(ModelTimeout(), "did not answer in time") from None
        except requests.RequestException as error:
            raise Trouble(ModelUnavailable(), f"can't be reached: {reason(error)} (check MODEL_URL)") from None
