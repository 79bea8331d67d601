"""Which pages may open a WebSocket: scheme, host and port count."""

from collections.abc import Callable
from typing import Any

import pytest

from chat.origins import is_allowed

HOST = "chat.example"


@pytest.fixture(autouse=True)
def site(settings: Any, chat_settings: Callable[..., None]) -> None:
    settings.ALLOWED_HOSTS = [HOST, "[::1]", "localhost"]
    settings.SECURE_PROXY_SSL_HEADER = None
    chat_settings(
        allowed_origins=("https://friend.example", "http://friend.example:8080", "https://[2001:db8::1]")
    )


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        # The page's own site.
        ("http://chat.example", "chat.example", True),
        ("http://chat.example:80", "chat.example", True),
        ("http://chat.example", "chat.example:80", True),
        ("http://CHAT.example", "chat.EXAMPLE", True),
        ("http://localhost:8000", "localhost:8000", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://[::1]", "[::1]", True),
        ("https://chat.example", "chat.example", False),
        ("https://chat.example:80", "chat.example", False),
        ("http://chat.example:8080", "chat.example", False),
        ("http://chat.example", "chat.example:8080", False),
        ("http://localhost:8001", "localhost:8000", False),
        ("http://[::1]:8001", "[::1]:8000", False),
        ("http://chat.example.foe.example", "chat.example", False),
        ("http://foechat.example", "chat.example", False),
        ("ws://chat.example", "chat.example", False),
        ("ftp://chat.example", "chat.example", False),
        # A host that is not this site's proves nothing, although both agree.
        ("http://foe.example", "foe.example", False),
        ("http://foe.example", "", False),
        # Other sites.
        ("https://friend.example", "chat.example", True),
        ("https://friend.example:443", "chat.example", True),
        ("https://FRIEND.example", "chat.example", True),
        ("http://friend.example:8080", "chat.example", True),
        ("https://[2001:db8::1]", "chat.example", True),
        ("http://friend.example", "chat.example", False),
        ("https://friend.example:8443", "chat.example", False),
        ("https://a.friend.example", "chat.example", False),
        ("https://[2001:db8::2]", "chat.example", False),
        # No origin at all.
        ("null", "chat.example", False),
        ("", "chat.example", False),
        ("chat.example", "chat.example", False),
        ("//chat.example", "chat.example", False),
        ("http://", "chat.example", False),
        ("http://chat.example:http", "chat.example", False),
        ("http://chat.example:99999", "chat.example", False),
        ("http://[::1", "[::1", False),
        ("file://", "chat.example", False),
    ],
)
def test_origin(origin: str, host: str, allowed: bool) -> None:
    assert is_allowed(origin, host, "") is allowed


@pytest.mark.parametrize(
    ("trusted", "forwarded_proto", "origin", "allowed"),
    [
        (True, "https", "https://chat.example", True),
        (True, "https", "http://chat.example", False),
        (True, "", "http://chat.example", True),
        (False, "https", "https://chat.example", False),
        (False, "https", "http://chat.example", True),
    ],
)
def test_the_proxy_says_the_scheme_only_where_it_is_trusted(
    settings: Any, trusted: bool, forwarded_proto: str, origin: str, allowed: bool
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if trusted else None
    assert is_allowed(origin, HOST, forwarded_proto) is allowed
