"""What a browser may open: a signed cookie that holds the ids of its own sessions, newest first.

The page has no login. A session id alone is no credential; this cookie, which only the server can write, is
one. It goes with page requests and with the WebSocket handshake alike, so reading it needs no request object.
"""

import re
from collections.abc import Mapping
from typing import Final

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpResponse

COOKIE: Final = "chat_sessions"
MAX_SESSIONS: Final = 40
"""Forty ids make about 1400 bytes; browsers keep 4096 for a cookie."""
MAX_AGE_S: Final = 30 * 24 * 3600

_SALT: Final = "chat.visitor"
_SESSION_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def session_ids(cookies: Mapping[str, str]) -> list[str]:
    """The sessions that this visitor started, newest first. A cookie that was not signed here holds none."""
    try:
        stored = Signer(salt=_SALT).unsign_object(cookies.get(COOKIE, ""))
    except (BadSignature, ValueError):
        return []
    if not isinstance(stored, list):
        return []
    return [entry for entry in stored if isinstance(entry, str) and _SESSION_ID.fullmatch(entry)]


def remember(response: HttpResponse, request_cookies: Mapping[str, str], session_id: str) -> None:
    """Put a session first. Beyond `MAX_SESSIONS` the oldest one is dropped."""
    others = [known for known in session_ids(request_cookies) if known != session_id]
    _write(response, [session_id, *others][:MAX_SESSIONS])


def forget(response: HttpResponse, request_cookies: Mapping[str, str], *session_ids_: str) -> None:
    """Take sessions out; with the last one the cookie goes too."""
    _write(response, [known for known in session_ids(request_cookies) if known not in session_ids_])


def _write(response: HttpResponse, ids: list[str]) -> None:
    if not ids:
        response.delete_cookie(COOKIE, samesite="Lax")
        return
    response.set_cookie(
        COOKIE,
        Signer(salt=_SALT).sign_object(ids),
        max_age=MAX_AGE_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
