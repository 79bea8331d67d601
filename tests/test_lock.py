"""requirements.lock is the lock of requirements.txt."""

import re

from scripts.lock import LOCK, SOURCE, pins


def test_every_package_is_locked_in_its_version_and_no_other_is() -> None:
    assert pins(LOCK.read_text()) == pins(SOURCE.read_text()), "run `make lock`"


def test_every_package_has_hashes_and_no_address() -> None:
    text = LOCK.read_text()
    packages = re.findall(r"^[\w.-]+==.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+", text, flags=re.MULTILINE)
    assert len(packages) == len(pins(text)) > 40
    assert "://" not in text
