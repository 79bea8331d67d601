"""The fleet's figures as text for Prometheus, format 0.0.4. All processes give the same: they read Redis."""

from collections.abc import Iterator, Mapping

from chat import counters, fleet
from chat.counters import BOUNDS_MS, Histogram, Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_TOTALS = {
    "accepted": "Messages put into a mailbox, those that were answered again included.",
    "answered": "Messages that got a whole reply.",
    "stopped": "Messages whose reply was stopped by its reader.",
    "cancelled": "Messages that were taken back before a worker began.",
    "ended": "Messages that were not answered yet when their session was ended.",
}
_HISTOGRAMS: dict[Histogram, tuple[str, str]] = {
    "queue_wait": ("chat_queue_wait_seconds", "From when a message's turn came to a worker's first claim of it."),
    "first_text": ("chat_first_text_seconds", "From the claim to the first text of the reply."),
    "reply": ("chat_reply_seconds", "From the claim to the end of the reply."),
}


def exposition() -> str:
    """All metrics. Raises RedisError."""
    return "".join(f"{line}\n" for line in _lines(fleet.read()))


def _lines(now: fleet.Fleet) -> Iterator[str]:
    totals = now.totals
    for name, about in _TOTALS.items():
        yield from _metric(f"chat_messages_{name}_total", "counter", about, {"": totals[name]})
    yield from _metric(
        "chat_messages_failed_total",
        "counter",
        "Messages that failed for good, by code.",
        _labelled("code", counters.by_label(totals, "failed")),
    )
    yield from _metric(
        "chat_refused_total",
        "counter",
        "Messages, sessions and sockets that a limit refused.",
        _labelled("limit", counters.by_label(totals, "refused")),
    )
    gauges = {
        "chat_messages_waiting": ("Messages that no worker has begun to answer.", now.waiting),
        "chat_messages_answering": ("Messages that a worker has, or had when it died.", now.answering),
        "chat_oldest_wait_seconds": (
            "Of the message whose turn came first and that no worker has taken.",
            now.oldest_wait_s,
        ),
        "chat_sockets": ("Open WebSockets.", now.sockets),
        "chat_sessions": ("Sessions, some of them expired (at most about a quarter).", now.sessions),
        "chat_dead_letters": ("Messages that ended too many workers.", now.dead_letters),
        "chat_workers": ("Workers seen in the last 30 s.", len(now.living)),
        "chat_worker_slots": ("Replies that these can write at once.", sum(w.slots for w in now.living)),
        "chat_worker_slots_used": ("Replies that these write now.", sum(w.busy for w in now.living)),
    }
    for name, (about, value) in gauges.items():
        yield from _metric(name, "gauge", about, {"": value})
    for histogram in _HISTOGRAMS:
        yield from _histogram(totals, histogram)


def _metric(name: str, kind: str, about: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        yield f"{name}{labels} {value:.15g}"


def _labelled(label: str, numbers: Mapping[str, int]) -> dict[str, float]:
    # Label values are codes and names of limits: nothing in them needs an escape.
    return {f'{{{label}="{name}"}}': number for name, number in numbers.items()}


def _histogram(totals: Totals, histogram: Histogram) -> Iterator[str]:
    name, about = _HISTOGRAMS[histogram]
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} histogram"
    below = 0
    bounds = [f"{bound / 1000:g}" for bound in BOUNDS_MS]
    for bound, number in zip([*bounds, "+Inf"], counters.buckets(totals, histogram), strict=True):
        below += number
        yield f'{name}_bucket{{le="{bound}"}} {below}'
    yield f"{name}_sum {totals[f'{histogram}:sum'] / 1000:.15g}"
    yield f"{name}_count {below}"
