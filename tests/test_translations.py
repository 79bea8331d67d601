"""The pages speak every language of the site, completely: locale/ holds what the sources say, translated."""

import pytest

from scripts import translations

HINT = "run `make translations`, then translate what is empty in locale/"
FILES = [(language, domain) for language in translations.LANGUAGES for domain in translations.DOMAINS]


@pytest.mark.parametrize(("language", "domain"), FILES)
def test_every_word_is_translated(language: str, domain: str):
    stored = translations.stored(language, domain)
    for wanted in translations.found(domain):
        if not wanted.id:
            continue
        message = stored.get(wanted.id)
        assert message, f"{wanted.id}: {HINT}"
        assert message.string, f"{wanted.id}: {HINT}"
        assert all(message.string), f"{wanted.id}: {HINT}"
        assert not message.fuzzy, f"{wanted.id}: {HINT}"
        assert not list(message.check(stored)), f"other places for values: {wanted.id}"


@pytest.mark.parametrize(("language", "domain"), FILES)
def test_what_is_compiled_is_what_is_written(language: str, domain: str):
    stored = translations.stored(language, domain)
    compiled = translations.LOCALE / language / "LC_MESSAGES" / f"{domain}.mo"
    assert compiled.read_bytes() == translations.compiled(stored), HINT
