"""Counting limits: token buckets and places in Redis, exact under concurrency, shared by all processes."""

import asyncio
import ipaddress

from django.utils.crypto import salted_hmac

from chat import counters, keys
from chat.conf import get_conf
from chat.errors import RateLimited
from chat.redis_client import Script, shared_connection

_take_token = Script("take_token")
_take_place = Script("take_place")


MINUTE_MS = 60_000
DAY_MS = 86_400_000


def take_session_token(address: str) -> str:
    """Count a new session of a network address, for the minute and for the day. Raises RateLimited.

    Gives a digest of the address, by which the session's messages are counted, too.
    """
    conf = get_conf()
    sender = _who(address)
    buckets = ("minute", conf.tokens_per_minute, MINUTE_MS, "day", conf.tokens_per_day, DAY_MS)
    wait_ms = _take_token.run_sync([keys.limit("token", sender)], *buckets)
    if wait_ms > MINUTE_MS:
        counters.count_refusal("sessions_per_day")
        raise RateLimited("Too many new sessions from this address today.", retry_after_s=wait_ms / 1000)
    if wait_ms:
        counters.count_refusal("sessions_per_address")
        raise RateLimited("Too many new sessions from this address. Wait a moment.", retry_after_s=wait_ms / 1000)
    return sender


def take_login(address: str, user_name: str) -> None:
    """Count a try to log in as staff, of an address and for a user name. Raises RateLimited.

    A name has three times as many as an address: one address alone cannot lock its owner out.
    """
    per_minute = get_conf().logins_per_minute
    name = user_name.strip().casefold()
    for kind, who, capacity in (("login", _who(address), per_minute), ("user", _digest(name), 3 * per_minute)):
        wait_ms = _take_token.run_sync([keys.limit(kind, who)], "minute", capacity, MINUTE_MS)
        if wait_ms:
            counters.count_refusal("logins")
            raise RateLimited("Too many tries to log in. Wait a moment.", retry_after_s=wait_ms / 1000)


async def take_socket_place(address: str, socket: str) -> bool:
    """Count an open socket of a network address. False: the address has as many as it may."""
    conf = get_conf()
    taken = await _take_place.run(
        [keys.address_sockets(_who(address))],
        socket,
        conf.sockets_per_ip,
        conf.socket_registration_s * 1000,
    )
    if not taken:
        await counters.acount_refusal("sockets_per_address")
    return bool(taken)


async def free_socket_place(session_id: str, address: str, socket: str) -> None:
    """A socket was closed: give its places back."""
    call = shared_connection().call
    # Keys of two slots; the calls travel together where one server has them.
    await asyncio.gather(
        call("ZREM", keys.sockets(session_id), socket),
        call("ZREM", keys.open_sockets(keys.partition(session_id)), socket),
        call("ZREM", keys.address_sockets(_who(address)), socket),
    )


def client_address(peer: str, forwarded_for: str) -> str:
    """The address of a client behind `num_proxies` proxies, each of which appends what it saw to X-Forwarded-For.

    What stands further left was written by the client itself and is not believed.
    """
    proxies = get_conf().num_proxies
    seen = [address.strip() for address in forwarded_for.split(",") if address.strip()]
    return seen[-min(proxies, len(seen))] if proxies and seen else peer


def is_private(address: str) -> bool:
    """Whether a peer is on this machine or in a private network. A peer on a Unix socket, without address, is."""
    if not address:
        return True
    try:
        return ipaddress.ip_address(_network(address).partition("/")[0]).is_private
    except ValueError:
        return False


def _who(address: str) -> str:
    """Who is counted: an IPv4 address, or the /64 of an IPv6 address, which is what one customer gets.

    Addresses are personal data, and few enough to try them all: Redis holds a keyed digest only.
    """
    return _digest(_network(address))


def _digest(text: str) -> str:
    return salted_hmac("chat.limits", text, algorithm="sha256").hexdigest()[:32]


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(_without_port(address))
    except ValueError:
        # A peer on a Unix socket has none; anything else came from a proxy that the settings trust.
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))


def _without_port(address: str) -> str:
    # Some proxies write 192.0.2.1:50000 or [2001:db8::1]:50000.
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
