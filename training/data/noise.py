"""How people type: without capitals and marks, with typos, politely or in haste. Slots are left alone."""

import re
from collections.abc import Callable
from random import Random

from training.data.everyday import NOUNS
from training.data.wording import expand
from training.data.words import random_word

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
# Clauses around a question that don't change it.
_CLAUSES_BEFORE = [
    "my {boss|friend|colleague|teacher|brother|wife|team|neighbour} {wants to know|asked me|is asking|would like to know}: ",
    "{sorry for asking|silly question|honest question|maybe a stupid question|last one for today|a short one}, but ",
    "I'm {sitting|working|reading|waiting} {at home|in the kitchen|in a cafe|with my <random>|at my desk} and {wonder|ask myself}: ",
    "{suppose|imagine|let's say} I'm {new|a student|in a hurry|from <random>|a <random>}: ",
    "{before I go|while we're at it|just for fun|to be sure|for my notes|for a report|for the <random>}: ",
    "I {read|heard|saw} {something|a lot|this} {in the docs|about it|yesterday|at work|in <random>}. ",
    "{I'm not sure|I don't get it|I forgot|I can't find it|I am lost|no idea}: ",
    "{would you|can you|could you} {be so kind and|please|kindly|quickly} {tell me|say|explain|answer}: ",
    "{hello|hi|hey} {bot|dear machine|<random>|my friend|again|little helper}, ",
    "{I want to know|I'd like to know|I need to know|I wonder|I am curious|I was asking myself|let me ask|may I ask|I'd love to hear|explain to me}: ",
]
_CLAUSES_AFTER = [
    ", my {boss|friend|colleague|teacher|team} {asked|wants to know|needs it}",
    " because {I need it for work|I'm confused|nobody told me|my <random> asked|I want to try it|of the <random>}",
    ", {I have no idea|I really can't tell|I keep forgetting|I'm lost|I couldn't find it|it's for my <random>|I need it now}",
    " {in the end|in practice|in detail|in one sentence|in your words|by the way|if I may ask|at all|roughly|exactly|these days}",
    ", {can you explain|could you tell me|please explain|tell me more|explain it please|right|or not|correct|yes or no}",
    ". {Thanks|Thank you|I'm curious|Be honest|Keep it short|I hope you know|Go|Quick|Come on|Help}!",
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
    text = _with_small_words(rng, _with_clauses(rng, wording)) if extras else wording
    chance = rng.random()
    if chance < 0.4:
        text = text.rstrip("?.!")
    elif chance < 0.46:
        text = text.rstrip("?.!") + rng.choice(["!", "??", "!!", "...", " ?", ".", "?!", "…"])
    parts = _PARTS.split(text)
    chance = rng.random()
    if chance < 0.05:
        parts = _changed(parts, lambda part: _WORDS.sub(lambda w: _left_out(rng, w[0]), part))
    elif chance < 0.08:
        parts = _changed(parts, lambda part: _WORDS.sub(lambda w: _SHORT.get(w[0], w[0]), part))
    chance = rng.random()
    if chance < 0.5:
        parts = _changed(parts, str.lower)
    elif chance < 0.52:
        parts = _changed(parts, str.upper)
    if rng.random() < 0.25:
        parts = _changed(parts, lambda part: _CONTRACTIONS.sub("", part))
    if rng.random() < 0.12:
        parts = _changed(parts, lambda part: _WORD.sub(lambda w: _typo(rng, w[0]), part))
    return _BLANKS.sub(" ", "".join(parts)).strip()


def _changed(parts: list[str], change: Callable[[str], str]) -> list[str]:
    """All parts but the slots."""
    return [part if part.startswith("<") else change(part) for part in parts]


def _with_clauses(rng: Random, text: str) -> str:
    chance = rng.random()
    if chance < 0.16:
        before = _clause(rng, _CLAUSES_BEFORE)
        return before + (text[:1].lower() + text[1:] if not text.startswith(("I ", "I'", "<")) else text)
    if chance < 0.28:
        return text.rstrip("?.!") + _clause(rng, _CLAUSES_AFTER) + rng.choice(["?", "?", "", "."])
    if chance < 0.34:
        words = text.split(" ")
        words.insert(rng.randrange(len(words) + 1), random_word(rng) if rng.random() < 0.6 else rng.choice(NOUNS))
        return " ".join(words)
    return text


def _with_small_words(rng: Random, text: str) -> str:
    if rng.random() < 0.15:
        text = rng.choice(_BEFORE) + (text[:1].lower() + text[1:] if not text.startswith(("I ", "I'")) else text)
    if rng.random() < 0.12:
        body = text.rstrip("?.!")
        ending = text[len(body) :]
        text = body + rng.choice(_AFTER)
        if rng.random() < 0.5:
            text += ending
    return text


def _clause(rng: Random, clauses: list[str]) -> str:
    return expand(rng, rng.choice(clauses), strip=False).replace("<random>", random_word(rng))


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
