"""`python -m bench`: measure the chat against a floor that runs beside it, in one run."""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from bench import costs, first_token, history, slots, trips
from bench.load import Crowd, Lost, Round, Talk
from bench.stacks import Floor, System

PARTS = ("latency", "throughput", "pieces", "first_token", "trips", "history")
ASKED_FOR = ("costs", "slots")
"""Parts that are not measured unless they are asked for."""
PROCESSES = ("web", "worker", "redis")
QUIET_CORES = 0.15
"""More than this taken by other programs moves the ratios."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    latency_rounds: int = 25
    latency_messages: int = 100
    load_rounds: int = 6
    load_s: float = 2.5
    history_rounds: int = 8
    history_messages: int = 200
    trips_messages: int = 100
    first_token_messages: int = 100


QUICK = Plan(
    latency_rounds=10, latency_messages=50, load_rounds=2, load_s=1.5, history_rounds=3, history_messages=100,
    trips_messages=20, first_token_messages=30,
)  # fmt: skip


class Bench:
    """One run. `figures` gathers what `--json` writes."""

    def __init__(self, plan: Plan, folder: Path, *, lean_floor: bool) -> None:
        self._plan = plan
        self._folder = folder
        self._lean_floor = lean_floor
        self.figures: dict[str, Any] = {"floor": "lean" if lean_floor else "stock"}

    async def run(self, parts: Sequence[str]) -> None:
        beside_floor = [part for part in ("latency", "throughput", "pieces") if part in parts]
        if beside_floor:
            with (
                closing(System(self._folder / "system")) as system,
                closing(Floor(self._folder / "floor", self._lean_floor)) as floor,
            ):
                for part in beside_floor:
                    await getattr(self, part)(system, floor)
        if "first_token" in parts:
            await self.first_token()
        if "trips" in parts:
            await self.trips()
        if "history" in parts:
            await self.history()
        if "costs" in parts:
            await self.costs()
        if "slots" in parts:
            await self.slots()

    async def latency(self, system: System, floor: Floor) -> None:
        plan = self._plan
        heading("One client, echo:, replies of five words")
        ours = await Crowd(system.doors(1), Talk(), system.meter).enter()
        theirs = await Crowd(floor.doors(1), Talk(pieces=1), floor.meter).enter()
        await ours.talk(plan.latency_messages)
        await theirs.talk(plan.latency_messages)
        rounds = [
            (await ours.talk(plan.latency_messages), await theirs.talk(plan.latency_messages))
            for _ in range(plan.latency_rounds)
        ]
        ours.close()
        theirs.close()
        system_rounds, floor_rounds = zip(*rounds, strict=True)
        figures = {
            "system_first_text_ms": percentiles([one for round_ in system_rounds for one in round_.first_s]),
            "system_whole_reply_ms": percentiles([one for round_ in system_rounds for one in round_.whole_s]),
            "floor_reply_ms": percentiles([one for round_ in floor_rounds for one in round_.whole_s]),
        }
        for name, values in figures.items():
            line(words(name), "  ".join(f"{key} {value:.2f}" for key, value in values.items()))
        self.figures["latency"] = figures | {
            "first_text_ratio": self._ratio("first text", "first_ms", rounds, "2, stretch 1.6"),
            "whole_reply_ratio": self._ratio("whole reply", "whole_ms", rounds),
        }

    async def throughput(self, system: System, floor: Floor) -> None:
        heading("100 clients, echo:, replies of five words; the floor sends three pieces per message")
        rounds = await self._load(system, floor, 100, Talk(words=5), Talk(words=5, pieces=3))
        self.figures["throughput"] = self._loaded(rounds, "0.6, stretch 0.9")

    async def pieces(self, system: System, floor: Floor) -> None:
        heading("50 clients, echo:, replies of 20 pieces; the floor sends each piece by itself")
        rounds = await self._load(system, floor, 50, Talk(words=20), Talk(words=20, pieces=20))
        self.figures["pieces"] = self._loaded(rounds, "1.5")

    async def first_token(self) -> None:
        heading("A first token, from the model server's wire into the browser's socket")
        for api in first_token.APIS:
            added_s = await first_token.added_s(self._folder / api, api, self._plan.first_token_messages)
            figures = percentiles(added_s)
            line(f"{api}, ms", "  ".join(f"{key} {value:.2f}" for key, value in figures.items()))
            self.figures[f"first_token_added_ms, {api}"] = figures

    async def trips(self) -> None:
        heading("Round trips to Redis, one client")
        with closing(System(self._folder / "trips")) as system:
            short = await trips.count(system, messages=self._plan.trips_messages, talk=Talk())
        # Slower than the pace of flushes, so that every word is a delta.
        with closing(System(self._folder / "deltas", model_url="echo:?delay_ms=60")) as system:
            long = await trips.count(system, messages=2, talk=Talk(words=10))
        line("web process, per message", f"{short.web_per_message:.2f} (at most 2)  {told(short, short.web)}")
        line(
            "worker, per message without deltas",
            f"{short.worker_per_message:.2f} (at most 4)  {told(short, short.worker)}",
        )
        line("per delta", f"{long.per_flush:.2f} (at most 2), of {long.deltas} deltas in {long.messages} replies")
        line("commands inside scripts, per message", f"{short.inside_scripts / short.messages:.1f}")
        self.figures["trips"] = {
            "web": short.web_per_message,
            "worker": short.worker_per_message,
            "per_delta": long.per_flush,
        }

    async def history(self) -> None:
        plan = self._plan
        heading(f"A message at {history.SHORT} and at {history.LONG:,} messages of history, one client")
        for kind in history.kinds():
            with closing(System(self._folder / f"history-{kind}", kind)) as system:
                short, long = await history.compare(
                    system, rounds=plan.history_rounds, messages=plan.history_messages
                )
            form = "JSON document" if kind == "json" else "list"
            figures = {}
            for name, what in (("cpu of all", PROCESSES), ("cpu of Redis", ("redis",))):
                at_short, at_long = (
                    statistics.median(one.cpu_ms(*what) for one in rounds) for rounds in (short, long)
                )
                figures[name] = {"short_ms": at_short, "long_ms": at_long, "ratio": at_long / at_short}
            figures["whole reply"] = {
                "short_ms": statistics.median(one.whole_ms for one in short),
                "long_ms": statistics.median(one.whole_ms for one in long),
            }
            figures["whole reply"]["ratio"] = ratio_of_medians(
                [one.whole_ms for one in long], [one.whole_ms for one in short]
            )
            for name, value in figures.items():
                ratio = f"ratio {value['ratio']:.2f}" + (" (at most 1.2)" if name == "cpu of all" else "")
                line(
                    f"{form}, {name}",
                    f"{value['short_ms']:.3f} ms -> {value['long_ms']:.3f} ms, {ratio}",
                )
            self.figures[f"history_{kind}"] = figures

    async def costs(self) -> None:
        heading("What a visitor costs, for bench/scaling.py")
        self.figures["costs"] = found = await costs.measure(self._folder / "costs")
        for kind in ("message", "delta", "memory"):
            line(kind, ", ".join(f"{name} {value:.3f}" for name, value in found[kind].items()))
        line("an event published at another node, ms", f"{found['cluster_publish_ms']:.4f}")

    async def slots(self) -> None:
        heading(f"One worker, {slots.SLOTS} slots, a model of {slots.MODEL_S:.2f} s and {slots.PIECES} pieces")
        found = await slots.measure(self._folder / "slots", 4 * self._plan.load_s)
        line("replies a second", f"{found.per_second:.0f}; slots busy {found.share:.2f} (at least 0.94)")
        line("cores", f"worker {found.worker_cores:.2f} (under 1), web process {found.web_cores:.2f}")
        self.figures["slots"] = {
            "per_second": found.per_second,
            "share": found.share,
            "worker_cores": found.worker_cores,
        }

    async def _load(
        self, system: System, floor: Floor, clients: int, our_talk: Talk, their_talk: Talk
    ) -> list[tuple[Round, Round]]:
        """Rounds of system and floor in turns; the sockets of both stay open."""
        ours = await Crowd(system.doors(clients), our_talk, system.meter).enter()
        theirs = await Crowd(floor.doors(clients), their_talk, floor.meter).enter()
        rounds = [
            (await ours.talk_for(self._plan.load_s), await theirs.talk_for(self._plan.load_s))
            for _ in range(self._plan.load_rounds)
        ]
        ours.close()
        theirs.close()
        return rounds

    def _loaded(self, rounds: list[tuple[Round, Round]], goal: str) -> dict[str, Any]:
        figures: dict[str, Any] = {}
        for name, of in (("system", [ours for ours, _ in rounds]), ("floor", [theirs for _, theirs in rounds])):
            cpu = {
                process: statistics.median(one.cpu_ms(process) for one in of) for process in (*PROCESSES, "load")
            }
            frames = sum(one.frames for one in of) / sum(one.checked for one in of)
            waits = percentiles([wait for one in of for wait in one.first_s])
            rate = statistics.median(one.per_second for one in of)
            line(
                name,
                f"{rate:.0f} messages/s, {frames:.2f} frames each; first text "
                + "  ".join(f"{key} {value:.0f}" for key, value in waits.items())
                + " ms",
            )
            line("", "cpu ms per message: " + ", ".join(f"{key} {value:.3f}" for key, value in cpu.items()))
            figures[name] = {
                "per_second": rate,
                "frames_per_message": frames,
                "cpu_ms_per_message": cpu,
                "first_text_ms": waits,
                "checked": sum(one.checked for one in of),
            }
        line("messages sent, answered once and rightly", f"{sum(one.checked for pair in rounds for one in pair)}")
        return figures | {"ratio": self._ratio("messages/s", "per_second", rounds, goal)}

    @staticmethod
    def _ratio(name: str, figure: str, rounds: list[tuple[Round, Round]], goal: str = "") -> float:
        ours, theirs = ([getattr(one, figure) for one in side] for side in zip(*rounds, strict=True))
        ratio = ratio_of_medians(ours, theirs)
        single = sorted(mine / other for mine, other in zip(ours, theirs, strict=True))
        spread = f"{len(rounds)} rounds, {single[0]:.2f} to {single[-1]:.2f}"
        others = statistics.median(one.others for pair in rounds for one in pair)
        if others > QUIET_CORES:
            line("NOT QUIET", f"other programs took {others:.1f} cores meanwhile; do not trust these ratios")
        line(f"RATIO {name}, system / floor", f"{ratio:.2f} ({spread})" + (f"; goal {goal}" if goal else ""))
        return ratio


def ratio_of_medians(above: Sequence[float], below: Sequence[float]) -> float:
    return statistics.median(above) / statistics.median(below)


def percentiles(values_s: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 in ms."""
    cuts = statistics.quantiles(values_s, n=100, method="inclusive")
    return {f"p{number}": cuts[number - 1] * 1000 for number in (50, 95, 99)}


def told(counted: trips.Trips, names: Counter[str]) -> str:
    """What the round trips were."""
    return ", ".join(f"{name} {times / counted.messages:.2f}" for name, times in sorted(names.items()) if times)


def words(name: str) -> str:
    return name.replace("_", " ").removesuffix(" ms") + ", ms"


def heading(text: str) -> None:
    print(f"\n{text}", flush=True)


def line(name: str, value: str) -> None:
    print(f"  {name:<42}{value}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, under 40 s")
    parser.add_argument("--only", choices=(*PARTS, *ASKED_FOR), help="one part")
    parser.add_argument("--floor", choices=("stock", "lean"), default="stock", help="see bench/floor.py")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chat-bench-") as folder:
        bench = Bench(QUICK if options.quick else Plan(), Path(folder), lean_floor=options.floor == "lean")
        try:
            uvloop.run(bench.run([options.only] if options.only else PARTS))
        except Lost as lost:
            print(f"LOST: {lost}", file=sys.stderr)
            return 1
    print(f"\n{time.monotonic() - began:.0f} s")
    if options.json:
        options.json.write_text(json.dumps(bench.figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
