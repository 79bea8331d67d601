"""Several Redis processes that stand in for each other: a master watched by Sentinels, and a Cluster."""

import contextlib
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, cast

import redis
from redis.crc import key_slot

from tests.servers import RedisServer, free_port, redis_command, wait_until

SERVICE = "chat"
PARTITIONS = 6
"""What tests spread over a Cluster: two for each master, more or less."""


class SentinelGroup:
    """A master, its replica, and three Sentinels, two of which must agree."""

    def __init__(self, folder: Path) -> None:
        options = ("--appendfsync", "always", "--repl-diskless-sync-delay", "0")
        self.master = RedisServer(folder / "master", "redis62", *options)
        self.replica = RedisServer(
            folder / "replica", "redis62", *options, "--replicaof", "127.0.0.1", str(self.master.port)
        )
        self._folder = folder
        self._ports = [free_port() for _ in range(3)]
        self._sentinels: list[subprocess.Popen[bytes]] = []
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports)
        self.url = f"redis+sentinel://{hosts}/{SERVICE}"

    def start(self) -> "SentinelGroup":
        self.master.start()
        self.replica.start()
        for port in self._ports:
            config = self._folder / f"sentinel-{port}.conf"
            config.write_text(
                f"port {port}\nbind 127.0.0.1\nlogfile {self._folder}/sentinel-{port}.log\n"
                f"sentinel monitor {SERVICE} 127.0.0.1 {self.master.port} 2\n"
                f"sentinel down-after-milliseconds {SERVICE} 500\n"
                f"sentinel failover-timeout {SERVICE} 5000\n"
            )
            self._sentinels.append(subprocess.Popen([*redis_command("redis62"), str(config), "--sentinel"]))
        wait_until(self._is_complete, "the Sentinels to know each other and the replica")
        return self

    def _is_complete(self) -> bool:
        for port in self._ports:
            try:
                with redis.Redis(port=port, decode_responses=True) as client:
                    found: Any = client.sentinel_masters()[SERVICE]
            except redis.RedisError:
                return False
            if found["num-other-sentinels"] != 2 or found["num-slaves"] != 1:
                return False
        replication: Any = self.replica.client().info("replication")
        return bool(replication["master_link_status"] == "up")

    def kill_master(self) -> None:
        """kill -9, as soon as the replica has what the master has confirmed."""
        self.master.client().wait(1, 5000)
        self.master.stop(signal.SIGKILL)

    def close(self) -> None:
        for sentinel in self._sentinels:
            sentinel.kill()
            sentinel.wait()
        for server in (self.master, self.replica):
            server.stop(signal.SIGKILL)


class RedisCluster:
    """Three masters, each with a replica."""

    def __init__(self, folder: Path, *more: str) -> None:
        options = (
            *("--cluster-enabled", "yes", "--cluster-node-timeout", "1000"),
            # A replica that was without its master for a moment may take its place all the same.
            *("--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"),
            # What a master that is away serves is away, and nothing else.
            *("--cluster-require-full-coverage", "no"),
            *("--appendfsync", "always"),
            *more,
        )
        self.nodes = [
            RedisServer(folder / str(number), "redis62", *options, port=_free_cluster_port())
            for number in range(6)
        ]
        self.url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes[:3])

    def start(self) -> "RedisCluster":
        for node in self.nodes:
            node.start()
        masters, replicas = self.nodes[:3], self.nodes[3:]
        ids: list[str] = []
        for number, node in enumerate(masters):
            first, last = 16384 * number // 3, 16384 * (number + 1) // 3 - 1
            node.client().execute_command("CLUSTER ADDSLOTS", *range(first, last + 1))
            node.client().execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            ids.append(str(node.client().execute_command("CLUSTER MYID")))
        for node in self.nodes[1:]:
            self.nodes[0].client().execute_command("CLUSTER MEET", "127.0.0.1", node.port)
        for node, master_id in zip(replicas, ids, strict=True):
            wait_until(lambda node=node, master_id=master_id: _replicates(node, master_id), "a replica")  # type: ignore[misc]
        wait_until(self.is_well, "the Cluster")
        return self

    def is_well(self) -> bool:
        """All nodes are there, all slots are served, and the replicas follow."""
        return all(node.process and _is_well(node) for node in self.nodes)

    def client(self) -> "redis.Redis":
        client: Any = redis.RedisCluster(host="127.0.0.1", port=self._any().port, decode_responses=True)
        return cast("redis.Redis", client)

    def master_of(self, key: str) -> RedisServer:
        """The node that serves the slot of a key."""
        return self._serving(key)[0]

    def replica_of(self, key: str) -> RedisServer:
        """Its replica."""
        return self._serving(key)[1]

    def _serving(self, key: str) -> list[RedisServer]:
        slot = key_slot(key.encode())
        ranges: Any = self._any().client().execute_command("CLUSTER SLOTS")
        for first, last, *serving in ranges:
            if first <= slot <= last:
                return [node for told in serving for node in self.nodes if node.port == told[1]]
        raise AssertionError(f"nobody serves slot {slot}")

    def kill_master_of(self, key: str) -> RedisServer:
        """kill -9, as soon as its replica has what it has confirmed."""
        node = self.master_of(key)
        node.client().wait(1, 5000)
        node.stop(signal.SIGKILL)
        return node

    @property
    def running(self) -> list[RedisServer]:
        return [node for node in self.nodes if node.process]

    def move(self, key: str, pause_s: float = 0.0) -> None:
        """Move the slot of a key to the next master, key by key, as redis-cli does."""
        move = self.begin_move(key)
        while names := move.names(10):
            move.take(*names)
            time.sleep(pause_s)
        move.end()

    def begin_move(self, key: str) -> "Move":
        """The slot of a key is to go to the next master; its keys have not gone yet."""
        source = self.master_of(key)
        masters = [node for node in self.running if _role(node) == "master"]
        target = masters[(masters.index(source) + 1) % len(masters)]
        others = [node for node in masters if node not in (source, target)]
        return Move(key_slot(key.encode()), source, target, others)

    def stop(self, number: int = signal.SIGTERM) -> None:
        for node in self.nodes:
            node.stop(number)

    def _any(self) -> RedisServer:
        return self.running[0]


class Move:
    """A slot on its way from one master to another."""

    def __init__(self, slot: int, source: RedisServer, target: RedisServer, others: list[RedisServer]) -> None:
        self._slot, self._source, self._target, self._others = slot, source, target, others
        source_id, self._target_id = (_ask(node, "CLUSTER MYID") for node in (source, target))
        _ask(target, "CLUSTER SETSLOT", slot, "IMPORTING", source_id)
        _ask(source, "CLUSTER SETSLOT", slot, "MIGRATING", self._target_id)

    def names(self, count: int) -> list[str]:
        """Keys that have not gone yet."""
        return list(_ask(self._source, "CLUSTER GETKEYSINSLOT", self._slot, count))

    def take(self, *names: str) -> None:
        """Let keys go."""
        _ask(self._source, "MIGRATE", "127.0.0.1", self._target.port, "", 0, 5000, "KEYS", *names)

    def end(self) -> None:
        """All have gone."""
        for node in (self._target, self._source, *self._others):
            _ask(node, "CLUSTER SETSLOT", self._slot, "NODE", self._target_id)


def _ask(node: RedisServer, *words: object) -> Any:
    return node.client().execute_command(*words)


def _free_cluster_port() -> int:
    """A port whose companion of the cluster bus, 10,000 above, is free as well."""
    while True:
        port = free_port()
        with contextlib.suppress(OSError, OverflowError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port + 10_000))
            return port


def _replicates(node: RedisServer, master_id: str) -> bool:
    try:
        return bool(node.client().execute_command("CLUSTER REPLICATE", master_id))
    except redis.ResponseError:
        # It has not heard of the master yet.
        return False


def _is_well(node: RedisServer) -> bool:
    info: Any = node.client().execute_command("CLUSTER INFO")
    replication: Any = node.client().info("replication")
    follows = replication["role"] == "master" or replication["master_link_status"] == "up"
    return bool(info["cluster_state"] == "ok" and info["cluster_known_nodes"] == "6" and follows)


def _role(node: RedisServer) -> str:
    replication: Any = node.client().info("replication")
    return str(replication["role"])
