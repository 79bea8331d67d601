"""Where a model's server is, and the requests.Session that talks to it."""

import re
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import unquote, urlsplit

import requests
from django.core.exceptions import ImproperlyConfigured

from inference_worker.backends.connections import Adapter
from inference_worker.backends.trouble import reason

CONNECT_TIMEOUT_S = 5.0


def address(url: str) -> tuple[str, str, tuple[str, ...]]:
    """The URL without user and password; a name for people; user and password, or nothing."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host:
        raise ImproperlyConfigured("MODEL_URL names no host, or a port that is none.")
    model = re.search(r"/models/([\w.-]+/[\w.-]+)/?$", parts.path)
    name = model[1] if model else f"{host}:{port}" if port else host
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else ()
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl(), name, login


def open_session(
    url: str, login: tuple[str, ...], token: str, *, token_setting: str, slots: int
) -> requests.Session:
    """A session for `slots` answers at once. Raises ImproperlyConfigured, naming `token_setting`."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ImproperlyConfigured(f"{token_setting} has characters that no token has.")
    session = requests.Session()
    # Proxies and certificates of the environment, looked up once; never its .netrc: it replaces a bearer.
    found = session.merge_environment_settings(url, {}, None, None, None)
    session.trust_env = False
    session.proxies, session.verify = found["proxies"], found["verify"]
    # One conversation's answer sets no cookie for another's.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    # Compression would hold tokens back.
    session.headers["Accept-Encoding"] = "identity"
    if login:
        session.auth = (login[0], login[1])
    elif token:
        session.headers["Authorization"] = f"Bearer {token}"
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter(pool_connections=1, pool_maxsize=2 * slots))
    return session


def unreachable(session: requests.Session, url: str) -> str:
    """Why nobody is there; nothing if somebody is, whatever the answer."""
    try:
        session.get(url, stream=True, allow_redirects=False, timeout=CONNECT_TIMEOUT_S).close()
    except requests.ReadTimeout:
        return ""
    except requests.RequestException as error:
        return reason(error)
    return ""
