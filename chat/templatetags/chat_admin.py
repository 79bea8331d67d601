"""What the admin's templates need: times in words, and how things stand."""

from typing import Any

from django import template
from redis.exceptions import RedisError

from chat import fleet

register = template.Library()


@register.filter
def seconds(value: float | None) -> str:
    """A time span as people read it: 0.4 s, 12 s, 3 min, 5 h, 2 d."""
    if value is None:
        return ""
    for limit, size, unit in ((10, 0, "s"), (120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if value < limit:
            return f"{value:.1f} {unit}" if not size else f"{value / size:.0f} {unit}"
    return f"{value / 86_400:.0f} d"


@register.filter
def milliseconds(value: float | None) -> str:
    """Like `seconds`, of ms."""
    if value is None:
        return ""
    return f"{value:.0f} ms" if value < 1000 else seconds(value / 1000)


@register.inclusion_tag("admin/chat/_standing.html")
def chat_standing() -> dict[str, Any]:
    """How things stand, for the admin's first page."""
    try:
        return {"fleet": fleet.read()}
    except RedisError:
        return {"fleet": None}
