"""Faults at random from a seed: what is hurt and how follows from the seed, the exact moment from the machine."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random

import redis

from tests.faults.fleet import Fleet
from tests.redis_groups import RedisCluster
from tests.servers import Process, RedisServer, wait_until


class Chaos:
    """Hurts a fleet every few seconds."""

    def __init__(
        self, fleet: Fleet, rng: Random, *, lease_s: float, every_s: float, kill_masters: bool = False
    ) -> None:
        self.done: Counter[str] = Counter()
        self._fleet = fleet
        self._rng = rng
        self._lease_s = lease_s
        self._every_s = every_s
        self._redis_is_hurt = False
        self._frozen = False
        self._under_way: set[asyncio.Task[None]] = set()
        # Of a Cluster a master is killed only when it is asked for: a failover may lose what was accepted last.
        hurts_redis = (
            [self._kill_master if kill_masters else self._move_slot, self._move_slot]
            if isinstance(fleet.redis, RedisCluster)
            else [self._kill_redis, self._stop_redis, self._stall_redis]
        )
        self._faults: list[Callable[[], Awaitable[None]]] = [
            self._kill_worker,
            self._stop_worker,
            self._freeze_worker,
            self._kill_web,
            self._stop_web,
            *hurts_redis,
            self._cut_pubsub,
            self._cut_everything,
        ]

    async def run(self, for_s: float) -> None:
        """A fault every few seconds. Everything is whole again when this ends."""
        deadline = asyncio.get_running_loop().time() + for_s
        order: list[Callable[[], Awaitable[None]]] = []
        while asyncio.get_running_loop().time() < deadline:
            if not order:
                # Each kind comes before one comes again, so that a short run has them all.
                order = self._rng.sample(self._faults, len(self._faults))
            task = asyncio.ensure_future(self._hurt(order.pop()))
            self._under_way.add(task)
            await asyncio.sleep(self._every_s)
            for finished in [task for task in self._under_way if task.done()]:
                self._under_way.discard(finished)
                finished.result()
        await asyncio.gather(*self._under_way)

    async def restart_all(self) -> None:
        """A rolling restart: each process gets SIGTERM, one after the other."""
        for _ in list(self._fleet.webs):
            await self._hurt(self._stop_web)
        for _ in list(self._fleet.workers):
            await self._hurt(self._stop_worker)

    async def move_all_slots(self) -> None:
        """Each partition of a Cluster goes to another master, one after the other, and a worker dies meanwhile."""
        for number in range(self._fleet.partitions):
            await self._hurt(lambda number=number: self._move_slot(number), "move slot")  # type: ignore[misc]
        await self._hurt(self._kill_worker)

    async def _hurt(self, fault: Callable[[], Awaitable[None]], name: str = "") -> None:
        await fault()
        self.done[name or fault.__name__.strip("_").replace("_", " ")] += 1

    async def _kill_worker(self) -> None:
        await self._end_worker(signal.SIGKILL)

    async def _stop_worker(self) -> None:
        await self._end_worker(signal.SIGTERM)

    async def _end_worker(self, number: int) -> None:
        worker = await asyncio.to_thread(self._fleet.take_worker)
        if worker:
            await asyncio.to_thread(worker.stop, number)

    async def _freeze_worker(self) -> None:
        if self._frozen:
            return await self._kill_worker()
        self._frozen = True
        worker: Process | None = await asyncio.to_thread(self._fleet.take_worker)
        if worker:
            worker.popen.send_signal(signal.SIGSTOP)
            await asyncio.sleep(self._lease_s * 1.3 + 1)
            worker.popen.send_signal(signal.SIGCONT)
            # It goes on with what it held, and is refused; then it leaves.
            await asyncio.sleep(1)
            await asyncio.to_thread(worker.stop)
        self._frozen = False
        return None

    async def _kill_web(self) -> None:
        await self._end_web(signal.SIGKILL)

    async def _stop_web(self) -> None:
        await self._end_web(signal.SIGTERM)

    async def _end_web(self, number: int) -> None:
        web = await asyncio.to_thread(self._fleet.take_web)
        if web:
            await asyncio.to_thread(web.process.stop, number)
            await asyncio.to_thread(self._fleet.return_web, web.port)

    async def _kill_redis(self) -> None:
        await self._restart_redis(signal.SIGKILL)

    async def _stop_redis(self) -> None:
        await self._restart_redis(signal.SIGTERM)

    async def _restart_redis(self, number: int) -> None:
        if self._redis_is_hurt:
            return
        self._redis_is_hurt = True
        await asyncio.to_thread(self._fleet.redis.stop, number)
        await asyncio.sleep(self._rng.uniform(0, 1))
        await asyncio.to_thread(self._fleet.redis.start)
        self._redis_is_hurt = False

    async def _stall_redis(self) -> None:
        assert isinstance(self._fleet.redis, RedisServer)
        process = self._fleet.redis.process
        if self._redis_is_hurt or process is None:
            return
        self._redis_is_hurt = True
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self._rng.uniform(0.2, self._lease_s * 1.2))
        process.send_signal(signal.SIGCONT)
        self._redis_is_hurt = False

    async def _move_slot(self, number: int | None = None) -> None:
        assert isinstance(self._fleet.redis, RedisCluster)
        if self._redis_is_hurt:
            return
        self._redis_is_hurt = True
        number = self._rng.randrange(self._fleet.partitions) if number is None else number
        await asyncio.to_thread(self._fleet.redis.move, f"{{{number}}}", 0.05)
        self._redis_is_hurt = False

    async def _kill_master(self) -> None:
        cluster = self._fleet.redis
        assert isinstance(cluster, RedisCluster)
        if self._redis_is_hurt:
            return
        self._redis_is_hurt = True
        node = await asyncio.to_thread(cluster.master_of, f"{{{self._rng.randrange(self._fleet.partitions)}}}")
        await asyncio.to_thread(node.stop, signal.SIGKILL)
        # Long enough for the replica to take its place; then it comes back as a replica.
        await asyncio.sleep(4)
        await asyncio.to_thread(node.start)
        await asyncio.to_thread(wait_until, cluster.is_well, "the Cluster to be whole", 60.0)
        self._redis_is_hurt = False

    async def _cut_pubsub(self) -> None:
        await asyncio.to_thread(self._kill_clients, "pubsub")

    async def _cut_everything(self) -> None:
        await asyncio.to_thread(self._kill_clients, "pubsub", "normal")

    def _kill_clients(self, *kinds: str) -> None:
        if self._redis_is_hurt:
            return
        server = self._fleet.redis
        for node in server.nodes if isinstance(server, RedisCluster) else [server]:
            with redis.Redis(port=node.port, socket_timeout=5) as client:
                try:
                    for kind in kinds:
                        client.execute_command("CLIENT", "KILL", "TYPE", kind)
                except redis.RedisError:
                    continue  # it was just being restarted
