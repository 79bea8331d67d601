"""The table of docs/scaling.md is what the formula gives for the figures beside it."""

import json

import pytest

from bench.scaling import VISITORS, Assumptions, needs, table
from tests.servers import ROOT

COSTS = json.loads((ROOT / "docs" / "scaling.json").read_text())["costs"]


def test_page_shows_what_the_script_computes() -> None:
    page = (ROOT / "docs" / "scaling.md").read_text()
    assert table([needs(visitors, COSTS, Assumptions()) for visitors in VISITORS]) in page


def test_a_thousand_times_the_visitors_need_a_thousand_times_as_much() -> None:
    small, large = (needs(visitors, COSTS, Assumptions()) for visitors in (100_000, 100_000_000))
    for name in ("messages_per_s", "deltas_per_s", "answering", "sockets", "redis_cores", "redis_memory_gb"):
        assert getattr(large, name) == pytest.approx(1000 * getattr(small, name))
    # One process of each is the least.
    assert small.web_processes < large.web_processes <= 1000 * small.web_processes


def test_formula_by_hand() -> None:
    # 6 messages of 12 % of 600,000 visitors in 3600 s; 150 tokens in 5 s are 125 pieces of 40 ms.
    found = needs(600_000, COSTS, Assumptions())
    assert (found.messages_per_s, found.deltas_per_s, found.answering) == (120, 15_000, 600)
    assert found.sockets == 12_000
    web_cores = 120 * 0.396e-3 + 15_000 * 0.129e-3
    assert found.web_processes == -(-web_cores // 0.6)


def test_more_masters_do_not_help_against_passing_on() -> None:
    found = needs(50_000_000, COSTS, Assumptions())
    assert found.layer_hosts
    assert found.bottleneck == "the Cluster's passing on of events"
    alike = needs(50_000_000, COSTS | {"cluster_publish_ms": 0.0}, Assumptions())
    assert not alike.layer_hosts
