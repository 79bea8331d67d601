"""What a page weighs on the wire, everything that it loads by itself included, compressed as it is served."""

import gzip
import logging
import re
from pathlib import Path

import pytest
from django.test import Client

from tests.servers import ROOT

logger = logging.getLogger(__name__)
pytestmark = pytest.mark.usefixtures("redis_server")

_LOADS = {
    ".html": re.compile(r'(?:src|href)="/?(static/[^"]+)"'),
    ".css": re.compile(r"url\([\"']?([^\"')]+)[\"']?\)"),
    # Modules that are imported when they are needed, with import(…), are not loaded before.
    ".js": re.compile(r"(?:^|\n)(?:import|export)[^;\"(]*\"(\.[^\"]+)\""),
}


def compressed(content: bytes) -> int:
    return len(gzip.compress(content, 9))


def files_of(html: str) -> set[Path]:
    """The static files that a page loads, and what those load in turn."""
    # What lies in a template does nothing.
    html = re.sub(r"<template.*?</template>", "", html, flags=re.S)
    waiting = {ROOT / found for found in _LOADS[".html"].findall(html)}
    loaded: set[Path] = set()
    while waiting:
        path = waiting.pop()
        loaded.add(path)
        pattern = _LOADS.get(path.suffix)
        for found in pattern.findall(path.read_text()) if pattern else []:
            if not found.startswith("data:"):
                waiting |= {(path.parent / found).resolve()} - loaded
    return loaded


def weigh(html: str) -> float:
    """KB."""
    weights = {str(path.relative_to(ROOT)): compressed(path.read_bytes()) for path in files_of(html)}
    weights["the page itself"] = compressed(html.encode())
    for name, size in sorted(weights.items(), key=lambda entry: -entry[1]):
        logger.info("%7.1f KB  %s", size / 1000, name)
    total = sum(weights.values()) / 1000
    logger.info("%7.1f KB  in all", total)
    return total


def test_pages_are_light(client: Client):
    home = client.get("/")
    assert weigh(home.content.decode()) < 60
    chat = client.post("/", {"name": "Ada"}, follow=True)
    # Markdown, colours and formulas come with the first reply that needs them.
    assert not {path for path in files_of(chat.content.decode()) if "vendor" in path.parts}
    assert weigh(chat.content.decode()) < 120


def test_pages_are_compressed(client: Client):
    plain = client.get("/")
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 2
