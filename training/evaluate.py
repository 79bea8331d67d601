"""Ask the model the questions in training/eval/, as the worker would: python -m training.evaluate

Same backend, prompt, window and sampling as in the chat, so this is run by the chat's own environment.
"""

import argparse
import asyncio
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from training.judge import Answer, Question, nonsense, right

QUESTIONS = Path(__file__).parent / "eval"
_ROW = "{:<34}{:>8}{:>8}{:>9}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="another folder than that of the settings")
    parser.add_argument(
        "--rounds", type=int, default=1, help="ask everything so often: replies are drawn by chance"
    )
    parser.add_argument("--failures", action="store_true", help="print each wrong answer")
    options = parser.parse_args()
    if options.model:
        os.environ["MODEL_URL"] = f"local:{options.model.resolve()}"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_project.settings")
    os.environ.setdefault("DJANGO_DEBUG", "1")
    asyncio.run(_evaluate(options.rounds, options.failures))


def questions() -> Iterator[tuple[str, Question]]:
    """Each with its group, the name of its file."""
    for file in sorted(QUESTIONS.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            yield file.stem, json.loads(line)


async def _evaluate(rounds: int, failures: bool) -> None:
    import django

    django.setup()
    from django.conf import settings

    from inference_worker.backends import open_backend
    from inference_worker.backends.base import Backend, Finish, Prompt, Turn
    from inference_worker.conf import get_model_conf

    async def answer(backend: Backend, turns: list[Turn], message: str) -> Answer:
        prompt = Prompt(message, tuple(turns[-settings.CHAT["context_messages"] :]))
        text, ended = "", True
        async for item in backend.stream(prompt):
            if isinstance(item, Finish):
                ended = item.reason == "stop"
            else:
                text += item
        seen = "\n".join([*(turn.text for turn in prompt.context), message])
        return Answer(seen, text, ended)

    asked, correct = Counter[str](), Counter[str]()
    replies = strange = 0
    backend = open_backend(get_model_conf(), 1)
    try:
        for group, question in (pair for _ in range(rounds) for pair in questions()):
            turns: list[Turn] = []
            for message in question["say"]:
                given = await answer(backend, turns, message)
                turns += [Turn("human", message), Turn("bot", given.text)]
                replies += 1
                why = nonsense(given)
                strange += bool(why)
                if why and failures:
                    print(f"nonsense ({why}): {message} -> {given.text}")
            row = _row(group, question)
            asked[row] += 1
            if right(group, question, given):
                correct[row] += 1
            elif failures:
                print(f"{row}: {' | '.join(question['say'])} -> {given.text}")
    finally:
        await backend.close()
    print(_ROW.format("", "asked", "right", ""))
    for row in sorted(asked):
        print(_ROW.format(row, asked[row], correct[row], f"{correct[row] / asked[row]:.1%}"))
    print(_ROW.format("nonsense among all replies", replies, strange, f"{strange / replies:.1%}"))


def _row(group: str, question: Question) -> str:
    if group != "names" or not question["name"]:
        return "names, none told" if group == "names" else group
    return f"names, {len(question['say']) - 2} turns between"


if __name__ == "__main__":
    main()
