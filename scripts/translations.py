"""`make translations`: finds the words of the pages and brings locale/ up to date, the .po and the .mo files.

What is new comes with an empty translation, which the tests then name. The admin stays English: its words are the
operators', and stand in their logs. gettext's own tools are not needed.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages import extract, mofile, pofile
from babel.messages.catalog import Catalog
from django.utils.translation.template import templatize

BASE_DIR = Path(__file__).resolve().parent.parent
LOCALE = BASE_DIR / "locale"
LANGUAGES = ("zh_Hans",)
DOMAINS = ("django", "djangojs")
"""What the server says, and what the live page says. What errors say is in both."""

_GETTEXT = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
_GETTEXT_JS: dict[str, Any] = {"gettext": None, "ngettext": (1, 2)}
_STRING = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_CALL = re.compile(rf"(?:n?gettext|_)\({_STRING}(?:, {_STRING}, count)?\)")


def found(domain: str) -> Catalog:
    """The words of a domain as the sources have them."""
    catalog = Catalog(fuzzy=False, charset="utf-8")
    files = [*_error_words(), *(_page_words() if domain == "djangojs" else _server_words())]
    for path, message in sorted(files, key=lambda entry: (str(entry[0]), str(entry[1]))):
        catalog.add(message, locations=[(path.relative_to(BASE_DIR).as_posix(), 0)])
    return catalog


def stored(language: str, domain: str) -> Catalog:
    """The translations of a domain, as they lie in locale/."""
    path = _path(language, domain, "po")
    if not path.exists():
        return Catalog(locale=language, domain=domain)
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language, domain=domain, abort_invalid=True)


def compiled(catalog: Catalog) -> bytes:
    """The .mo of a catalog."""
    file = io.BytesIO()
    # The same words give the same bytes on any day.
    catalog.creation_date = catalog.revision_date = datetime(2000, 1, 1, tzinfo=UTC)
    mofile.write_mo(file, catalog)
    return file.getvalue()


def update(language: str) -> list[str]:
    """Bring the files of a language up to date; gives what has no translation yet."""
    before = {domain: stored(language, domain) for domain in DOMAINS}
    missing = []
    for domain in DOMAINS:
        catalog = Catalog(locale=language, domain=domain, charset="utf-8", fuzzy=False)
        for message in found(domain):
            if not message.id:
                continue
            known = [translated for place in (domain, *DOMAINS) if (translated := before[place].get(message.id))]
            text = next((entry.string for entry in known if entry.string), None)
            catalog.add(message.id, text, locations=message.locations)
            if not text:
                missing.append(str(message.id))
        _write(catalog, _path(language, domain, "po"), _po(catalog))
        _write(catalog, _path(language, domain, "mo"), compiled(catalog))
    return missing


def _po(catalog: Catalog) -> bytes:
    file = io.BytesIO()
    # Sorted and without lines and dates: two branches that add words seldom meet.
    pofile.write_po(file, catalog, width=110, sort_output=True, omit_header=True, include_lineno=False)
    header = (
        "# `make translations` finds new words, removes old ones and compiles.\n"
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Language: {catalog.locale_identifier}\\n"\n"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    return header.encode() + file.getvalue()


def _write(catalog: Catalog, path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
        print(f"{path.relative_to(BASE_DIR)}: {len(catalog)} messages")


def _path(language: str, domain: str, kind: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.{kind}"


# --- Where words are found ---


def _server_words() -> Iterator[tuple[Path, Any]]:
    for path in sorted((BASE_DIR / "chat").rglob("*.py")):
        if "admin" not in path.parts:
            yield from _calls(path, path.read_text(), _GETTEXT)
    for path in sorted((BASE_DIR / "templates" / "chat").rglob("*.html")):
        # Django makes a template into gettext calls between X's; only the calls are Python.
        calls = _CALL.findall(templatize(path.read_text(), origin=str(path)))
        yield from _calls(path, "\n".join(calls), _GETTEXT)


def _page_words() -> Iterator[tuple[Path, Any]]:
    for path in sorted((BASE_DIR / "static" / "chat" / "js").rglob("*.js")):
        for entry in extract.extract("javascript", io.BytesIO(path.read_bytes()), _GETTEXT_JS):
            yield path, entry[1]


def _error_words() -> Iterator[tuple[Path, Any]]:
    """Docstrings of errors, and the details with which they are raised."""
    errors = BASE_DIR / "chat" / "errors.py"
    classes = [node for node in ast.parse(errors.read_text()).body if isinstance(node, ast.ClassDef)]
    for node in classes:
        if text := ast.get_docstring(node):
            yield errors, text
    # No page sends bad frames.
    names = {node.name for node in classes} - {"BadFrame", "UnknownType"} | {"gettext_noop"}
    for folder in ("chat", "inference_worker"):
        for path in sorted((BASE_DIR / folder).rglob("*.py")):
            yield from _calls(path, path.read_text(), names)


def _calls(path: Path, source: str, names: set[str]) -> Iterator[tuple[Path, Any]]:
    """The texts with which functions are called: one, or two for those that count."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        count = 2 if name.startswith("ngettext") else 1
        texts = [given.value for given in node.args[:count] if isinstance(given, ast.Constant) and given.value]
        if name in names and len(texts) == count:
            yield path, texts[0] if count == 1 else tuple(texts)


def main() -> int:
    for language in LANGUAGES:
        for text in update(language):
            print(f"{language}: not translated yet: {text}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
