"""`python manage.py check_model "Hello"`: send one prompt to the model and look how it answers."""

import asyncio
import logging
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from chat.errors import ModelFailure, ModelTimeout
from inference_worker.backends import open_backend
from inference_worker.backends.base import Backend, Finish, Prompt, Remote
from inference_worker.conf import get_model_conf


class Command(BaseCommand):
    """Show the prompt, the stream as it comes, and the time it took. Neither Redis nor a worker is needed."""

    help = "Sends one message to the model of MODEL_URL and shows the prompt, the reply and its speed."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("message", nargs="?", default="Hello", help="what to say (Hello)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with _quiet():
                asyncio.run(self._check(Prompt(options["message"])))
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=130) from None

    async def _check(self, prompt: Prompt) -> None:
        conf = get_model_conf()
        backend = open_backend(conf, 1)
        self._title(f"Model: {backend.name}")
        self._title("Prompt:")
        self.stdout.write(backend.shown(prompt) if isinstance(backend, Remote) else prompt.message)
        self._title("Reply:")
        try:
            async with asyncio.timeout(conf.timeout_s):
                await self._show(backend, prompt)
        except TimeoutError:
            raise CommandError(f"Model {backend.name}: {ModelTimeout().detail}") from None
        except ModelFailure as error:
            raise CommandError(_why(backend, error)) from None
        finally:
            await backend.close()

    async def _show(self, backend: Backend, prompt: Prompt) -> None:
        # How long a local model takes to load is no matter of its speed.
        if isinstance(backend, Remote):
            await backend.ping()
        began = first = last = time.perf_counter()
        finish = Finish()
        pieces: list[str] = []
        async for item in backend.stream(prompt):
            if isinstance(item, Finish):
                finish = item
            elif item:
                last = time.perf_counter()
                first = first if pieces else last
                pieces.append(item)
                self.stdout.write(item, ending="")
                self.stdout.flush()
        self.stdout.write("")
        self._title(f"Finish: {finish.reason}")
        self.stdout.write(_speed(pieces, finish.tokens, first - began, last - first))

    def _title(self, text: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(text))


def _speed(pieces: list[str], tokens: int | None, first_s: float, rest_s: float) -> str:
    chars = sum(map(len, pieces))
    # Pieces are not always tokens: what may be a marker or half a character is held back.
    counted = [f"{tokens} tokens"] if tokens else []
    size = ", ".join([*counted, f"{len(pieces)} piece{'s' * (len(pieces) != 1)}", f"{chars} characters"])
    if len(pieces) < 2 or not rest_s:
        return f"All of it ({size}) after {first_s:.3f} s."
    # The first is there at once: the others took the rest of the time.
    pace = f"{(tokens - 1) / rest_s:.1f} tokens/s" if tokens else f"{(len(pieces) - 1) / rest_s:.1f} pieces/s"
    return (
        f"First piece after {first_s:.3f} s, then {pace}, {(chars - len(pieces[0])) / rest_s:.1f} characters/s "
        f"({size} in {first_s + rest_s:.3f} s)."
    )


def _why(backend: Backend, error: ModelFailure) -> str:
    """One line: the operator's reason where there is one, else what a visitor would read."""
    reason = f"Model {backend.name} {error.__cause__}" if error.__cause__ else error.detail
    wait = f"; asks for {error.retry_after_s:g} s" if error.retry_after_s is not None else ""
    return f"{reason}{wait}"


@contextmanager
def _quiet() -> Iterator[None]:
    """What the backend would log stands in this command's own line."""
    logger = logging.getLogger("inference_worker.backends")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
