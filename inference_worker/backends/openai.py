"""Servers that speak OpenAI's protocol: Ollama, vLLM, llama.cpp, `transformers serve`, hosted routers."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from django.core.exceptions import ImproperlyConfigured

from chat.errors import ModelError
from inference_worker.backends.base import Finish, Prompt
from inference_worker.backends.body import is_stream, parsed, streamed, whole
from inference_worker.backends.filter import Filter
from inference_worker.backends.http import HTTPModel
from inference_worker.backends.thoughts import HideThoughts
from inference_worker.backends.trouble import BROKEN_OFF, FILTERED, NOT_UNDERSTOOD, Trouble
from inference_worker.conf import MIN_PROMPT_TOKENS, ModelConf
from inference_worker.cut import MARKER, CutAtMarker
from inference_worker.prompt import Limits, chat_messages, estimated_tokens, text_prompt

_PATHS = {"chat": "/chat/completions", "completions": "/completions"}
# Most say "length".
_LENGTH = {"length", "max_tokens", "model_length"}
# What vLLM and the routers say when the server gave up in the middle.
_BROKEN = {"abort", "error"}


class OpenAI(HTTPModel):
    """`openai+http(s)://host/v1?model=NAME`: chat completions, with `&api=completions` text completions."""

    optional = ("stream", "stop", "temperature", "top_p", "max_tokens")
    token_setting = "MODEL_API_KEY"

    def __init__(self, conf: ModelConf, slots: int) -> None:
        parts = urlsplit(conf.url.removeprefix("openai+"))
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        self._model, api = options.pop("model", ""), options.pop("api", "chat")
        if not self._model or api not in _PATHS or options:
            raise ImproperlyConfigured(
                "MODEL_URL must be openai+http://host/v1?model=NAME (or openai+https://), with nothing more than "
                "&api=chat or &api=completions behind it."
            )
        self._is_chat = api == "chat"
        if self._is_chat and estimated_tokens(conf.system_prompt) > _prompt_tokens(conf) - MIN_PROMPT_TOKENS:
            raise ImproperlyConfigured(
                "MODEL_SYSTEM_PROMPT leaves no room for a message in a window of "
                f"MODEL_CONTEXT_TOKENS ({conf.context_tokens}) tokens."
            )
        url = parts._replace(path=parts.path.rstrip("/") + _PATHS[api], query="").geturl()
        super().__init__(conf, slots, url=url, token=conf.api_key)
        # A model in a folder of the server's is known by the folder's name.
        self.name = self._model.rstrip("/").rpartition("/")[2] if self._model.startswith("/") else self._model

    def payload(self, prompt: Prompt) -> dict[str, Any]:
        conf = self._conf
        limits: Limits = {"context_tokens": conf.context_tokens, "max_new_tokens": conf.max_new_tokens}
        return {
            "model": self._model,
            **(
                {"messages": chat_messages(prompt, system_prompt=conf.system_prompt, **limits)}
                if self._is_chat
                else {"prompt": text_prompt(prompt, **limits), "stop": [f"\n{MARKER}"]}
            ),
            "max_tokens": conf.max_new_tokens,
            "temperature": conf.temperature,
            **({"top_p": conf.top_p} if conf.top_p < 1 else {}),
            "stream": True,
        }

    def without(self, payload: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
        left = super().without(payload, names)
        # OpenAI's own newer models refuse the name that all others know.
        return left | {"max_completion_tokens": payload["max_tokens"]} if "max_tokens" in names else left

    def filter(self) -> Filter:
        return HideThoughts() if self._is_chat else CutAtMarker()

    def items(self, response: requests.Response, payload: dict[str, Any]) -> Iterator[str | Finish]:
        return _streamed(response) if is_stream(response) else _whole(response)


def _whole(response: requests.Response) -> Iterator[str | Finish]:
    body = whole(response)
    answer = parsed(body)
    choice = _choice(answer)
    if choice is None:
        raise Trouble(ModelError(NOT_UNDERSTOOD), "gave no choices:", body)
    yield _text(choice)
    yield _finish(choice.get("finish_reason"), answer)


def _streamed(response: requests.Response) -> Iterator[str | Finish]:
    begun = False
    for event in streamed(response):
        begun = True
        if event is None:
            # [DONE]: some servers give no reason.
            yield Finish()
            return
        # The first event may be a role alone, others the usage or a note of the host: without choices.
        choice = _choice(event) or {}
        yield _text(choice)
        if choice.get("finish_reason"):
            yield _finish(choice["finish_reason"], event)
            return
    # So does llama-cpp-python's server when a prompt is too long for it.
    hint = "" if begun else " and without any other (check MODEL_CONTEXT_TOKENS)"
    raise Trouble(ModelError(BROKEN_OFF), f"ended a stream without its last event{hint}")


def _choice(answer: dict[str, Any]) -> dict[str, Any] | None:
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else None


def _text(choice: dict[str, Any]) -> str:
    """What belongs to the reply. Thoughts have fields of their own, `reasoning_content` or `reasoning`."""
    said = choice.get("delta") or choice.get("message")
    content = (said.get("content") or said.get("refusal")) if isinstance(said, dict) else choice.get("text")
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if isinstance(part, dict) and _is_text(part))
    return content if isinstance(content, str) else ""


def _is_text(part: dict[str, Any]) -> bool:
    return part.get("type") == "text" and isinstance(part.get("text"), str)


def _finish(reason: object, answer: dict[str, Any]) -> Finish:
    """Raises Trouble for an end that is none. A model that wants to call a tool has said what it could."""
    if reason == "content_filter":
        raise Trouble(ModelError(FILTERED), "held an answer back (content_filter)")
    if reason in _BROKEN:
        raise Trouble(ModelError(BROKEN_OFF), f"broke an answer off ({reason})")
    usage = answer.get("usage")
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return Finish("length" if reason in _LENGTH else "stop", tokens if isinstance(tokens, int) else None)


def _prompt_tokens(conf: ModelConf) -> int:
    return conf.context_tokens - conf.max_new_tokens
