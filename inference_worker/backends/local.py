"""A model in this process, GPT-J or any other text model that CTranslate2 runs."""

import asyncio
from collections.abc import AsyncIterator

from django.core.exceptions import ImproperlyConfigured

from chat.errors import ModelUnavailable
from inference_worker.backends.base import Finish, Prompt
from inference_worker.backends.engine import Engine, LoadFailed, Row
from inference_worker.backends.model_folder import TOKENIZER, open_folder
from inference_worker.backends.placement import Placement
from inference_worker.backends.spelling import Spelling
from inference_worker.backends.trouble import LOADING
from inference_worker.conf import ModelConf
from inference_worker.prompt import Limits

CLOSE_S = 5.0
"""A prompt that is being read can't be stopped; the end of the worker waits no longer for it."""


class Local:
    """`local:<folder>?device=cuda&compute_type=float16&threads=4&lanes=2`, all options may be left out.

    The folder is looked at at once, and loaded by a thread when the first event loop needs it.
    """

    def __init__(self, conf: ModelConf, slots: int) -> None:
        place, _, query = conf.url.removeprefix("local:").partition("?")
        self._folder = open_folder(place)
        self._placement = Placement.chosen(query, self._folder.bytes)
        self._conf = self._folder.conf(conf)
        self._slots = slots
        self._engine: Engine | None = None
        self.name = self._folder.name

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Finish]:
        engine = self._started()
        await self._wait_for(engine)
        row = Row(prompt)
        engine.put(row)
        try:
            while True:
                item = await row.items.get()
                if isinstance(item, Exception):
                    raise item
                yield item
                if isinstance(item, Finish):
                    return
        finally:
            engine.drop(row)

    async def ping(self) -> bool:
        """Load the model. Raises ImproperlyConfigured if that can't be done."""
        try:
            await asyncio.shield(self._started().loaded)
        except LoadFailed as error:
            raise ImproperlyConfigured(f"Model {self.name} {error}") from None
        return True

    def shown(self, prompt: Prompt) -> str:
        """The prompt as the model gets it, for people."""
        limits: Limits = {"context_tokens": self._conf.context_tokens, "max_new_tokens": self._conf.max_new_tokens}
        return Spelling(self._folder.path / TOKENIZER).written(prompt, **limits)

    async def close(self) -> None:
        if self._engine:
            self._engine.close()
            await asyncio.to_thread(self._engine.join, CLOSE_S)

    def _started(self) -> Engine:
        if not self._engine:
            self._engine = Engine(self._folder, self._placement, self._conf, self._slots)
        return self._engine

    async def _wait_for(self, engine: Engine) -> None:
        """Wait until the model is loaded. Raises ModelUnavailable shortly before the answer would be too late."""
        patience_s = self._conf.timeout_s
        try:
            async with asyncio.timeout(patience_s * 0.95):
                await asyncio.shield(engine.loaded)
        except TimeoutError:
            raise ModelUnavailable(LOADING, retry_after_s=patience_s) from None
        except LoadFailed as error:
            raise ModelUnavailable(retry_after_s=patience_s) from error
