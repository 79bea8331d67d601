"""Pictures of a trend: where bars and lines stand. The template draws them as SVG, without a style or a script."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from chat import counters
from chat.trends import Slot, Trend, quantile_ms

WIDTH, HEIGHT = 640, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 634, 10, 166


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    kind: str
    points: list[str]
    """Pieces of it, each a list of points; it is interrupted where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    unit: str
    legend: list[tuple[str, str]]
    """Kind and words."""
    bars: list[Bar]
    lines: list[Line]
    across: list[tuple[float, str]]
    """Places of the horizontal lines, and what they stand for."""
    along: list[tuple[float, str]]
    is_empty: bool
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    bottom: int = BOTTOM


@dataclass(frozen=True, slots=True)
class Series:
    """One value per slot; None where there is none."""

    kind: str
    words: str
    values: list[float | None] = field(default_factory=list)


def of_trend(trend: Trend) -> list[Chart]:
    """Throughput, times, failures."""
    slots = trend.slots
    per = {"hour": _("a minute"), "day": _("10 minutes"), "week": _("an hour")}[trend.span.name]
    codes = [code for code, number in counters.by_label(trend.total, "failed").items() if number]
    return [
        _bars(trend, _("Answered"), per, [Series("answered", _("answered"), [s.answered for s in slots])]),
        _lines(
            trend,
            _("Times"),
            _("seconds"),
            [
                Series("median", _("first text, median"), _seconds(slots, "first_text", 0.5)),
                Series("slow", _("first text, slowest 5 %"), _seconds(slots, "first_text", 0.95)),
                Series("wait", _("queue, slowest 5 %"), _seconds(slots, "queue_wait", 0.95)),
            ],
        ),
        _bars(
            trend,
            _("Failed"),
            per,
            [Series("failed", ", ".join(codes) or _("none"), [s.failed for s in slots])],
        ),
    ]


def summary(trend: Trend) -> list[tuple[str, str]]:
    """The whole span in words and numbers."""
    total = trend.total
    failed = counters.by_label(total, "failed")
    refused = counters.by_label(total, "refused")
    ended = total["answered"] + sum(failed.values())
    share = f" ({100 * sum(failed.values()) / ended:.1f} %)" if ended and sum(failed.values()) else ""
    return [
        (_("Answered"), f"{total['answered']:,}"),
        (_("First text, median"), _time(quantile_ms(total, "first_text", 0.5))),
        (_("First text, slowest 5 %"), _time(quantile_ms(total, "first_text", 0.95))),
        (_("Whole reply, median"), _time(quantile_ms(total, "reply", 0.5))),
        (_("Failed"), f"{sum(failed.values()):,}{share}"),
        *((f"· {code}", f"{number:,}") for code, number in failed.items() if number),
        (_("Stopped"), f"{total['stopped']:,}"),
        (_("Refused"), f"{sum(refused.values()):,}"),
        *((f"· {limit}", f"{number:,}") for limit, number in refused.items() if number),
    ]


def _time(ms: float | None) -> str:
    if ms is None:
        return "–"
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def _seconds(slots: Sequence[Slot], histogram: counters.Histogram, share: float) -> list[float | None]:
    values = (slot.quantile_ms(histogram, share) for slot in slots)
    return [None if ms is None else ms / 1000 for ms in values]


def _bars(trend: Trend, title: str, per: str, stacked: list[Series]) -> Chart:
    slots = trend.slots
    top = _nice(max((sum(series.values[n] or 0 for series in stacked) for n in range(len(slots))), default=0), 4)
    step = (RIGHT - LEFT) / len(slots)
    bars = [
        Bar(
            _round(LEFT + n * step), TOP, _round(step), BOTTOM - TOP, "gap", f"{_when(slot)}: {_('no worker ran')}"
        )
        for n, slot in enumerate(slots)
        if slot.counted is None
    ]
    for n, slot in enumerate(slots):
        y = float(BOTTOM)
        for series in stacked:
            value = series.values[n] or 0
            if value:
                height = value / top * (BOTTOM - TOP)
                y -= height
                about = f"{_when(slot)}: {value:,.0f} {title.lower()}"
                bars.append(
                    Bar(
                        _round(LEFT + n * step + step * 0.1),
                        _round(y),
                        _round(step * 0.8),
                        _round(height),
                        series.kind,
                        about,
                    )
                )
    words = [(series.kind, series.words) for series in stacked]
    is_empty = not any(value for series in stacked for value in series.values)
    return Chart(title, per, words, bars, [], _across(top, _short), _along(trend), is_empty)


def _lines(trend: Trend, title: str, unit: str, lines: list[Series]) -> Chart:
    values = [value for series in lines for value in series.values if value is not None]
    top = _nice(max(values, default=1), 0)
    step = (RIGHT - LEFT) / len(trend.slots)
    drawn = []
    for series in lines:
        pieces: list[list[str]] = [[]]
        for n, value in enumerate(series.values):
            if value is None:
                pieces.append([])
            else:
                pieces[-1].append(f"{LEFT + (n + 0.5) * step:.1f},{BOTTOM - value / top * (BOTTOM - TOP):.1f}")
        # A point alone becomes a dot: a line of no length with round ends.
        drawn.append(
            Line(series.kind, [" ".join(piece if len(piece) > 1 else piece * 2) for piece in pieces if piece])
        )
    words = [(series.kind, series.words) for series in lines]
    return Chart(title, unit, words, [], drawn, _across(top, lambda v: f"{v:g}"), _along(trend), not values)


def _across(top: float, words: Callable[[float], str]) -> list[tuple[float, str]]:
    return [(_round(BOTTOM - share * (BOTTOM - TOP)), words(share * top)) for share in (0, 0.5, 1)]


def _along(trend: Trend) -> list[tuple[float, str]]:
    form = "%a %H:%M" if trend.span.name == "week" else "%H:%M"
    step = (RIGHT - LEFT) / len(trend.slots)
    every = len(trend.slots) // 6
    # Not under the last slots: half of the words would stand outside.
    places = range(len(trend.slots) - 1 - every // 2, 0, -every)
    return [(_round(LEFT + (n + 0.5) * step), trend.slots[n].start.strftime(form)) for n in places]


def _short(value: float) -> str:
    """A number that fits in front of the picture: 800, 20k, 1.5M."""
    for size, unit in ((1_000_000, "M"), (10_000, "k")):
        if value >= size:
            return f"{value / (1000 if unit == 'k' else size):g}{unit}"
    return f"{value:g}"


def _when(slot: Slot) -> str:
    return slot.start.strftime("%Y-%m-%d %H:%M")


def _nice(value: float, least: float) -> float:
    """A round number at or above a value, easy to halve."""
    size = 0.001
    while True:
        for digit in (1, 2, 4, 6, 8, 10):
            if digit * size >= max(value, least, 0.001):
                return digit * size
        size *= 10


def _round(value: float) -> float:
    return round(value, 1)
