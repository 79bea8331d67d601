"""The prompt of a text model: a conversation written down, for the model to go on with."""

import re
from bisect import bisect_left

from inference_worker.backends.base import Prompt, Turn

_LABELS = {"human": "Human:", "bot": "Bot:"}
# A colon may stand apart from its word or be a full-width one. "Robot:" is no marker.
_MARKER = re.compile(r"(?<!\w)(human|bot)\s*[:\uff1a]", re.IGNORECASE)
_RUN = re.compile(r"[A-Za-z]+|\s+|.", re.DOTALL)
# Tokenizers may put a token of their own before the text.
_START_TOKENS = 1


def text_prompt(prompt: Prompt, *, context_tokens: int, max_new_tokens: int) -> str:
    """`Human: …\\nBot: …\\nHuman: …\\nBot:`, short enough for the reply to fit into the window behind it.

    When there is too much, the oldest messages go first, then the beginning of the message itself.
    """
    room = context_tokens - max_new_tokens - _START_TOKENS
    context = [Turn(turn.source, defuse(turn.text)) for turn in prompt.context]
    message = defuse(prompt.message)
    for dropped in range(len(context) + 1):
        text = _written(context[dropped:], message)
        if estimated_tokens(text) <= room:
            return text
    start = bisect_left(
        range(len(message)), True, key=lambda at: estimated_tokens(_written([], message[at:])) <= room
    )
    # "Robot:" loses its "Ro" here and would become a marker.
    return _written([], defuse(message[start:]))


def defuse(text: str) -> str:
    """The text without anything that reads as a speaker's label, so that nobody can speak for another."""
    return _MARKER.sub(r"\1 -", text.strip())


def estimated_tokens(text: str) -> int:
    """How many tokens a text takes, rather too many than too few.

    The tokenizers of text models split text into words, digits and signs first. English takes about 1.3
    tokens for a word of 4.5 letters; one token for each 3 letters begun puts that at 1.8. A digit or sign is
    at most one token, any other character at most one per byte in UTF-8. A single blank belongs to the word
    behind it. Only strings of random letters take more than this says; a model that minds refuses them
    visibly.
    """
    return sum(map(_run_tokens, _RUN.findall(text)))


def _run_tokens(run: str) -> int:
    if run == " ":
        return 0
    if run.isascii() and run.isalpha():
        return -(-len(run) // 3)
    return len(run.encode(errors="surrogatepass"))


def _written(context: list[Turn], message: str) -> str:
    lines = [f"{_LABELS[turn.source]} {turn.text}" for turn in context]
    return "\n".join([*lines, f"{_LABELS['human']} {message}", _LABELS["bot"]])
