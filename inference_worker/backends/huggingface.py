"""The Hugging Face text-generation contract, as Text Generation Inference and the hosted API speak it."""

from collections.abc import Iterator
from typing import Any

import requests

from chat.errors import ModelError
from inference_worker.backends.base import Finish, Prompt
from inference_worker.backends.body import is_stream, parsed, streamed, whole
from inference_worker.backends.http import HTTPModel
from inference_worker.backends.trouble import BROKEN_OFF, NOT_UNDERSTOOD, Trouble
from inference_worker.conf import ModelConf
from inference_worker.cut import MARKER, CutAtMarker
from inference_worker.prompt import text_prompt


class HuggingFace(HTTPModel):
    """POSTs the prompt to `MODEL_URL` itself."""

    optional = ("stream", "details", "stop")
    token_setting = "HUGGINGFACE_INFERENCE_TOKEN"

    def __init__(self, conf: ModelConf, slots: int) -> None:
        super().__init__(conf, slots, url=conf.url, token=conf.huggingface_token)
        # One of the two places where the hosted API looks; the other is in the body. Among the parameters it would
        # be something else: transformers would write every token without its key-value cache.
        self._session.headers["x-use-cache"] = "false"

    def payload(self, prompt: Prompt) -> dict[str, Any]:
        conf = self._conf
        return {
            "inputs": text_prompt(prompt, context_tokens=conf.context_tokens, max_new_tokens=conf.max_new_tokens),
            "parameters": {
                "return_full_text": False,
                "max_new_tokens": conf.max_new_tokens,
                # Text Generation Inference refuses a temperature of 0.
                **(
                    {"do_sample": True, "temperature": conf.temperature, **_choice(conf)}
                    if conf.temperature
                    else {"do_sample": False}
                ),
                "stop": [f"\n{MARKER}"],
                # Without it the last event does not say why it is the last.
                "details": True,
            },
            "options": {"use_cache": False},
            "stream": True,
        }

    def filter(self) -> CutAtMarker:
        return CutAtMarker()

    def items(self, response: requests.Response, payload: dict[str, Any]) -> Iterator[str | Finish]:
        return (
            _streamed(response, payload["inputs"]) if is_stream(response) else _whole(response, payload["inputs"])
        )


def _choice(conf: ModelConf) -> dict[str, float]:
    """Among which tokens. Text Generation Inference refuses the values that stand for all of them."""
    top_k: dict[str, float] = {"top_k": conf.top_k} if conf.top_k else {}
    return {**top_k, "top_p": conf.top_p} if conf.top_p < 1 else top_k


def _whole(response: requests.Response, prompt: str) -> Iterator[str | Finish]:
    body = whole(response)
    answer = parsed(body)
    text = answer.get("generated_text")
    if not isinstance(text, str):
        raise Trouble(ModelError(NOT_UNDERSTOOD), "gave no generated_text:", body)
    yield text.removeprefix(prompt)
    yield _finish(answer)


def _streamed(response: requests.Response, prompt: str) -> Iterator[str | Finish]:
    begun = False
    for event in streamed(response):
        if event is None:
            break
        token = event.get("token")
        if isinstance(token, dict) and isinstance(token.get("text"), str) and not token.get("special"):
            begun = True
            yield token["text"]
        text = event.get("generated_text")
        if isinstance(text, str):
            if not begun:
                yield text.removeprefix(prompt)
            yield _finish(event)
            return
    raise Trouble(ModelError(BROKEN_OFF), "ended a stream without its last event")


def _finish(answer: dict[str, Any]) -> Finish:
    details = answer.get("details")
    if not isinstance(details, dict):
        return Finish()
    tokens = details.get("generated_tokens")
    length = details.get("finish_reason") == "length"
    return Finish("length" if length else "stop", tokens if isinstance(tokens, int) else None)
