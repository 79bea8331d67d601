"""Sessions like real ones on real processes that are hurt at random; afterwards every promise is checked."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.clients import new_token, v1
from tests.conftest import use_chat
from tests.faults.chaos import Chaos
from tests.faults.customer import Customer
from tests.faults.fleet import Fleet, FleetRedis
from tests.faults.promises import Broken, check_all
from tests.servers import Web

KINDS = ("lost", "twice", "out of order", "mixed up", "text", "cut off", "waiting", "invariant", "noise")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run."""

    seed: str
    for_s: float
    every_s: float = 2.0
    workers: int = 3
    webs: int = 2
    sessions: int = 40
    lease_s: float = 20.0
    redis_kind: FleetRedis = "redis62"
    kill_masters: bool = False
    """Of a Cluster; what a failover loses counts as lost."""


@dataclass
class Report:
    """What came of it."""

    faults: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    broken: Broken = field(default_factory=list)
    sent: int = 0
    accepted: int = 0
    longest_wait_s: float = 0.0
    settled_in_s: float = 0.0

    def table(self) -> str:
        lines = [f"{name:<28}{count:>8}" for name, count in sorted(self.faults.items())]
        lines += ["", *(f"{name:<28}{count:>8}" for name, count in sorted(self.seen.items())), ""]
        lines += [f"{'messages sent':<28}{self.sent:>8}", f"{'messages accepted':<28}{self.accepted:>8}"]
        lines += [f"{'longest wait':<28}{self.longest_wait_s:>8.1f} s"]
        lines += [f"{'settled in':<28}{self.settled_in_s:>8.1f} s", ""]
        kinds = Counter(kind for kind, _ in self.broken)
        lines += [f"{kind:<28}{kinds[kind]:>8}" for kind in KINDS]
        return "\n".join([*lines, "", *(f"{kind}: {what}" for kind, what in self.broken[:20])])


async def run(plan: Plan, folder: Path, hurt: Callable[[Chaos], Awaitable[None]] | None = None) -> Report:
    """Everything from an empty Redis to the checked promises. `hurt`: instead of faults at random."""
    rng = Random(plan.seed)
    fleet = Fleet(
        folder,
        rng=rng,
        workers=plan.workers,
        webs=plan.webs,
        lease_s=plan.lease_s,
        redis_kind=plan.redis_kind,
    )
    try:
        web = await asyncio.to_thread(fleet.start)
        tokens = [await asyncio.to_thread(new_token, web) for _ in range(plan.sessions)]
        customers = [Customer(number, token, fleet.ws_urls, plan.seed) for number, token in enumerate(tokens)]
        chaos = Chaos(fleet, rng, lease_s=plan.lease_s, every_s=plan.every_s, kill_masters=plan.kill_masters)
        tasks = [asyncio.create_task(customer.run()) for customer in customers]
        await asyncio.sleep(1)
        await (hurt(chaos) if hurt else chaos.run(plan.for_s))
        report = Report(faults=chaos.done)
        await _settle(plan, customers, tasks, report)
        shown = await _look_afresh(fleet, customers, dict(zip(customers, tokens, strict=True)))
        use_chat(redis_url=fleet.redis.url, partitions=fleet.partitions)
        report.broken += check_all(fleet.redis.client(), customers, shown)
        if "Traceback" in fleet.logs():
            report.seen["tracebacks in logs"] = fleet.logs().count("Traceback")
        for customer in customers:
            report.seen += customer.seen
            report.sent += len(customer.sent)
            report.accepted += len(customer.accepted)
            report.longest_wait_s = max(report.longest_wait_s, customer.longest_wait_s)
        return report
    finally:
        await asyncio.to_thread(fleet.close)


async def _settle(
    plan: Plan, customers: list[Customer], tasks: list["asyncio.Task[None]"], report: Report
) -> None:
    """Until everybody has what is due, within a bound."""
    began = time.monotonic()
    for customer in customers:
        customer.stop_writing()
    # A take-over after the lease, a web process that looks again after 10 s of silence, and a busy machine.
    while time.monotonic() - began < plan.lease_s * 2 + 60:
        if all(customer.is_content() for customer in customers):
            break
        await asyncio.sleep(0.1)
    report.settled_in_s = time.monotonic() - began
    if not await _fall_silent(customers):
        report.broken.append(("noise", "frames keep coming though nothing happens any more"))
    for customer in customers:
        customer.leave()
    await asyncio.gather(*tasks)


async def _fall_silent(customers: list[Customer]) -> bool:
    """Whether nobody hears anything for 3 s, at some time in the next 20."""
    heard, since = -1, time.monotonic()
    for _ in range(200):
        now = sum(customer.seen.total() for customer in customers)
        if now != heard:
            heard, since = now, time.monotonic()
        if time.monotonic() - since > 3:
            return True
        await asyncio.sleep(0.1)
    return False


async def _look_afresh(
    fleet: Fleet, customers: list[Customer], tokens: dict[Customer, str]
) -> dict[int, dict[str, Any]]:
    """The `session` of a new client for each customer who is content."""
    web = next(web for web in fleet.webs.values() if web)
    return {
        customer.number: await _session(web, tokens[customer]) for customer in customers if customer.is_content()
    }


async def _session(web: Web, token: str) -> dict[str, Any]:
    async with v1(web, token) as client:
        return client.frames[0]
