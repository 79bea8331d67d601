"""Downloads from the hub, or any server that speaks as it does. Interrupted ones go on where they were."""

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from inference_worker.fetching.errors import CannotFetch

TIMEOUT_S = 30.0
CHUNK_BYTES = 1024 * 1024
# Tries in a row that bring nothing. Each that brings something counts anew.
TRIES = 5
PAUSE_S = 1.0

_TEXTS = {
    "config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "tokenizer.model",
    "special_tokens_map.json", "added_tokens.json",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a checkpoint."""

    name: str
    bytes: int
    sha256: str
    """Empty where the hub says none, as for small files."""


class Hub:
    """One model's files at one revision. All methods raise CannotFetch."""

    def __init__(self, endpoint: str, token: str, repo: str, revision: str) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._repo = repo
        self._revision = revision
        self._session = requests.Session()
        # As requests goes to another host, it leaves this behind.
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def files(self) -> list[RemoteFile]:
        """What a conversion needs: the configuration, the tokenizer, and the weights in one of their forms."""
        try:
            with self._get(f"/api/models/{self._repo}/tree/{quote(self._revision, safe='')}") as response:
                return chosen(_remote_file(entry) for entry in response.json() if entry["type"] == "file")
        except (ValueError, KeyError, TypeError):
            raise CannotFetch(f"{self._endpoint} gave no list of files for {self._repo}.") from None
        except requests.RequestException as error:
            raise CannotFetch(
                f"The hub at {self._endpoint} can't be reached ({type(error).__name__}). Check the network and "
                "the proxy, or download the checkpoint elsewhere and give its folder instead of the name."
            ) from None

    def fetch(self, file: RemoteFile, folder: Path, arrived: Callable[[int], None]) -> None:
        """Bring a file into the folder. `arrived` is told of bytes as they come; less than 0 takes some back."""
        target = folder / file.name
        if target.exists() and target.stat().st_size == file.bytes:
            return
        part = target.with_name(f"{file.name}.part")
        tries = 0
        while (before := _size(part)) < file.bytes or not part.exists():
            try:
                self._append(file, part, arrived)
            except requests.RequestException as error:
                tries = 1 if _size(part) > before else tries + 1
                if tries >= TRIES:
                    raise CannotFetch(
                        f"The download of {file.name} broke off ({type(error).__name__}). What is there stays: "
                        "the same command goes on."
                    ) from None
                time.sleep(PAUSE_S * tries)
        if _size(part) != file.bytes or (file.sha256 and _sha256(part) != file.sha256):
            arrived(-_size(part))
            part.unlink()
            raise CannotFetch(f"{file.name} did not arrive as the hub describes it. Start the command again.")
        part.rename(target)

    def _append(self, file: RemoteFile, part: Path, arrived: Callable[[int], None]) -> None:
        there = _size(part)
        path = f"/{self._repo}/resolve/{quote(self._revision, safe='')}/{quote(file.name)}"
        # Compressed bytes could not be continued.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
        with self._get(path, headers) as response:
            if there and response.status_code != 206:
                # This server can't begin in the middle.
                arrived(-there)
                there = 0
            with part.open("ab" if there else "wb") as out:
                for chunk in response.iter_content(CHUNK_BYTES):
                    out.write(chunk)
                    arrived(len(chunk))
        if _size(part) < file.bytes:
            raise requests.ConnectionError("the answer ended early")

    def _get(self, path: str, headers: dict[str, str] | None = None) -> requests.Response:
        """An answer that is one. Raises RequestException for what may pass, CannotFetch for what will not."""
        response = self._session.get(f"{self._endpoint}{path}", headers=headers, stream=True, timeout=TIMEOUT_S)
        if response.status_code in (200, 206):
            return response
        with response:
            if response.status_code == 429 or response.status_code >= 500:
                raise requests.ConnectionError(f"HTTP {response.status_code}")
            raise self._refusal(response)

    def _refusal(self, response: requests.Response) -> CannotFetch:
        code = response.headers.get("X-Error-Code", "")
        if code == "RevisionNotFound":
            return CannotFetch(f"{self._repo} has no revision {self._revision}.")
        if code == "GatedRepo" or response.status_code == 403:
            return CannotFetch(
                f"{self._repo} is given only to those that its owner lets in: ask there, set HF_TOKEN."
            )
        if response.status_code in (401, 404):
            return CannotFetch(f"There is no model {self._repo} at {self._endpoint}, or HF_TOKEN may not see it.")
        return CannotFetch(f"The hub answered with HTTP {response.status_code} for {self._repo}.")


def chosen(files: Iterable[RemoteFile]) -> list[RemoteFile]:
    """The files that a conversion needs, smallest first. Many repositories hold the weights in several forms."""
    files = list(files)
    for beginning, ending in (("model", ".safetensors"), ("pytorch_model", ".bin")):
        ends = (ending, f"{ending}.index.json")
        weights = [file for file in files if file.name.startswith(beginning) and file.name.endswith(ends)]
        if weights:
            texts = [file for file in files if file.name in _TEXTS]
            return sorted(texts + weights, key=lambda file: file.bytes)
    raise CannotFetch("This repository holds no weights that can be converted (safetensors or PyTorch).")


def _remote_file(entry: dict[str, Any]) -> RemoteFile:
    large = entry.get("lfs") or {}
    return RemoteFile(entry["path"], int(large.get("size", entry["size"])), str(large.get("oid", "")))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
