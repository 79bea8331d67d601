"""The model's settings, read once from `settings.MODEL`."""

import dataclasses
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# A prompt of one short question. Less room than this in the window is a mistake, not a choice.
MIN_PROMPT_TOKENS = 32


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModelConf:
    """Which model answers, and how. The environment variables behind it are listed in `.env.example`."""

    url: str = dataclasses.field(repr=False)
    """`MODEL_URL`. It may hold a password, so it is never shown as it is."""
    api_key: str = dataclasses.field(default="", repr=False)
    """The bearer token of an OpenAI-compatible server."""
    huggingface_token: str = dataclasses.field(default="", repr=False)
    huggingface_endpoint: str = "https://huggingface.co"
    """Where `fetch_model` downloads from."""
    system_prompt: str = ""
    """What a chat model is told before every conversation."""
    max_new_tokens: int = 250
    """How long a reply may get."""
    timeout_s: float = 120.0
    """The bound of one answer, waiting for a busy model included."""
    temperature: float = 0.7
    """0 always takes the likeliest token."""
    top_k: int = 0
    """Only so many of the likeliest tokens are chosen from; 0: all."""
    top_p: float = 1.0
    """Only the likeliest tokens that together have this probability are chosen from."""
    repetition_penalty: float = 1.0
    """More than 1 makes tokens that were there already less likely. Local models alone."""
    context_tokens: int = 2048
    """The model's window: prompt and reply together."""
    backends: tuple[str, ...] = ()
    """More models than this project brings: `scheme=dotted.path.of.a.class`."""
    given: frozenset[str] = frozenset()
    """The fields that the operator set. The others are defaults, and a model may know better ones."""

    def __post_init__(self) -> None:
        if not 0 < self.top_p <= 1:
            raise ImproperlyConfigured(f"MODEL_TOP_P must be more than 0 and at most 1, it is {self.top_p}.")
        if self.context_tokens - self.max_new_tokens < MIN_PROMPT_TOKENS:
            raise ImproperlyConfigured(
                f"MODEL_MAX_NEW_TOKENS ({self.max_new_tokens}) leaves no room for a prompt in a window of "
                f"MODEL_CONTEXT_TOKENS ({self.context_tokens}) tokens."
            )


@cache
def get_model_conf() -> ModelConf:
    """The settings of this process. Raises ImproperlyConfigured for an unknown name or a bad value."""
    options: dict[str, Any] = settings.MODEL
    known = {field.name for field in dataclasses.fields(ModelConf)}
    unknown = set(options) - known
    if unknown:
        raise ImproperlyConfigured(f"settings.MODEL has unknown names: {', '.join(sorted(unknown))}")
    return ModelConf(**options)
