"""Where Redis is: what `REDIS_URL` and `CHAT_LAYER_URLS` may say.

    redis://user:password@host:6379/0                    one server; rediss:// for TLS
    unix:///path/of.sock
    redis+sentinel://user:password@host,host/service/0   the master that the Sentinels name
    redis+cluster://user:password@host,host              a Cluster, found through any of these nodes

`rediss+sentinel` and `rediss+cluster` speak TLS, to Sentinels as well. Options behind a question mark are
redis-py's, such as `?ssl_ca_certs=/path`. Login to the Sentinels themselves: `sentinel_username` and
`sentinel_password`.
"""

import dataclasses
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

from redis.asyncio.connection import parse_url

FORMS = "redis://, rediss:// (TLS), unix://, redis+sentinel:// or redis+cluster:// (rediss+… with TLS)"
_DEFAULT_PORTS = {"sentinel": 26379, "cluster": 6379}


@dataclasses.dataclass(frozen=True, slots=True)
class RedisAddress:
    """A server, or how one is found."""

    kind: Literal["server", "sentinel", "cluster"]
    url: str = dataclasses.field(repr=False)
    """As it was given, with its password."""
    hosts: tuple[tuple[str, int], ...] = ()
    """Of a Sentinel address the Sentinels, of a Cluster nodes to ask first."""
    service: str = ""
    """How the Sentinels call the master."""
    uses_tls: bool = False
    options: dict[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    """What connections to the servers are made with: login, database, TLS."""
    sentinel_options: dict[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    """The same for connections to the Sentinels."""


@lru_cache(maxsize=64)
def parse(url: str) -> RedisAddress:
    """Raises ValueError, whose text holds nothing of the URL, which may have a password."""
    scheme, _, rest = url.partition("://")
    base, _, kind = scheme.partition("+")
    if scheme in ("redis", "rediss", "unix"):
        parse_url(url)
        return RedisAddress("server", url, uses_tls=base == "rediss")
    if base not in ("redis", "rediss") or kind not in ("sentinel", "cluster"):
        raise ValueError(f"must start with {FORMS}")
    parts = urlsplit(f"{base}://{rest}")
    login, _, names = parts.netloc.rpartition("@")
    hosts = tuple(_host(name, _DEFAULT_PORTS[kind]) for name in names.split(","))
    service, _, database = parts.path.strip("/").partition("/")
    if kind == "cluster":
        service, database = "", service
    first = f"[{hosts[0][0]}]" if ":" in hosts[0][0] else hosts[0][0]
    simple = parts._replace(netloc=f"{login}@{first}" if login else first, path=f"/{database}")
    options: dict[str, Any] = dict(parse_url(simple.geturl()))
    for name in ("host", "port", "connection_class"):
        options.pop(name, None)
    if database and "db" not in options:
        raise ValueError("names a database that is no number")
    if kind == "cluster":
        if options.pop("db", 0):
            raise ValueError("names a database, and a Cluster has only 0")
        return RedisAddress("cluster", url, hosts, uses_tls=base == "rediss", options=options)
    if not service:
        raise ValueError("names no service: redis+sentinel://host,host/SERVICE")
    sentinel_options = {
        name.removeprefix("sentinel_"): options.pop(name)
        for name in ("sentinel_username", "sentinel_password")
        if name in options
    } | {name: value for name, value in options.items() if name.startswith("ssl_")}
    return RedisAddress(
        "sentinel",
        url,
        hosts,
        service,
        uses_tls=base == "rediss",
        options=options,
        sentinel_options=sentinel_options,
    )


def _host(name: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{name}")
    if not parts.hostname:
        raise ValueError("names no host, or an empty one")
    return parts.hostname, parts.port or default_port
