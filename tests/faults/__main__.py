"""`make faults MINUTES=30 SEED=7`: random faults, then a table. Exit status 1: a promise was broken."""

import argparse
import asyncio
import logging
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from tests.faults.harness import Plan, run  # noqa: E402 - Django has to be set up first


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two faults")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--webs", type=int, default=2)
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--lease", type=float, default=20.0, help="CHAT_LEASE_S of all processes")
    parser.add_argument("--redis", choices=("redis62", "json", "cluster"), default="redis62")
    parser.add_argument("--kill-masters", action="store_true", help="of a Cluster: failovers, which may lose")
    options = parser.parse_args()
    plan = Plan(
        seed=options.seed,
        for_s=options.minutes * 60,
        every_s=options.every,
        workers=options.workers,
        webs=options.webs,
        sessions=options.sessions,
        lease_s=options.lease,
        redis_kind=options.redis,
        kill_masters=options.kill_masters,
    )
    # It reports each ping to a server that was just killed.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    sys.stdout.write(f"{plan}\n")
    sys.stdout.flush()
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    report = asyncio.run(run(plan, folder))
    sys.stdout.write(report.table() + "\n")
    if report.broken:
        sys.stdout.write(f"What the processes printed is in {folder}\n")
        raise SystemExit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
