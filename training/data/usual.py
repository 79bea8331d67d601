"""The plainest wordings, said often.

A generator that spreads over thousands of wordings says the ones that everybody uses too seldom.
"""

from random import Random

from training.data import smalltalk
from training.data.names import Exchange, Memory
from training.data.noise import as_typed
from training.data.project import TOPICS
from training.data.wording import expand, say

_TALK: list[tuple[list[str], list[str]]] = [
    (
        ["Hello", "Hi", "Hey", "Hello!", "Hi!", "Hello there", "Hi there!", "Good morning", "Good evening"],
        smalltalk._HELLO,
    ),
    (
        ["How are you?", "How are you", "Hi, how are you?", "Hello, how are you?", "How are you doing?"],
        smalltalk._FINE,
    ),
    (["Who are you?", "What are you?", "What is your name?", "Are you a bot?", "Are you human?"], smalltalk._I_AM),
    (
        ["What can you do?", "Help", "What do you know?", "What can I ask you?", "How can you help me?"],
        smalltalk._ABLE,
    ),
    (["Thanks", "Thank you", "Thanks!", "Thank you!", "Thank you very much"], smalltalk._WELCOME),
    (["Bye", "Goodbye", "Bye!", "See you", "Good night"], smalltalk._BYE),
]
_ASKED = {
    "run": [
        "How do I run {it|this|this project|the project}?",
        "How do I start {it|this|the chat}?",
        "How to run {it|this}?",
    ],
    "model": [
        "How do I {plug in|connect|use} {my own|another|a larger} model?",
        "How do I {change|set} the model?",
    ],
    "session": ["What is a session?"],
    "token": ["What is a token?"],
    "worker": ["What is a worker?", "What does a worker do?", "What is the worker?"],
    "startworker": ["How do I start a worker?", "How do I start another worker?"],
    "workerdies": ["What happens {if|when} a worker {dies|crashes|is killed}?"],
    "stream": ["What is the stream?", "What is the Redis Stream?"],
    "mailbox": ["What is {a|the} mailbox?"],
    "lease": ["What is {a|the} lease?"],
    "history": ["What is the history?", "Where is the history {kept|stored}?"],
    "wakeup": ["What is a wake-up?"],
    "tests": ["How do I run the tests?"],
    "check": ["What does make check do?"],
    "admin": ["Where is the admin?", "Is there an admin?"],
    "embed": ["How do I embed it?", "How do I embed the chat?"],
    "about": ["What is this?", "What is this project?"],
}
_TOPICS = list(_ASKED)


def usual(rng: Random, memory: Memory) -> Exchange:
    """What people say first."""
    if rng.random() < 0.5:
        wordings, replies = rng.choice(_TALK)
    else:
        topic = rng.choice(_TOPICS)
        wordings, replies = _ASKED[topic], TOPICS[topic][2]
    wording = expand(rng, rng.choice(wordings))
    return wording if rng.random() < 0.6 else as_typed(rng, wording), say(rng, replies)
