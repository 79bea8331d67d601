"""`python manage.py run_inference_worker`: answer what waits in the queue."""

import asyncio
import signal
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

import uvloop
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from inference_worker.backends import open_backend
from inference_worker.backends.base import Backend, Remote
from inference_worker.conf import get_model_conf
from inference_worker.worker import Worker

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
"""Between looks at a model that can't be reached."""


class Command(BaseCommand):
    """Run one worker until SIGTERM or SIGINT."""

    help = "Answers the messages that wait in the queue, until SIGTERM."
    # The checks of pages and staff accounts say nothing about a worker and cost time at every start.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=16, help="generations at once (16)")
        parser.add_argument("--name", default="", help="name of this worker; default: the host's")
        parser.add_argument(
            "--grace", type=float, default=30.0, help="seconds to finish in after SIGTERM (30); then handed back"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["concurrency"] < 1:
            raise CommandError("--concurrency must be at least 1.")
        if options["grace"] < 0:
            raise CommandError("--grace must be 0 or more seconds.")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(options["concurrency"], options["name"], options["grace"]))


async def serve(slots: int, name: str, grace_s: float) -> None:
    """Run a worker until this process gets SIGTERM or SIGINT."""
    conf = get_model_conf()
    backend = open_backend(conf, slots)
    worker = Worker(backend, slots=slots, timeout_s=conf.timeout_s, grace_s=grace_s, name=name)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # An unreachable model is a line in the log, no reason not to start: it may come later than its workers.
    pinged = asyncio.create_task(_ping(backend, stop))
    await worker.run(stop)
    pinged.cancel()
    with suppress(asyncio.CancelledError):
        await pinged


async def _ping(backend: Backend, stop: asyncio.Event) -> None:
    """Look for the model until it is there. One that never will be ends the worker: others do its work."""
    pause_s = FIRST_PAUSE_S
    try:
        while isinstance(backend, Remote) and not await backend.ping():
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
    except ImproperlyConfigured:
        stop.set()
        raise
