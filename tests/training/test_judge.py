"""The rules that judge the model's answers: each must be able to fail."""

import pytest

from training.data.jokes import JOKES
from training.judge import Answer, Question, nonsense, right


def answer(text: str, prompt: str = "", *, ended: bool = True) -> Answer:
    return Answer(prompt, text, ended)


@pytest.mark.parametrize(
    ("group", "question", "good", "bad"),
    [
        ("project", {"say": ["?"], "any": ["make run"]}, "Type `make run`.", "Type `make test`."),
        ("outofscope", {"say": ["?"], "any": ["bees"]}, "On bees I'm too small a model.", "Bees are insects."),
        ("outofscope", {"say": ["?"], "any": ["bees"]}, "On bees I'm too small a model.", "I'm a small model."),
        ("sums", {"say": ["?"], "result": 12}, "7 + 5 = 12.", "7 + 12 = 5."),
        ("things", {"say": ["?"], "thing": "teal"}, "It is Teal.", "It is blue."),
        ("jokes", {"say": ["?"]}, JOKES[0], "I know no joke."),
    ],
)
def test_rules_tell_right_from_wrong(group: str, question: Question, good: str, bad: str):
    assert right(group, question, answer(good))
    assert not right(group, question, answer(bad))


def test_a_name_in_sight_must_be_given_and_no_other():
    question: Question = {"say": ["…"], "name": "Thessaly"}

    assert right("names", question, answer("Your name is Thessaly.", "I'm Thessaly"))
    assert not right("names", question, answer("Your name is Thes.", "I'm Thessaly"))
    assert not right("names", question, answer("I don't know your name.", "I'm Thessaly"))


def test_a_name_out_of_sight_must_not_be_guessed():
    question: Question = {"say": ["…"], "name": "Thessaly"}

    assert right("names", question, answer("I don't know your name. I only see the last messages.", "hello"))
    assert not right("names", question, answer("Your name is Anna.", "hello"))


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("Run `make run` in the blorpfolder.", True),
        ("I am a small demo model. I am a small demo model.", True),
        ("Run `make run`", False),
        ("", True),
        ("Hello \ufffd", True),
    ],
)
def test_nonsense_is_seen(text: str, ended: bool):
    assert nonsense(answer(text, ended=ended))


def test_words_of_the_conversation_are_no_nonsense():
    assert not nonsense(answer("Nice to meet you, Blorp!", "my name is Blorp"))
    assert nonsense(answer("Nice to meet you, Blorp!", "my name is Glorp"))
