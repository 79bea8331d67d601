"""The threads in which a local model writes: they load it, put waiting replies together, and run batches.

CTranslate2 does not let a reply join a batch that runs. So replies that wait at the same moment share one, and
there are several lanes, each running a batch of its own on the same weights, so that who comes later seldom waits
for a whole batch. What runs inside the library can't be taken out, except row by row through the callback that it
makes for every token; all that waits therefore waits here.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import ctranslate2

from chat.errors import ModelError, ModelUnavailable
from inference_worker.backends.base import Finish, Prompt
from inference_worker.backends.model_folder import TOKENIZER, ModelFolder
from inference_worker.backends.placement import Placement
from inference_worker.backends.spelling import Reader, Spelling
from inference_worker.backends.trouble import EMPTY
from inference_worker.conf import ModelConf
from inference_worker.machine import free_memory

logger = logging.getLogger(__name__)

Item = str | Finish | Exception

# Prompts of one batch are read together up to the length of the shortest; the rest of the others takes a step for
# each token, as if it were written. So those that share a batch differ by less than a short reply takes.
SPREAD_TOKENS = 64
# Waiting for company costs nobody more than one token takes, within these bounds.
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.001, 0.05


class LoadFailed(Exception):
    """Why there is no model, for the operator."""


class Row:
    """One reply: its prompt, and what the event loop is told of it."""

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt
        self.items: asyncio.Queue[Item] = asyncio.Queue()
        """Read by the event loop. The last one is a Finish or an exception."""
        self.cancelled = False
        """Set by the event loop: nobody reads any more."""
        self.tokens: list[str] = []
        self.written = 0
        """Tokens of the reply so far."""
        self._reader: Reader | None = None
        self._begun = False

    def spell(self, spelling: Spelling, conf: ModelConf) -> None:
        """Make the tokens of the prompt."""
        text = spelling.written(
            self.prompt, context_tokens=conf.context_tokens, max_new_tokens=conf.max_new_tokens
        )
        # A word that is cut may take a token more. Past its window a model talks nonsense.
        self.tokens = spelling.tokens(text)[-(conf.context_tokens - conf.max_new_tokens) :]
        self._reader = spelling.reader()

    def take(self, token_id: int, *, is_end: bool, is_last: bool) -> list[Item]:
        """What one more token gives to tell. A Finish or an exception among it is the end."""
        assert self._reader
        self.written += not is_end
        pieces = [] if is_end else [self._reader.feed(token_id)]
        # Before the reader is told that this is the end.
        is_done = is_end or self._reader.done
        if is_last or is_done:
            pieces.append(self._reader.end())
        told: list[Item] = [piece for piece in pieces if piece]
        self._begun = self._begun or bool(told)
        if is_last or is_done:
            told.append(
                Finish("stop" if is_done else "length", self.written) if self._begun else ModelError(EMPTY)
            )
        return told


@dataclass(frozen=True, slots=True)
class Model:
    """What is loaded."""

    generator: ctranslate2.Generator
    spelling: Spelling


class Engine:
    """Loads a model and writes replies, at most `slots` in a batch."""

    def __init__(self, folder: ModelFolder, placement: Placement, conf: ModelConf, slots: int) -> None:
        self._folder = folder
        self._placement = placement
        self._conf = conf
        self._slots = slots
        self._loop = asyncio.get_running_loop()
        self.loaded: asyncio.Future[None] = self._loop.create_future()
        """Done when replies are written. Its exception is a LoadFailed."""
        self._waiting: list[Row] = []
        self._running: set[Row] = set()
        self._changed = threading.Condition()
        self._gathering = threading.Lock()
        self._closing = False
        self._token_s = SHORTEST_WAIT_S
        # Daemons: the end of the process does not wait for a model that is being loaded.
        self._threads = [threading.Thread(target=self._work, name="model", daemon=True)]
        self._threads[0].start()

    # --- The event loop's side ---

    def put(self, row: Row) -> None:
        with self._changed:
            self._waiting.append(row)
            self._changed.notify_all()

    def drop(self, row: Row) -> None:
        """Nobody reads this reply any more: it leaves the line, or its batch with the next token."""
        row.cancelled = True
        with self._changed, suppress(ValueError):
            self._waiting.remove(row)

    def close(self) -> None:
        """End all replies."""
        with self._changed:
            self._closing = True
            for row in (*self._waiting, *self._running):
                row.cancelled = True
                row.items.put_nowait(ModelUnavailable())
            self._waiting.clear()
            self._changed.notify_all()

    def join(self, timeout_s: float) -> None:
        """Wait for the threads. A prompt that is being read, or a model being loaded, can't be ended."""
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def tell(self, items: Sequence[tuple[Row, Item]]) -> None:
        """Hand on what was written, from any thread, with one wake-up of the event loop."""

        def put() -> None:
            for row, item in items:
                row.items.put_nowait(item)

        self._call(put)

    def _call(self, function: Callable[[], None]) -> None:
        # A closed loop raises RuntimeError: nobody reads any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    # --- The threads' side ---

    def _work(self) -> None:
        try:
            model = self._load()
        except Exception as error:
            # The library's messages have several lines.
            why = " ".join(str(error).split()) or type(error).__name__
            failure = LoadFailed(f"can't be loaded from {self._folder.path}: {why} (check MODEL_URL)")
            self._call(lambda: None if self.loaded.done() else self.loaded.set_exception(failure))
            return
        self._threads += [
            threading.Thread(target=self._serve, args=(model,), name=f"model-{number}", daemon=True)
            for number in range(2, self._placement.lanes + 1)
        ]
        for thread in self._threads[1:]:
            thread.start()
        self._call(lambda: None if self.loaded.done() else self.loaded.set_result(None))
        self._serve(model)

    def _load(self) -> Model:
        folder, placement = self._folder, self._placement
        logger.info("Loading model %s: %.1f MB, %s", folder.name, folder.bytes / 1e6, placement)
        free = free_memory()
        if placement.device == "cpu" and free is not None and free < folder.bytes:
            logger.warning("Model %s needs more memory than the %.1f MB that are free", folder.name, free / 1e6)
        began = time.monotonic()
        spelling = Spelling(folder.path / TOKENIZER)
        generator = ctranslate2.Generator(
            str(folder.path),
            device=placement.device,
            compute_type=placement.compute_type,
            inter_threads=placement.lanes,
            intra_threads=placement.threads,
        )
        logger.info("Model %s is loaded after %.1f s", folder.name, time.monotonic() - began)
        return Model(generator, spelling)

    def _serve(self, model: Model) -> None:
        """One lane."""
        while rows := self._next(model):
            batch = Batch(rows, self.tell, self._folder.end_token)
            try:
                batch.run(model.generator, self._conf)
            except Exception:
                logger.exception("Model %s broke in a batch of %d", self._folder.name, len(rows))
                self.tell([(row, ModelError()) for row in rows])
            self._token_s = batch.token_s or self._token_s
            with self._changed:
                self._running.difference_update(rows)

    def _next(self, model: Model) -> list[Row]:
        """Wait for replies to write; nothing when there will be none any more."""
        # One lane at a time waits for company, the others behind it.
        with self._gathering:
            while not self._closing:
                rows = self._gathered()
                for row in rows:
                    if not row.tokens:
                        self._spell(row, model)
                with self._changed:
                    fit = fitting(self._waiting, self._slots)
                    self._waiting = [row for row in self._waiting if row not in fit]
                    self._running.update(fit)
                if fit:
                    return fit
        return []

    def _gathered(self) -> list[Row]:
        """Those that wait, once there are some and no more came for a moment."""
        longest_s = min(max(self._token_s, SHORTEST_WAIT_S), LONGEST_WAIT_S)
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            deadline = time.monotonic() + longest_s
            while len(self._waiting) < self._slots and not self._closing:
                left_s = min(deadline - time.monotonic(), max(longest_s / 2, SHORTEST_WAIT_S))
                if left_s <= 0 or not self._changed.wait(left_s):
                    break
            return self._waiting[:]

    def _spell(self, row: Row, model: Model) -> None:
        try:
            row.spell(model.spelling, self._conf)
        except Exception as error:
            self.drop(row)
            self.tell([(row, error)])


def fitting(waiting: Sequence[Row], most: int) -> list[Row]:
    """The row that waits longest and those that go well with it, the longest prompt first."""
    spelled = [row for row in waiting if row.tokens]
    if not spelled:
        return []
    size = len(spelled[0].tokens)
    fit = [row for row in spelled if abs(len(row.tokens) - size) <= SPREAD_TOKENS // 2][:most]
    return sorted(fit, key=lambda row: -len(row.tokens))


class Batch:
    """Replies that are written together.

    It never holds the generator. The library's thread is the last one to let the callback go, and a generator that
    goes with it would wait for its own thread: the process would be aborted.
    """

    def __init__(
        self, rows: Sequence[Row], tell: Callable[[Sequence[tuple[Row, Item]]], None], end_token: str
    ) -> None:
        self._rows = rows
        self._tell_all = tell
        self._end_token = end_token
        self._told: list[tuple[Row, Item]] = []
        self._writing: set[int] = set()
        """Rows that have begun and not ended. A long prompt begins later than a short one."""
        self._step = self._first_step = -1
        self._began = 0.0
        self.token_s = 0.0
        """How long a step took in the middle; 0 while that is unknown."""

    def run(self, generator: ctranslate2.Generator, conf: ModelConf) -> None:
        """Write all of them. Returns when the last one is done."""
        try:
            generator.generate_batch(
                [row.tokens for row in self._rows],
                max_length=conf.max_new_tokens,
                include_prompt_in_result=False,
                # 1 is the library's word for the likeliest token, whatever the temperature; 0 for all of them.
                sampling_topk=conf.top_k if conf.temperature else 1,
                sampling_topp=conf.top_p,
                sampling_temperature=conf.temperature or 1.0,
                repetition_penalty=conf.repetition_penalty,
                callback=self._hear,
            )
        finally:
            self._tell()

    def _hear(self, step: ctranslate2.GenerationStepResult) -> bool:
        """One token of one row. Rows come in their order within a step. True ends the row."""
        if step.step != self._step:
            self._time(step.step)
        row, number = self._rows[step.batch_id], step.batch_id
        self._writing.add(number)
        ends = row.cancelled or self._take(row, step)
        # The event loop is woken once a step, by the last row of it: each time costs as much as a token of a small
        # model. Rows that have not begun have lower numbers, as their prompts are longer.
        if number == max(self._writing):
            self._tell()
        if ends:
            self._writing.discard(number)
        return ends

    def _take(self, row: Row, step: ctranslate2.GenerationStepResult) -> bool:
        try:
            items = row.take(step.token_id, is_end=step.token == self._end_token, is_last=step.is_last)
        except Exception:
            # Inside the library an exception would end the other rows as well.
            logger.exception("A token could not be read")
            items = [ModelError()]
        self._told += [(row, item) for item in items]
        return not all(isinstance(item, str) for item in items)

    def _tell(self) -> None:
        if self._told:
            self._tell_all(self._told)
            self._told = []

    def _time(self, step: int) -> None:
        self._step = step
        if self._first_step < 0:
            self._first_step, self._began = step, time.monotonic()
        else:
            self.token_s = (time.monotonic() - self._began) / (step - self._first_step)
