"""How far a download is, on one line of a terminal, or now and then in a log."""

import time

from django.core.management.base import OutputWrapper

REDRAW_S = 0.2


def size(count: float) -> str:
    """Bytes for people."""
    for unit, limit in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return f"{count:.0f} bytes"


class Progress:
    """Of so many bytes in all, some of which may be there already."""

    def __init__(self, out: OutputWrapper, total: int, there: int) -> None:
        self._out = out
        self._total = max(total, 1)
        self._done = self._there = there
        self._began = time.monotonic()
        self._drawn_at = float("-inf")
        self._told_percent = -10
        self._is_terminal = out.isatty()

    def add(self, count: int) -> None:
        """So many bytes more; fewer when some have to come again."""
        self._done += count
        now = time.monotonic()
        if self._is_terminal:
            if now - self._drawn_at >= REDRAW_S:
                self._drawn_at = now
                self._out.write(f"\r{self._line(now)}\x1b[K", ending="")
                self._out.flush()
        elif self._percent >= self._told_percent + 10:
            self._told_percent = self._percent
            self._out.write(self._line(now))

    def end(self) -> None:
        if self._is_terminal:
            self._out.write(f"\r{self._line(time.monotonic())}\x1b[K")

    @property
    def _percent(self) -> int:
        return 100 * self._done // self._total

    def _line(self, now: float) -> str:
        per_s = (self._done - self._there) / max(now - self._began, 0.001)
        bar = ("█" * (self._percent // 5)).ljust(20, "░")
        line = f"{bar} {self._percent:3} %  {size(self._done)} of {size(self._total)}"
        if per_s > 0 and self._done < self._total:
            left_s = (self._total - self._done) / per_s
            line += f"  {size(per_s)}/s, {left_s / 60:.0f} min left" if left_s > 90 else f"  {size(per_s)}/s"
        return line
