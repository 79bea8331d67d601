from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured

from inference_worker.backends import open_backend
from inference_worker.conf import ModelConf, get_model_conf


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    get_model_conf.cache_clear()
    yield
    get_model_conf.cache_clear()


def test_settings_become_one_conf(settings):
    settings.MODEL = settings.MODEL | {"url": "echo:", "max_new_tokens": 7}
    assert get_model_conf() is get_model_conf()
    assert (get_model_conf().url, get_model_conf().max_new_tokens) == ("echo:", 7)


def test_unknown_setting_is_named(settings):
    settings.MODEL = settings.MODEL | {"colour": "red"}
    with pytest.raises(ImproperlyConfigured, match="colour"):
        get_model_conf()


def test_window_without_room_for_a_prompt_is_refused():
    with pytest.raises(ImproperlyConfigured, match=r"MODEL_MAX_NEW_TOKENS.*MODEL_CONTEXT_TOKENS"):
        ModelConf(url="echo:", max_new_tokens=2048, context_tokens=2048)


def test_repr_shows_no_secret():
    conf = ModelConf(url="http://me:secret1@host/", api_key="secret2", huggingface_token="secret3")
    assert "secret" not in repr(conf)


@pytest.mark.parametrize("url", ["gopher://me:secret@host/", "secret", "", "http://[secret", "http:secret"])
def test_unknown_model_is_refused_without_showing_the_url(url):
    with pytest.raises(ImproperlyConfigured, match="MODEL_URL") as caught:
        open_backend(ModelConf(url=url), 1)
    assert "secret" not in str(caught.value)


def test_model_of_a_later_version_is_refused_with_what_is_possible():
    with pytest.raises(ImproperlyConfigured, match=r"http://.*openai\+http://.*echo:.*not supported yet"):
        open_backend(ModelConf(url="local:models/gpt-j"), 1)
