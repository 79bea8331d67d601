"""Generated input, as much as one wants: some in `make test`, any number with `make fuzz CASES=1000000`."""

import os

from hypothesis import HealthCheck, Phase, settings

CASES = int(os.environ.get("FUZZ_CASES", "0"))


def cases(in_every_test: int, *, most: int = 1_000_000_000) -> settings:
    """So many cases, always the same; with FUZZ_CASES that many new ones, up to `most`."""
    if not CASES:
        return settings(max_examples=in_every_test, deadline=None, derandomize=True, database=None)
    return settings(
        max_examples=min(CASES, most),
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
