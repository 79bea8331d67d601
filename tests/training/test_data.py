"""What the embedded model is taught: in the form of the worker's prompts, true, without the held-out questions."""

import itertools
import re
from pathlib import Path
from random import Random

import pytest
from django.conf import settings
from django.core.management import get_commands

from inference_worker.backends.base import Prompt, Turn
from inference_worker.prompt import defuse, text_prompt
from training.data import conversation, noise, project, sums, wording
from training.data.names import NAME_UNKNOWN
from training.evaluate import questions

ROOT = Path(__file__).parents[2]
SAMPLES = 10_000
_SUM = re.compile(r"\d+ [-+*/] \d+[-+*/()\d ]* = [-+*/()=\d ]*\d(?=\.)")
_NAME = re.compile(r"(?:[Yy]our name is|[Yy]ou are|to meet you,) ([^!]+?)(?:[.!]|$)")
_WORD = re.compile(r"\w+")


@pytest.fixture(scope="module")
def samples() -> list[list[tuple[str, str]]]:
    return list(itertools.islice(conversation.samples(seed=1), SAMPLES))


def test_the_same_seed_gives_the_same_samples(samples):
    again = list(itertools.islice(conversation.samples(seed=1), 100))
    other = list(itertools.islice(conversation.samples(seed=2), 100))

    assert again == samples[:100] != other


def test_a_wording_has_many_forms_and_keeps_its_slots():
    rng = Random(1)

    forms = {wording.expand(rng, "{hi|hello|{good |}morning} <name>") for _ in range(100)}
    assert forms == {"hi <name>", "hello <name>", "good morning <name>", "morning <name>"}
    for _ in range(500):
        assert "<name>" in noise.as_typed(rng, "What's wrong with <name>?")
    assert wording.fill("local:<folder> of <name>", {"name": "Ann"}) == "local:<folder> of Ann"


def test_what_stands_before_a_reply_is_the_prompt_of_the_worker(samples):
    for typed in samples[:2000]:
        # “bot :)” reads as a label.
        sample = [(defuse(message), reply) for message, reply in typed]
        turns: list[Turn] = []
        written = ""
        for (message, reply), (before, learned) in zip(sample, conversation.text(sample), strict=True):
            written += before
            prompt = Prompt(message, tuple(turns))
            assert written == text_prompt(prompt, context_tokens=10_000, max_new_tokens=100)
            assert learned == f" {reply}\nHuman:"
            assert "Human:" not in reply
            written += learned
            turns += [Turn("human", message), Turn("bot", reply)]
        assert len(turns) <= settings.CHAT["context_messages"] + 2


def test_every_step_of_every_sum_is_right(samples):
    worked_out = [sum_ for sample in samples for _, reply in sample for sum_ in _SUM.findall(reply)]

    for sum_ in worked_out:
        assert len({eval(step) for step in sum_.split(" = ")}) == 1, sum_
    assert len(worked_out) > 2000


@pytest.mark.parametrize(
    ("a", "sign", "b", "written"),
    [
        (47, "+", 38, "47 + 38 = 70 + 15 = 85."),
        (7, "+", 5, "7 + 5 = 12."),
        (83, "-", 19, "83 - 19 = 83 - 20 + 1 = 63 + 1 = 64."),
        (88, "-", 35, "88 - 35 = 53."),
        (3, "-", 8, "3 - 8 = -5."),
        (42, "/", 7, "42 / 7 = 6."),
    ],
)
def test_a_sum_is_written_with_its_steps(a, sign, b, written):
    assert sums.worked_out(a, sign, b) == written


def test_no_reply_gives_a_name_that_the_visitor_did_not_tell(samples):
    given = 0
    for sample in samples:
        told = ""
        for message, reply in sample:
            told += f" {message}"
            if reply in NAME_UNKNOWN:
                continue
            if reply.startswith(("Your name is", "You told me: your name is", "You are ", "Of course, you are")):
                given += 1
                name = _NAME.search(reply)
                assert name, reply
                assert name[1] in told, sample
    assert given > 500


def test_a_name_that_was_not_told_is_not_known(samples):
    unknown = [sample for sample in samples if sample[-1][1] in NAME_UNKNOWN]

    assert len(unknown) > 100


def test_what_the_replies_say_to_type_exists():
    replies = "\n".join(reply for _, _, replies in project.TOPICS.values() for reply in replies)
    makefile = (ROOT / "Makefile").read_text()
    example = (ROOT / ".env.example").read_text()

    for target in set(re.findall(r"`make (\w+)", replies)):
        assert f"\n{target}:" in makefile, target
    for command in set(re.findall(r"manage\.py (\w+)", replies)):
        assert command in get_commands(), command
    for variable in set(re.findall(r"\b((?:MODEL|CHAT|REDIS|DJANGO|HUGGINGFACE|DATABASE)_[A-Z_]+)\b", replies)):
        assert variable in example, variable
    for path in set(re.findall(r"\b(?:docs|chat|training)/(?:\w+\.\w+)?", replies)):
        assert (ROOT / path).exists(), path


def test_the_numbers_in_the_replies_are_those_of_the_settings():
    def reply(topic: str) -> str:
        return " ".join(project.TOPICS[topic][2])

    assert f"{settings.CHAT['lease_s']:.0f} seconds" in reply("lease")
    assert f"{settings.CHAT['max_chars']} characters" in reply("limits")
    assert f"{settings.CHAT['messages_per_minute']} messages a minute" in reply("limits")
    assert f"up to {settings.CHAT['max_pending']} may wait" in reply("mailbox")
    assert f"last {settings.CHAT['context_messages']} messages" in reply("context")
    assert settings.CHAT["session_ttl_s"] == 3600
    assert "one hour" in reply("session")


def test_held_out_questions_and_names_are_not_taught(samples):
    held_out = {_plain(message) for _, question in questions() for message in question["say"]}
    names = {question["name"].casefold() for _, question in questions() if question.get("name")}
    taught = {_plain(message) for sample in samples for message, _ in sample}
    words = {word for message in taught for word in message.split()}

    assert not held_out & taught
    assert not names & words
    assert len(held_out) > 400


def _plain(message: str) -> str:
    """What is left of the wording without case and marks."""
    return " ".join(_WORD.findall(message.casefold()))
