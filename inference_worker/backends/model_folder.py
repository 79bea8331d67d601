"""What a folder with a model in CTranslate2's format holds, and what it brings along for its replies."""

import dataclasses
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from inference_worker.conf import MIN_PROMPT_TOKENS, ModelConf

WEIGHTS, CONFIG, TOKENIZER, GENERATION = "model.bin", "config.json", "tokenizer.json", "generation.json"

_HELP = "`python manage.py fetch_model EleutherAI/gpt-j-6b` makes one and says what to set"
# Besides `name`: settings of ModelConf that a model may know better than their defaults do.
_NUMBERS: dict[str, type] = {
    "context_tokens": int,
    "max_new_tokens": int,
    "temperature": float,
    "top_k": int,
    "top_p": float,
    "repetition_penalty": float,
}


@dataclasses.dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder whose files were looked at, but not loaded."""

    path: Path
    name: str
    """Shown to people."""
    end_token: str
    defaults: dict[str, Any]
    """What `generation.json` says: fields of ModelConf."""
    bytes: int
    """The size of the weights."""

    def conf(self, conf: ModelConf) -> ModelConf:
        """The settings for this model: what the operator set wins over what the folder says."""
        changes = {name: value for name, value in self.defaults.items() if name not in conf.given}
        if "context_tokens" in self.defaults:
            # Past its window a model says nothing sensible, whatever was set.
            window = min(self.defaults["context_tokens"], conf.context_tokens)
            changes["context_tokens"] = window
            if "max_new_tokens" not in {*changes, *conf.given}:
                changes["max_new_tokens"] = max(
                    1, min(conf.max_new_tokens, window - MIN_PROMPT_TOKENS, window // 2)
                )
        return dataclasses.replace(conf, **changes)


def open_folder(place: str) -> ModelFolder:
    """The folder at a path; one that is not absolute begins at the project. Raises ImproperlyConfigured."""
    path = settings.BASE_DIR / Path(unquote(place)).expanduser()
    if not place or not path.is_dir():
        raise ImproperlyConfigured(f"MODEL_URL names a folder that is not there: {path}. {_HELP}.")
    missing = [name for name in (WEIGHTS, CONFIG, TOKENIZER) if not (path / name).is_file()]
    if missing and (any(path.glob("*.safetensors")) or any(path.glob("pytorch_model*.bin"))):
        raise ImproperlyConfigured(
            f"MODEL_URL names a checkpoint that is not converted yet: {path}. "
            f"`python manage.py fetch_model {path}` converts it and says what to set."
        )
    if missing:
        raise ImproperlyConfigured(
            f"MODEL_URL names a folder without {' and '.join(missing)}, so no whole model is there: {path}. "
            f"{_HELP}."
        )
    config = _object(path / CONFIG)
    defaults = _checked(path / GENERATION)
    return ModelFolder(
        path=path,
        name=defaults.pop("name", path.resolve().name),
        end_token=str(config.get("eos_token") or ""),
        defaults=defaults,
        bytes=(path / WEIGHTS).stat().st_size,
    )


def _checked(file: Path) -> dict[str, Any]:
    """The values of `generation.json`, nothing where there is none."""
    if not file.exists():
        return {}
    values = _object(file)
    for name, value in values.items():
        if name == "name" and isinstance(value, str) and value:
            continue
        kind = _NUMBERS.get(name)
        if kind is None:
            raise ImproperlyConfigured(f"MODEL_URL: {file} has a value that is not known: {name}.")
        right = isinstance(value, int) or (kind is float and isinstance(value, float))
        if not right or isinstance(value, bool) or value < 0:
            raise ImproperlyConfigured(f"MODEL_URL: {file} has a wrong value for {name}: {value!r}.")
    return values


def _object(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"MODEL_URL: {file} can't be read: {error}") from None
    if not isinstance(values, dict):
        raise ImproperlyConfigured(f"MODEL_URL: {file} holds no JSON object.")
    return values
