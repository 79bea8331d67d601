"""`make lock`: requirements.lock, which is requirements.txt with the hashes of all files of each package.

The versions are chosen in requirements.txt alone, by hand, every package pinned. The lock adds what pip needs to
refuse a file that somebody has exchanged: pip install --require-hashes -r requirements.lock
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SOURCE, LOCK = BASE_DIR / "requirements.txt", BASE_DIR / "requirements.lock"
PIP_TOOLS = "pip-tools==7.6.2"
HEAD = "# Made by `make lock` from requirements.txt. Not to be edited.\n"


def pins(text: str) -> dict[str, tuple[str, str]]:
    """Each package of requirements.txt or of the lock: its version, and where it is needed ('' everywhere)."""
    found = {}
    for line in text.splitlines():
        if match := re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)\s*(?:;\s*([^\\]+?))?\s*\\?$", line):
            found[re.sub(r"[-_.]+", "-", match[1]).lower()] = (match[2], match[3] or "")
    return found


def main() -> int:
    wanted = pins(SOURCE.read_text())
    tools = BASE_DIR / "var" / "lock"
    if not (tools / "bin" / "pip-compile").exists():
        subprocess.run([sys.executable, "-m", "venv", str(tools)], check=True)
        subprocess.run([str(tools / "bin" / "pip"), "install", "--quiet", PIP_TOOLS], check=True)
    with tempfile.TemporaryDirectory() as folder:
        source, lock = Path(folder) / "requirements.in", Path(folder) / "requirements.lock"
        # For every machine: what only some of them need gets its condition back below.
        source.write_text(re.sub(r"\s*;.*", "", SOURCE.read_text()))
        options = [
            "--quiet",
            "--generate-hashes",
            "--strip-extras",
            "--allow-unsafe",
            "--no-annotate",
            "--no-header",
        ]
        # No address of whoever served the packages belongs into it.
        options += ["--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links", "--no-emit-options"]
        command = [str(tools / "bin" / "pip-compile"), *options, "--output-file", str(lock), str(source)]
        subprocess.run(command, check=True, cwd=folder)
        text = lock.read_text()
    missing = set(pins(text)) ^ set(wanted)
    if missing:
        print(f"make lock: requirements.txt pins too few packages, or too many: {', '.join(sorted(missing))}")
        return 1
    for name, (version, marker) in wanted.items():
        if marker:
            line = re.compile(rf"^({re.escape(name)}=={re.escape(version)})", re.MULTILINE | re.IGNORECASE)
            text = line.sub(rf"\1 ; {marker}", text)
    LOCK.write_text(HEAD + text)
    print(f"make lock: {len(wanted)} packages, {text.count('--hash=')} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
