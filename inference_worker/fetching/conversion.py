"""From a checkpoint of transformers to a folder for `local:`."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from inference_worker.backends.model_folder import CONFIG, GENERATION, TOKENIZER
from inference_worker.fetching.errors import CannotFetch
from inference_worker.fetching.progress import size
from inference_worker.machine import free_memory

BYTES_PER_PARAMETER = {
    "int8": 1, "int8_float16": 1, "int8_float32": 1, "int8_bfloat16": 1, "int16": 2, "float16": 2, "bfloat16": 2,
    "float32": 4,
}  # fmt: skip
"""By quantization."""
_STORED_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
# Where a checkpoint keeps the length of its window.
_WINDOW = ("n_positions", "max_position_embeddings", "n_ctx", "seq_length")
# While one weight is converted it is there several times over, in float32. Measured with GPT-J.
_MOST_WORKING_BYTES = 3_000_000_000


def check_packages() -> None:
    """Raises CannotFetch when the packages of a conversion are missing."""
    missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if missing:
        raise CannotFetch(
            f"Converting needs {' and '.join(missing)}: pip install -r requirements-convert.txt, then start again."
        )


def check_kind(checkpoint: Path) -> None:
    """Raises CannotFetch when a checkpoint's configuration names a kind of model that can't be run."""
    config = read_config(checkpoint)
    kind = str(config.get("model_type") or "")
    from ctranslate2.converters.transformers import _MODEL_LOADERS
    from transformers import CONFIG_MAPPING

    known = kind in CONFIG_MAPPING and CONFIG_MAPPING[kind].__name__ in _MODEL_LOADERS
    if not known or config.get("is_encoder_decoder"):
        raise CannotFetch(
            f"CTranslate2 runs no text model of the kind {kind or 'that this is'}; serve it with another program "
            "and an http:// or openai+http:// MODEL_URL."
        )


def read_config(checkpoint: Path) -> dict[str, Any]:
    try:
        config = json.loads((checkpoint / CONFIG).read_text())
    except (OSError, ValueError) as error:
        raise CannotFetch(f"{checkpoint} is no checkpoint: {CONFIG} can't be read ({error}).") from None
    if not isinstance(config, dict):
        raise CannotFetch(f"{checkpoint} is no checkpoint: {CONFIG} holds no JSON object.")
    return config


def converted_bytes(checkpoint_bytes: int, config: dict[str, Any], quantization: str) -> int:
    """About how large the result will be; rather too large where the checkpoint does not say what it holds."""
    stored = _STORED_BYTES.get(str(config.get("dtype") or config.get("torch_dtype")), 2)
    return checkpoint_bytes // stored * BYTES_PER_PARAMETER[quantization]


def check_room(where: Path, needed_bytes: int, what: str) -> None:
    """Raises CannotFetch when a disk is too full."""
    free = shutil.disk_usage(where).free
    if free < needed_bytes:
        raise CannotFetch(f"{what} needs {size(needed_bytes)} on the disk of {where}, {size(free)} are free.")


def check_memory(checkpoint_bytes: int, result_bytes: int) -> None:
    """Raises CannotFetch when there is too little memory for the conversion."""
    # The checkpoint itself is mapped from its files, which takes no memory that others could not have.
    needed = result_bytes * 3 // 2 + min(checkpoint_bytes, _MOST_WORKING_BYTES)
    free = free_memory()
    if free is not None and free < needed:
        raise CannotFetch(f"The conversion needs about {size(needed)} of memory, {size(free)} are free.")


def convert(checkpoint: Path, target: Path, name: str, quantization: str) -> None:
    """Write the model folder. Nothing is at `target` before it is whole. Raises CannotFetch."""
    from ctranslate2.converters import TransformersConverter

    config = read_config(checkpoint)
    # A checkpoint that does not say what it holds would be read as float32: twice what float16 takes.
    unsaid = not (config.get("dtype") or config.get("torch_dtype"))
    draft = target.with_name(f".{target.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        TransformersConverter(
            str(checkpoint), load_as_float16=unsaid and quantization != "float32", low_cpu_mem_usage=True
        ).convert(str(draft), quantization=quantization)
        _write_tokenizer(checkpoint, draft)
    except (ValueError, OSError, RuntimeError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise CannotFetch(f"{checkpoint} can't be converted: {' '.join(str(error).split())}") from None
    about: dict[str, Any] = {"name": name}
    window = next((config[key] for key in _WINDOW if isinstance(config.get(key), int)), None)
    if window:
        about["context_tokens"] = window
    # Without it one token in a hundred is a slip that the rest of the reply follows.
    about["top_p"] = 0.9
    (draft / GENERATION).write_text(json.dumps(about, indent=2) + "\n")
    if target.exists():
        shutil.rmtree(target)
    draft.rename(target)


def _write_tokenizer(checkpoint: Path, draft: Path) -> None:
    """Most checkpoints bring the file; of the others transformers makes one."""
    if (checkpoint / TOKENIZER).exists():
        shutil.copy(checkpoint / TOKENIZER, draft / TOKENIZER)
        return
    from transformers import AutoTokenizer

    AutoTokenizer.from_pretrained(str(checkpoint), use_fast=True).backend_tokenizer.save(str(draft / TOKENIZER))
