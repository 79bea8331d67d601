"""The chat's settings, read once from `settings.CHAT`."""

import dataclasses
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChatConf:
    """Limits and times of the chat. The environment variables behind them are listed in `.env.example`."""

    redis_url: str
    key_prefix: str = "chat"
    partitions: int = 1
    allowed_origins: tuple[str, ...] = ()
    session_ttl_s: int = 3600
    """How long a session lives after its last activity."""
    context_messages: int = 4
    """How many earlier messages, human and bot, a model is given."""
    max_chars: int = 4000
    max_name_chars: int = 80
    max_pending: int = 8
    """Messages that may wait in one session's mailbox, the one being answered included."""
    max_queue: int = 10_000
    """Messages that may wait in all mailboxes."""
    max_pending_per_ip: int = 500
    """Messages that may wait in all sessions which were begun from one address."""
    messages_per_minute: int = 30
    tokens_per_minute: int = 30
    """Sessions that one address may begin, and how many of them in a day."""
    tokens_per_day: int = 1000
    logins_per_minute: int = 10
    """Tries to log in as staff from one address."""
    frames_per_minute: int = 1200
    """Frames of any kind on one socket; a flood past it closes the socket with 1008."""
    sockets_per_session: int = 8
    sockets_per_ip: int = 64
    lease_s: float = 20.0
    """After this long without renewal a worker's work is taken over by another."""
    num_proxies: int = 0
    token_grace_s: int = 60
    """How long a rotated token goes on working."""
    max_frame_bytes: int = 65_536
    socket_registration_s: int = 120
    """A socket whose process died is counted no longer than this; living ones renew it in time."""
    max_attempts: int = 3
    """A message whose processing killed this many workers is given up."""
    api_messages: int = 1000
    """How many messages GET /refresh_token gives at most."""
    metrics_token: str = dataclasses.field(default="", repr=False)
    """Bearer token of who may read /metrics; without one, programs in the own network may."""
    snapshot_messages: int = 50
    """How many messages a `session` frame carries at most."""

    def share(self, of_all: int) -> int:
        """A partition's part of a number that holds for all of them; sessions spread evenly over partitions."""
        return max(1, of_all // self.partitions)


@cache
def get_conf() -> ChatConf:
    """The settings of this process. Raises ImproperlyConfigured for an unknown name."""
    known = {field.name for field in dataclasses.fields(ChatConf)}
    unknown = set(settings.CHAT) - known
    if unknown:
        raise ImproperlyConfigured(f"settings.CHAT has unknown names: {', '.join(sorted(unknown))}")
    return ChatConf(**settings.CHAT)
