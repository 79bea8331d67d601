"""Which web pages may open a WebSocket here."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from chat.conf import get_conf

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_allowed(origin: str, host: str, forwarded_proto: str) -> bool:
    """Whether a page of `origin` may connect to `host` (the Host header).

    Allowed are the pages of this site itself and the origins in the settings; scheme, host and port count.
    """
    page = _normal(origin)
    if page is None:
        return False
    if page in {_normal(allowed) for allowed in get_conf().allowed_origins}:
        return True
    domain, _ = split_domain_port(host)
    if not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    # As in Django, the header of the proxy counts only where the settings trust it.
    behind_tls = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) and forwarded_proto == "https"
    return page == _normal(f"{'https' if behind_tls else 'http'}://{host}")


def _normal(origin: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(origin)
        port = _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None
