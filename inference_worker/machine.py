"""What this machine, or the container that it is seen from, has to give."""

import os
from pathlib import Path

ROOT = Path("/")


def cores(root: Path = ROOT) -> int:
    """The processor cores that this process may use."""
    try:
        found = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        found = os.cpu_count() or 1
    try:
        quota, period = (root / "sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(found, round(int(quota) / int(period))))
    except (OSError, ValueError):
        return found


def free_memory(root: Path = ROOT) -> int | None:
    """Bytes that a process may still take; None where the system does not say."""
    try:
        lines = dict(line.split(":", 1) for line in (root / "proc/meminfo").read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    try:
        limit = int((root / "sys/fs/cgroup/memory.max").read_text())
        return min(free, limit - int((root / "sys/fs/cgroup/memory.current").read_text()))
    except (OSError, ValueError):
        return free
