"""Many wordings from one line: `{hi|hello} <name>` has alternatives in braces and slots in angle brackets."""

import re
from collections.abc import Mapping
from random import Random

_CHOICE = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"<(\w+)>")
_BLANKS = re.compile(r" {2,}")


def expand(rng: Random, wording: str, *, strip: bool = True) -> str:
    """One of the alternatives in each pair of braces, from the inside out. Slots stay."""
    while "{" in wording:
        wording = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), wording)
    wording = _BLANKS.sub(" ", wording)
    return wording.strip() if strip else wording


def fill(wording: str, slots: Mapping[str, str]) -> str:
    """What is no slot stays, such as the <folder> of a command."""
    return _SLOT.sub(lambda found: slots.get(found[1], found[0]), wording)


def say(rng: Random, wordings: list[str], **slots: str) -> str:
    """One of the wordings, expanded and filled: for replies, which are always written well."""
    return fill(expand(rng, rng.choice(wordings)), slots)
