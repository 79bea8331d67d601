"""How people type: without capitals and marks, with typos, politely or in haste. Slots are left alone."""

import re
from random import Random

_PARTS = re.compile(r"(<\w+>)")
_BLANKS = re.compile(" {2,}")
_WORDS = re.compile(r"[A-Za-z]+")
_WORD = re.compile(r"[A-Za-z]{5,}")
_CONTRACTIONS = re.compile(r"(?<=[A-Za-z])'(?=(s|m|re|t|ll|ve|d)\b)")
_BEFORE = [
    "so ",
    "ok ",
    "ok so ",
    "um ",
    "well, ",
    "and ",
    "ah, ",
    "please ",
    "hmm, ",
    "ok, ",
    "now, ",
    "um, ",
    "just wondering, ",
    "I have a question: ",
    "quick question: ",
    "tell me, ",
    "could you tell me: ",
    "one more thing: ",
    "by the way, ",
    "I was wondering: ",
    "another question, ",
    "excuse me, ",
    "sorry, ",
    "listen, ",
    "my question: ",
    "do you know: ",
    "say, ",
    "hey bot, ",
    "bot, ",
    "as a beginner: ",
    "alright, ",
    "oh, ",
    "then ",
    "great. ",
    "thanks. ",
    "cool, ",
    "next: ",
    "dear bot, ",
]
_AFTER = [
    " please",
    " please?",
    " thanks",
    ", please",
    " pls",
    " :)",
    " 🙂",
    " then",
    " exactly",
    ", thanks",
    " now",
    " btw",
    " if you don't mind",
    ", I'm curious",
    " for me",
    " in short",
    ", do you know?",
    ", any idea?",
    ", I'm new here",
    ", just curious",
    " or what",
    " anyway",
    ", bot",
    " again",
    ", tell me",
    ", my friend",
    " actually",
    ", I wonder",
    " today",
]
# What people leave out or shorten.
_SMALL = {"the", "a", "is", "do", "I", "of", "to", "you", "can", "does", "an", "it", "me", "are"}
_SHORT = {
    "you": "u",
    "are": "r",
    "your": "ur",
    "please": "plz",
    "what": "wat",
    "and": "&",
    "because": "cuz",
    "the": "teh",
    "with": "w",
    "for": "4",
    "message": "msg",
    "messages": "msgs",
}
_NEIGHBOURS = {"a": "s", "e": "r", "i": "o", "o": "p", "t": "r", "n": "m", "s": "d", "r": "t", "l": "k", "u": "i"}


def as_typed(rng: Random, wording: str, *, extras: bool = True) -> str:
    """The wording as somebody may type it. `extras`: also words in front and behind."""
    ending = ""
    text = wording
    if extras and rng.random() < 0.15:
        text = rng.choice(_BEFORE) + (text[:1].lower() + text[1:] if not text.startswith(("I ", "I'")) else text)
    if extras and rng.random() < 0.12:
        body = text.rstrip("?.!")
        ending = text[len(body) :]
        text = body + rng.choice(_AFTER)
        if rng.random() < 0.5:
            text += ending
    chance = rng.random()
    if chance < 0.4:
        text = text.rstrip("?.!")
    elif chance < 0.46:
        text = text.rstrip("?.!") + rng.choice(["!", "??", "!!", "...", " ?", ".", "?!", "…"])
    parts = _PARTS.split(text)
    chance = rng.random()
    if chance < 0.05:
        parts = [
            part if part.startswith("<") else _WORDS.sub(lambda w: _left_out(rng, w[0]), part) for part in parts
        ]
    elif chance < 0.08:
        parts = [
            part if part.startswith("<") else _WORDS.sub(lambda w: _SHORT.get(w[0], w[0]), part) for part in parts
        ]
    chance = rng.random()
    if chance < 0.5:
        parts = [part if part.startswith("<") else part.lower() for part in parts]
    elif chance < 0.52:
        parts = [part if part.startswith("<") else part.upper() for part in parts]
    if rng.random() < 0.25:
        parts = [part if part.startswith("<") else _CONTRACTIONS.sub("", part) for part in parts]
    if rng.random() < 0.12:
        parts = [part if part.startswith("<") else _WORD.sub(lambda w: _typo(rng, w[0]), part) for part in parts]
    return _BLANKS.sub(" ", "".join(parts)).strip()


def _left_out(rng: Random, word: str) -> str:
    return "" if word in _SMALL and rng.random() < 0.5 else word


def _typo(rng: Random, word: str) -> str:
    if rng.random() < 0.6:
        return word
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + _NEIGHBOURS.get(word[at], word[at]) + word[at + 1 :]
