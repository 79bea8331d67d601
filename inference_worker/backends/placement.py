"""Where a local model runs: on which device, in which numbers, with how many threads."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

import ctranslate2
from django.core.exceptions import ImproperlyConfigured

from inference_worker.machine import cores

# Threads of a small model wait for one another longer than they work. Measured on two cores: a model of 3.5 MB is
# five times as fast with one thread, one of 200 MB no slower with two.
BYTES_PER_THREAD = 32 * 1024 * 1024
# So that a newcomer need not wait until a whole batch is done.
LANES = 2
_OPTIONS = ("device", "compute_type", "threads", "lanes")


@dataclass(frozen=True, slots=True)
class Placement:
    """The options of `local:<folder>?device=cuda&compute_type=float16&threads=4&lanes=2`."""

    device: str
    compute_type: str
    threads: int
    """Of the processor, for one batch."""
    lanes: int
    """Batches at once. They share the weights."""

    @classmethod
    def chosen(cls, query: str, model_bytes: int) -> "Placement":
        """What the query says, the rest as it suits the model and the machine. Raises ImproperlyConfigured."""
        options = dict(parse_qsl(query, keep_blank_values=True))
        unknown = sorted(set(options) - set(_OPTIONS))
        if unknown:
            raise ImproperlyConfigured(
                f"MODEL_URL has options that local: does not know: {', '.join(unknown)}. "
                f"It knows {', '.join(_OPTIONS)}."
            )
        device = options.get("device", "auto")
        if device not in ("auto", "cpu", "cuda"):
            raise ImproperlyConfigured("MODEL_URL: device must be auto, cpu or cuda.")
        gpus = ctranslate2.get_cuda_device_count()
        if device == "auto":
            device = "cuda" if gpus else "cpu"
        elif device == "cuda" and not gpus:
            raise ImproperlyConfigured("MODEL_URL: device=cuda, but no CUDA device is found here.")
        possible = ctranslate2.get_supported_compute_types(device)
        usual = "float16" if device == "cuda" else "int8"
        compute_type = options.get("compute_type", usual if usual in possible else "default")
        if compute_type not in (*possible, "default", "auto"):
            raise ImproperlyConfigured(
                f"MODEL_URL: compute_type must be one of {', '.join(sorted(possible))} on this device ({device})."
            )
        threads = _whole(options, "threads", min(cores(), max(1, model_bytes // BYTES_PER_THREAD)))
        return cls(device, compute_type, threads, _whole(options, "lanes", LANES))

    def __str__(self) -> str:
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}" if self.device == "cpu" else self.device
        return f"{self.compute_type}, {self.lanes} × {threads}"


def _whole(options: dict[str, str], name: str, default: int) -> int:
    try:
        value = int(options.get(name, default))
    except ValueError:
        value = 0
    if not 1 <= value <= 256:
        raise ImproperlyConfigured(f"MODEL_URL: {name} must be a whole number from 1 to 256.")
    return value
