"""Samples: conversations of one to three exchanges, which is what the model sees when it runs."""

from collections.abc import Callable, Iterator
from random import Random

from training.data import facts, jokes, names, outofscope, project, smalltalk, sums, usual
from training.data.names import Exchange, Memory
from training.data.noise import as_typed
from training.data.wording import expand

Part = Callable[[Random, Memory], Exchange]


def _two_questions(rng: Random, memory: Memory) -> Exchange:
    parts = (project.about_project, project.about_project, sums.small_sum, facts.fact)
    first, second = (rng.choice(parts)(rng, memory) for _ in range(2))
    link = rng.choice([" and ", ", and ", "? and ", "? ", ". ", ", also "])
    return first[0].rstrip("?.! ") + link + second[0], f"{first[1]} {second[1]}"


# Shares of the exchanges that are not about memory.
_PARTS: list[tuple[float, Part]] = [
    (14, usual.usual),
    (20, smalltalk.small_talk),
    (18, project.about_project),
    (13, sums.small_sum),
    (0.7, sums.three_terms),
    (1.5, sums.too_much),
    (10, facts.fact),
    (2.5, jokes.joke),
    (25, outofscope.out_of_scope),
    (1.5, names.echo),
    (1.2, _two_questions),
]
_OTHERS = [part for _, part in _PARTS]
_SHARES = [share for share, _ in _PARTS]
_HELLO = [
    "hi",
    "hello",
    "hey",
    "good morning",
    "hi there",
    "hello there",
    "hey there",
    "good evening",
    "good afternoon",
    "hey bot",
    "greetings",
]
_HELLO_LINKS = [", ", "! ", ". ", " ", ", ", " - "]


def samples(seed: int) -> Iterator[list[Exchange]]:
    """Without end, the same for the same seed."""
    rng = Random(seed)
    while True:
        yield conversation(rng)


def conversation(rng: Random) -> list[Exchange]:
    """One sample."""
    chance = rng.random()
    if chance < 0.34:
        return _about_memory(rng)
    return _drill(rng) if chance < 0.45 else _about_others(rng)


def text(exchanges: list[Exchange]) -> Iterator[tuple[str, str]]:
    """Pairs of what stands before a reply, and the reply with the marker that ends it, both as they are trained."""
    for at, (message, reply) in enumerate(exchanges):
        yield ("Human: " if at == 0 else " ") + message.strip() + "\nBot:", " " + reply + "\nHuman:"


def _drill(rng: Random) -> list[Exchange]:
    """Nothing but sums: they need practice, and they are short."""
    return [sums.small_sum(rng, Memory()) for _ in range(3)]


def _about_memory(rng: Random) -> list[Exchange]:
    """Something is told, perhaps something else is talked about, and then it is asked for."""
    memory = Memory()
    chance = rng.random()
    if chance < 0.10:  # Nothing was told, or it is out of sight.
        before = [_other(rng, memory) for _ in range(rng.choice((0, 1, 2)))]
        if rng.random() < 0.3:
            before = [*before[:1], names.tell_thing(rng, memory)]
        return [*before, _ask(rng, memory)]
    tell = rng.choices((names.tell_name, names.tell_thing, names.tell_name_and_thing), (6, 3.2, 1.5))[0]
    exchanges = [tell(rng, memory)]
    if rng.random() < 0.12:
        exchanges = [_with_question(rng, exchanges[0])]
    if rng.random() < 0.3:
        exchanges.append(rng.choice((names.tell_thing, names.tell_name, names.tell_thing))(rng, memory))
    elif rng.random() < 0.55:
        exchanges.append(_other(rng, memory))
    exchanges.append(_ask(rng, memory))
    if len(exchanges) < 3 and rng.random() < 0.5:
        exchanges.append(_ask(rng, memory) if rng.random() < 0.7 else _other(rng, memory))
    return exchanges


def _ask(rng: Random, memory: Memory) -> Exchange:
    if memory.name and memory.things:
        weights = (5, 4, 1.2)
    elif memory.things:
        weights = (1, 6, 1)
    else:
        weights = (8, 1, 0.6)
    return rng.choices((names.ask_name, names.ask_thing, names.ask_all), weights)[0](rng, memory)


def _about_others(rng: Random) -> list[Exchange]:
    memory = Memory()
    exchanges: list[Exchange] = []
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        exchanges.append(_following(rng, memory, exchanges))
    return exchanges


def _following(rng: Random, memory: Memory, before: list[Exchange]) -> Exchange:
    if before:
        reply = before[-1][1]
        if reply in jokes.JOKES and rng.random() < 0.6:
            return jokes.another(rng, reply)
        if reply.startswith("The capital of") and rng.random() < 0.6:
            return facts.next_capital(rng)
    if rng.random() < 0.02:
        memory.last = before[-1][0] if before and len(before[-1][0]) < 60 else ""
        if memory.last or not before:
            return names.last_message(rng, memory)
    if rng.random() < 0.03:
        return _with_question(rng, names.tell_name(rng, memory))
    return _other(rng, memory)


def _other(rng: Random, memory: Memory) -> Exchange:
    part = rng.choices(_OTHERS, _SHARES)[0]
    message, reply = part(rng, memory)
    if part is not smalltalk.small_talk and part is not names.echo and rng.random() < 0.1:
        message = rng.choice(_HELLO) + rng.choice(_HELLO_LINKS) + message
        reply = "Hello! " + reply
    return message, reply


_SHORT_TALK = [
    (["how are you{| today}?", "how is it going?", "how do you do?", "how are things?"], "I'm fine, thank you."),
    (
        [
            "{what's|what is} your name?",
            "and you?",
            "and yours?",
            "what should I call you?",
            "who are you?",
            "and who are you?",
        ],
        "Just call me Bot.",
    ),
    (
        ["what can you do?", "what can I ask{| you}?", "can you help me?", "I need help"],
        "Ask me about this project, a small sum or a joke.",
    ),
]


def _with_question(rng: Random, told: Exchange) -> Exchange:
    """A name or thing and a question in one message."""
    if rng.random() < 0.4:
        wordings, reply = rng.choice(_SHORT_TALK)
        message = as_typed(rng, expand(rng, rng.choice(wordings)), extras=False)
        return _joined(rng, told, message, reply)
    part = rng.choices((project.about_project, sums.small_sum, facts.fact, jokes.joke), (4, 2, 2, 1))[0]
    return _joined(rng, told, *part(rng, Memory()))


def _joined(rng: Random, told: Exchange, message: str, reply: str) -> Exchange:
    start = told[1].split("!", 1)[0].split(".", 1)[0] if "!" in told[1][:40] else told[1]
    greeting = start + ("! " if "!" in told[1][:40] and not start.endswith((".", "!")) else " ")
    return told[0].rstrip("?.!") + rng.choice([". ", ", ", "! ", " and ", ". "]) + message, greeting + reply
