"""What a model is given: for a text model a conversation written down, for a chat model messages with roles."""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TypedDict

from inference_worker.backends.base import Prompt, Turn

_LABELS = {"human": "Human:", "bot": "Bot:"}
_ROLES = {"human": "user", "bot": "assistant"}
# A colon may stand apart from its word or be a full-width one. "Robot:" is no marker.
_MARKER = re.compile(r"(?<!\w)(human|bot)\s*[:\uff1a]", re.IGNORECASE)
_RUN = re.compile(r"[A-Za-z]+|\s+|.", re.DOTALL)
# Tokenizers may put a token of their own before the text.
_START_TOKENS = 1
# A chat model's template puts a role and some signs around each message: 3 to 5 tokens in most.
_MESSAGE_TOKENS = 8


class Limits(TypedDict):
    """What a prompt has to keep to."""

    context_tokens: int
    max_new_tokens: int


def text_prompt(
    prompt: Prompt, *, context_tokens: int, max_new_tokens: int, count: Callable[[str], int] | None = None
) -> str:
    """`Human: …\\nBot: …\\nHuman: …\\nBot:`, short enough for the reply to fit into the window behind it.

    When there is too much, the oldest messages go first, then the beginning of the message itself. `count`
    tells how many tokens a text takes; without a tokenizer that is estimated.
    """
    tokens = count or estimated_tokens
    context = [Turn(turn.source, defuse(turn.text)) for turn in prompt.context]
    room = context_tokens - max_new_tokens - _START_TOKENS
    kept, message = _fitting(
        context, defuse(prompt.message), lambda turns, last: tokens(_written(turns, last)) <= room
    )
    # "Robot:" may have lost its "Ro" and become a marker.
    return _written(kept, defuse(message))


def chat_messages(
    prompt: Prompt, *, system_prompt: str, context_tokens: int, max_new_tokens: int
) -> list[dict[str, str]]:
    """The conversation as messages with roles, short enough in the same way; the system prompt always stays.

    Many chat templates take nothing but user and assistant in turns, the user first. So messages that
    follow one another from the same side become one, and an answer whose question is gone goes too.
    """
    room = context_tokens - max_new_tokens - _START_TOKENS
    if system_prompt:
        room -= _message_tokens(system_prompt)
    kept, message = _fitting(
        prompt.context,
        prompt.message,
        lambda turns, last: sum(_message_tokens(turn.text) for turn in turns) + _message_tokens(last) <= room,
    )
    messages = [{"role": "system", "content": system_prompt}] if system_prompt else []
    for turn in (*kept, Turn("human", message)):
        role = _ROLES[turn.source]
        before = messages[-1] if messages else {"role": "system"}
        if before["role"] == role:
            before["content"] += f"\n\n{turn.text}"
        elif role == "user" or before["role"] != "system":
            messages.append({"role": role, "content": turn.text})
    return messages


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


def _fitting(
    context: Sequence[Turn], message: str, fits: Callable[[Sequence[Turn], str], bool]
) -> tuple[Sequence[Turn], str]:
    """The conversation without its oldest messages, and if need be the message without its beginning."""
    for dropped in range(len(context) + 1):
        if fits(context[dropped:], message):
            return context[dropped:], message
    start = bisect_left(range(len(message)), True, key=lambda at: fits((), message[at:]))
    return (), message[start:]


def _message_tokens(text: str) -> int:
    return _MESSAGE_TOKENS + estimated_tokens(text)


def _run_tokens(run: str) -> int:
    if run == " ":
        return 0
    if run.isascii() and run.isalpha():
        return -(-len(run) // 3)
    return len(run.encode(errors="surrogatepass"))


def _written(context: Sequence[Turn], message: str) -> str:
    lines = [f"{_LABELS[turn.source]} {turn.text}" for turn in context]
    return "\n".join([*lines, f"{_LABELS['human']} {message}", _LABELS["bot"]])
