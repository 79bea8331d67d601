"""How many of a worker's slots are busy with the model, when more waits than it can do at once."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.load import Crowd, Talk
from bench.stacks import System

SLOTS = 256
CLIENTS = 320
"""More than slots, so that a message waits for each slot that becomes free."""
PIECES = 30
DELAY_MS = 34
MODEL_S = (PIECES - 1) * DELAY_MS / 1000
"""What the model alone takes for a reply: about 1 s."""


@dataclass(frozen=True, slots=True)
class Busy:
    """One worker at its limit."""

    per_second: float
    share: float
    """Of the slots that the model had work in; the rest waited for Redis, or for the worker itself."""
    worker_cores: float
    web_cores: float


async def measure(folder: Path, seconds: float) -> Busy:
    """One web process and one worker, for so long."""
    options = ("--concurrency", str(SLOTS))
    model_url = f"echo:?delay_ms={DELAY_MS}"
    with closing(System(folder, model_url=model_url, worker_options=options)) as system:
        crowd = await Crowd(system.doors(CLIENTS), Talk(words=PIECES), system.meter).enter()
        # The first replies all begin at once; until they are spread it takes some of them.
        await crowd.talk_for(4 * MODEL_S)
        measured = await crowd.talk_for(seconds)
        crowd.close()
    return Busy(
        per_second=measured.per_second,
        share=measured.per_second * MODEL_S / SLOTS,
        worker_cores=measured.cpu_s["worker"] / measured.seconds,
        web_cores=measured.cpu_s["web"] / measured.seconds,
    )
