"""The rules by which answers to the questions in eval/ are right, and by which a reply is nonsense.

A question is a line of JSON. `say` holds the visitor's messages; the last is judged, those before it are answered
by the model itself. What is right:

- `any`: one of these stands in the reply (any case). For project, small talk and facts.
- `result`: the last number in the reply.
- `name`: when the name stands in what the model sees, the reply has it. When it does not (no name was told, or
  it is further back than the window), the reply says so. In either case no other name is given.
- `thing`: it stands in the reply.
- Jokes: the reply is one that the model was taught.
- Out of scope: the reply has one of `any` (the topic) and says that the model is small, can't, or where a
  larger one is connected.

Nonsense is a reply with a word that neither the training's replies nor the conversation have, or with the same
sentence twice, or with half characters, or one that did not end by itself.
"""

import dataclasses
import itertools
import re
from collections.abc import Set
from functools import cache
from typing import NotRequired, TypedDict

from training.data.conversation import samples
from training.data.jokes import JOKES

# Enough for every reply of the generator to occur.
_SAMPLES = 15_000
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"-?\d+")
_HONEST = re.compile(r"don't know your name|can't see your name|name isn't in", re.IGNORECASE)
_GIVEN_NAME = re.compile(r"(?:name is|you are|you,) ([^.!]+)", re.IGNORECASE)
_TOO_SMALL = re.compile(
    r"MODEL_URL|\bsmall\b|larger model|calculator|can't|don't know|never learned|I only", re.IGNORECASE
)


class Question(TypedDict):
    say: list[str]
    any: NotRequired[list[str]]
    result: NotRequired[int]
    name: NotRequired[str]
    thing: NotRequired[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A reply with what the model saw before it."""

    prompt: str
    text: str
    ended: bool
    """By itself, not by the limit of tokens."""


def right(group: str, question: Question, answer: Answer) -> bool:
    text = answer.text.casefold()
    if group == "names":
        return _right_name(question["name"], answer)
    if group == "sums":
        numbers = _NUMBER.findall(answer.text)
        return bool(numbers) and int(numbers[-1]) == question["result"]
    if group == "things":
        return question["thing"].casefold() in text
    if group == "jokes":
        return any(joke in answer.text for joke in JOKES)
    found = any(part.casefold() in text for part in question["any"])
    return found and (group != "outofscope" or bool(_TOO_SMALL.search(answer.text)))


def nonsense(answer: Answer) -> str:
    """Why the reply is nonsense, empty when it is not."""
    if not answer.ended:
        return "no end"
    if not answer.text or "\ufffd" in answer.text:
        return "no text"
    known = _vocabulary()
    seen = _words(answer.prompt)
    strange = [word for word in _words(answer.text) if word not in known and word not in seen]
    if strange:
        return f"unknown words: {' '.join(strange)}"
    sentences = [part.strip() for part in re.split(r"[.!?](?:\s|$)", answer.text) if len(part.split()) > 2]
    if len(set(sentences)) < len(sentences):
        return "says it twice"
    return ""


def _right_name(name: str, answer: Answer) -> bool:
    if not name or name.casefold() not in answer.prompt.casefold():
        return bool(_HONEST.search(answer.text))
    given = _GIVEN_NAME.search(answer.text)
    return given is not None and given[1].strip().casefold() == name.casefold()


def _words(text: str) -> Set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


@cache
def _vocabulary() -> Set[str]:
    """The words of the generator's replies that were not taken from the conversation."""
    known: set[str] = set()
    for sample in itertools.islice(samples(seed=1), _SAMPLES):
        before = ""
        for message, reply in sample:
            before += message
            known |= _words(reply) - _words(before)
    return known
