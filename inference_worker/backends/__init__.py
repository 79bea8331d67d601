"""The models this project can talk to, chosen by `MODEL_URL`."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from inference_worker.backends.base import Backend
from inference_worker.conf import ModelConf

_POSSIBLE = (
    "Possible are http:// and https:// (the Hugging Face text-generation contract), openai+http:// and "
    "openai+https:// (an OpenAI-compatible server) and echo: (for tests). "
    "local: is not supported yet by this version."
)


def open_backend(conf: ModelConf, slots: int) -> Backend:
    """The model behind `conf.url`, ready for `slots` generations at once.

    A backend's module is imported only when it is the one. Raises ImproperlyConfigured.
    """
    try:
        scheme = urlsplit(conf.url).scheme
    except ValueError:
        raise ImproperlyConfigured(f"MODEL_URL is not a URL. {_POSSIBLE}") from None
    if scheme == "echo":
        from inference_worker.backends.echo import Echo

        return Echo(conf)
    if scheme in ("http", "https"):
        from inference_worker.backends.huggingface import HuggingFace

        return HuggingFace(conf, slots)
    if scheme in ("openai+http", "openai+https"):
        from inference_worker.backends.openai import OpenAI

        return OpenAI(conf, slots)
    # Only the scheme is shown: the rest of the URL may hold a password.
    found = f"starts with {scheme}:" if scheme else "has no scheme"
    raise ImproperlyConfigured(f"MODEL_URL {found}, which is no model known here. {_POSSIBLE}")
