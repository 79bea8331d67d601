"""`python manage.py fetch_model EleutherAI/gpt-j-6b`: a model folder for `MODEL_URL=local:…`."""

import re
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from inference_worker.conf import get_model_conf
from inference_worker.fetching import conversion
from inference_worker.fetching.errors import CannotFetch
from inference_worker.fetching.hub import Hub, RemoteFile
from inference_worker.fetching.progress import Progress, size

# Half the download of its main branch; nothing of it is left after rounding to int8.
_REVISIONS = {"eleutherai/gpt-j-6b": "float16"}


class Command(BaseCommand):
    """Download a checkpoint, or take a folder with one, and convert it."""

    help = "Downloads a text model from the Hugging Face hub and converts it for MODEL_URL=local:<folder>."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", help="such as EleutherAI/gpt-j-6b, or a folder with a checkpoint")
        parser.add_argument(
            "--quantization", choices=tuple(conversion.BYTES_PER_PARAMETER), default="int8", help="(int8)"
        )
        parser.add_argument("--revision", default="", help="a branch, tag or commit of the model (main)")
        parser.add_argument("--output", type=Path, help="the folder to write (models/<name>)")
        parser.add_argument("--force", action="store_true", help="replace a folder that is there")
        parser.add_argument("--keep", action="store_true", help="keep the downloaded checkpoint afterwards")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._fetch(options)
        except CannotFetch as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped. The same command goes on where this one ended.", returncode=130) from None

    def _fetch(self, options: dict[str, Any]) -> None:
        model, quantization = options["model"], options["quantization"]
        is_folder = Path(model).expanduser().is_dir()
        if not is_folder and not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", model):
            raise CannotFetch(f"{model} is neither a folder nor the name of a model, such as EleutherAI/gpt-j-6b.")
        name = Path(model).expanduser().resolve().name if is_folder else model.rpartition("/")[2]
        models = settings.BASE_DIR / "models"
        target = (options["output"] or models / name).absolute()
        if target.exists() and not options["force"]:
            raise CannotFetch(f"{target} is there already; --force replaces it. To use it: {_setting(target)}")
        conversion.check_packages()
        target.parent.mkdir(parents=True, exist_ok=True)
        if is_folder:
            checkpoint = Path(model).expanduser().resolve()
        else:
            checkpoint = models / ".checkpoints" / model.replace("/", "--")
            self._download(model, options["revision"], checkpoint, quantization)
        self._convert(checkpoint, target, name, quantization)
        if not is_folder and not options["keep"]:
            shutil.rmtree(checkpoint)
        self.stdout.write(self.style.SUCCESS(f"{target} is ready, {size(_bytes(target))}. Now set"))
        self.stdout.write(f"    {_setting(target)}")
        self.stdout.write(f'and try it: {_setting(target)} python manage.py check_model "Hello"')

    def _download(self, repo: str, revision: str, folder: Path, quantization: str) -> None:
        conf = get_model_conf()
        revision = revision or _REVISIONS.get(repo.lower(), "main")
        hub = Hub(conf.huggingface_endpoint, conf.huggingface_token, repo, revision)
        files = hub.files()
        folder.mkdir(parents=True, exist_ok=True)
        total = sum(file.bytes for file in files)
        there = sum(_there(file, folder) for file in files)
        # The small ones first: a model that can't be converted is not downloaded.
        progress = Progress(self.stdout, total, there)
        self.stdout.write(f"Downloading {repo} ({revision}): {size(total)}, of which {size(there)} are there.")
        conversion.check_room(folder, total - there, "The checkpoint")
        for number, file in enumerate(files):
            hub.fetch(file, folder, progress.add)
            if file.name == "config.json" and number < len(files) - 1:
                self._check(folder, total, folder, quantization, still_to_come=total - _bytes(folder))
        progress.end()

    def _convert(self, checkpoint: Path, target: Path, name: str, quantization: str) -> None:
        weights = sum(
            file.stat().st_size for file in checkpoint.iterdir() if file.suffix in (".safetensors", ".bin")
        )
        self._check(checkpoint, weights, target.parent, quantization, still_to_come=0)
        self.stdout.write(f"Converting to {quantization}: about a minute for each 2 GB, without a word …")
        conversion.convert(checkpoint, target, name, quantization)

    def _check(
        self, checkpoint: Path, weights: int, where: Path, quantization: str, *, still_to_come: int
    ) -> None:
        conversion.check_kind(checkpoint)
        result = conversion.converted_bytes(weights, conversion.read_config(checkpoint), quantization)
        conversion.check_memory(weights, result)
        conversion.check_room(where, still_to_come + result, "The converted model")


def _setting(target: Path) -> str:
    inside = target.is_relative_to(settings.BASE_DIR)
    # A blank would end the URL.
    return f"MODEL_URL=local:{quote(str(target.relative_to(settings.BASE_DIR) if inside else target))}"


def _there(file: RemoteFile, folder: Path) -> int:
    """How much of a file was downloaded by an earlier run."""
    for path in (folder / file.name, folder / f"{file.name}.part"):
        if path.exists():
            return min(path.stat().st_size, file.bytes)
    return 0


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
