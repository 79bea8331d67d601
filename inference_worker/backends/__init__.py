"""The models this project can talk to, chosen by `MODEL_URL`."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from inference_worker.backends.base import Backend
from inference_worker.backends.pool import Pool, urls_of
from inference_worker.conf import ModelConf

BACKENDS = {
    "http": "inference_worker.backends.huggingface.HuggingFace",
    "https": "inference_worker.backends.huggingface.HuggingFace",
    "openai+http": "inference_worker.backends.openai.OpenAI",
    "openai+https": "inference_worker.backends.openai.OpenAI",
    "local": "inference_worker.backends.local.Local",
    "echo": "inference_worker.backends.echo.Echo",
}
"""Classes by the scheme of `MODEL_URL`. Each is called with the ModelConf and the number of slots."""

_POSSIBLE = (
    "Possible are http:// and https:// (the Hugging Face text-generation contract), openai+http:// and "
    "openai+https:// (an OpenAI-compatible server), local:<folder> (a model in this process), echo: (for tests) "
    "and what MODEL_BACKENDS adds."
)


def open_backend(conf: ModelConf, slots: int) -> Backend:
    """The model behind `conf.url`, ready for `slots` generations at once.

    Several URLs with blanks between them make a pool. A backend's module is imported only when it is the one.
    Raises ImproperlyConfigured.
    """
    if len(urls_of(conf.url)) > 1:
        return Pool(conf, slots, open_backend)
    backends = BACKENDS | _added(conf)
    try:
        scheme = urlsplit(conf.url).scheme
    except ValueError:
        raise ImproperlyConfigured(f"MODEL_URL is not a URL. {_POSSIBLE}") from None
    if scheme not in backends:
        # Only the scheme is shown: the rest of the URL may hold a password.
        found = f"starts with {scheme}:" if scheme else "has no scheme"
        raise ImproperlyConfigured(f"MODEL_URL {found}, which is no model known here. {_POSSIBLE}")
    try:
        backend = import_string(backends[scheme])
    except ImportError as error:
        setting = "MODEL_URL" if backends[scheme] == BACKENDS.get(scheme) else "MODEL_BACKENDS"
        raise ImproperlyConfigured(f"{setting}: the backend for {scheme}: can't be imported: {error}") from None
    opened: Backend = backend(conf, slots)
    return opened


def _added(conf: ModelConf) -> dict[str, str]:
    """What `MODEL_BACKENDS` adds. It may take a scheme over."""
    added = {}
    for entry in conf.backends:
        scheme, equals, path = (part.strip() for part in entry.partition("="))
        if not (scheme and equals and "." in path):
            raise ImproperlyConfigured(
                f"MODEL_BACKENDS must be scheme=dotted.path.of.a.class, by commas; {entry!r} is not."
            )
        added[scheme.lower()] = path
    return added
