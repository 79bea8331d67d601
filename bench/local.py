"""`python -m bench.local FOLDER`: a model in the worker, through the whole system, against its engine alone.

Both are asked the same in turns: the engine in a process of its own with one batch of so many prompts, the system
by so many clients at once. A reply takes `--tokens` tokens; that fits models that do not end before, such as those
of `python -m bench.gptj`.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop

from bench.asker import PATIENCE_S, Asker
from bench.stacks import System, cpu_seconds, machine_seconds

MESSAGE = "How are you doing today, and what is new in your part of the world?"


@dataclass(slots=True)
class Taken:
    """What one round took: until the first text of each, and until the last reply was whole."""

    first_s: list[float] = field(default_factory=list)
    whole_s: float = 0.0
    cpu_s: float = 0.0
    """Of the system's processes, or of the engine's."""


# --- The engine alone ---------------------------------------------------------------------------------------


class Engine:
    """A process that does nothing but write batches, with the threads that the worker would take."""

    def __init__(self, folder: Path, query: str, tokens: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_engine, args=(theirs, str(folder), query, tokens), daemon=True)
        self._process.start()
        self._pipe.recv()

    async def write(self, replies: int) -> Taken:
        assert self._process.pid
        cpu_s = cpu_seconds(self._process.pid)
        self._pipe.send(replies)
        first_s, whole_s = await asyncio.to_thread(self._pipe.recv)
        return Taken([first_s], whole_s, cpu_seconds(self._process.pid) - cpu_s)

    def close(self) -> None:
        self._process.terminate()
        self._process.join()


def _engine(pipe: Connection, folder: str, query: str, tokens: int) -> None:
    import ctranslate2
    from tokenizers import Tokenizer

    from inference_worker.backends.placement import Placement

    placement = Placement.chosen(query, (Path(folder) / "model.bin").stat().st_size)
    generator = ctranslate2.Generator(
        folder, device=placement.device, compute_type=placement.compute_type, intra_threads=placement.threads
    )
    prompt = Tokenizer.from_file(f"{folder}/tokenizer.json").encode(f"Human: {MESSAGE}\nBot:").tokens
    pipe.send(f"{placement}")
    first: list[float] = []

    def hear(_: object) -> bool:
        if not first:
            first.append(time.perf_counter())
        return False

    while True:
        replies = pipe.recv()
        first.clear()
        began = time.perf_counter()
        generator.generate_batch(
            [prompt] * replies,
            max_length=tokens,
            include_prompt_in_result=False,
            sampling_topk=0,
            # The first of each batch alone, which costs nothing; all of them would.
            callback=hear if replies == 1 else None,
        )
        whole_s = time.perf_counter() - began
        pipe.send((first[0] - began if first else float("nan"), whole_s))


# --- The whole system ---------------------------------------------------------------------------------------


async def talk(clients: Sequence[Asker]) -> Taken:
    """All of them say something at once."""
    began = time.perf_counter()
    await asyncio.gather(*(client.ask(MESSAGE) for client in clients))
    if any(client.finish != "length" for client in clients):
        raise RuntimeError("a reply ended before its last token; choose fewer --tokens")
    first_s = [client.first_at - began for client in clients]
    return Taken(first_s, max(client.done_at for client in clients) - began)


# --- Both, in turns -----------------------------------------------------------------------------------------


async def compare(system: System, engine: Engine, replies: int, rounds: int, tokens: int) -> None:
    clients = [Asker() for _ in range(replies)]
    for client in clients:
        await client.enter(system)
    await engine.write(replies)
    await talk(clients)
    ours, theirs, others = [], [], []
    for _ in range(rounds):
        meter, began, busy = system.meter(), time.perf_counter(), machine_seconds()
        ours.append(await talk(clients))
        after, seconds = system.meter(), time.perf_counter() - began
        ours[-1].cpu_s = sum(after[name] - meter[name] for name in ("web", "worker", "redis"))
        others.append(max(0.0, machine_seconds() - busy - ours[-1].cpu_s) / seconds)
        theirs.append(await engine.write(replies))
    for client in clients:
        client.close()
    print(f"  {replies} at once", flush=True)
    # On a machine that others use, the fastest round is the one that they disturbed least.
    for name, choose in (("median", statistics.median), ("fastest", min)):
        mine, engines = (replies * tokens / choose(one.whole_s for one in side) for side in (ours, theirs))
        print(f"    {name}: system {mine:.1f} tokens/s, engine {engines:.1f}, RATIO {mine / engines:.2f}")
    first = f"first text: system {_first_ms(ours):.0f} ms"
    print(f"    {first}, engine {_first_ms(theirs):.0f} ms" if replies == 1 else f"    {first}")
    system_cpu_ms, engine_cpu_ms = (
        statistics.median(one.cpu_s for one in side) / (replies * tokens) * 1000 for side in (ours, theirs)
    )
    print(
        f"    processor time of a token: system {system_cpu_ms:.2f} ms, engine {engine_cpu_ms:.2f} ms; "
        f"other programs took {statistics.median(others):.2f} cores",
        flush=True,
    )


def _first_ms(rounds: Sequence[Taken]) -> float:
    return statistics.median(first_s for one in rounds for first_s in one.first_s) * 1000


async def measure(options: argparse.Namespace, scratch: Path) -> None:
    url = f"local:{options.folder.absolute()}" + (f"?{options.query}" if options.query else "")
    environment: dict[str, str] = {
        "MODEL_MAX_NEW_TOKENS": str(options.tokens),
        "MODEL_TIMEOUT_S": str(PATIENCE_S),
        # Prompts that grow would be another measurement.
        "CHAT_CONTEXT_MESSAGES": "0",
    }
    with (
        closing(System(scratch, "redis62", model_url=url, **environment)) as system,
        closing(Engine(options.folder, options.query, options.tokens)) as engine,
    ):
        for replies in options.at_once:
            await compare(system, engine, replies, options.rounds, options.tokens)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.local", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--query", default="", help="options of local:, such as threads=4&lanes=1")
    parser.add_argument("--tokens", type=int, default=64, help="of each reply (64)")
    parser.add_argument("--rounds", type=int, default=7, help="(7)")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 4, 16], help="replies (1 4 16)")
    with tempfile.TemporaryDirectory(prefix="chat-bench-") as scratch:
        uvloop.run(measure(parser.parse_args(), Path(scratch)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
