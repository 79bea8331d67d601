"""A line of the log says which session and which message it is about."""

import asyncio
import io
import json
import logging
import logging.config
import sys
from collections.abc import Iterator
from contextvars import Context

import pytest

from chat import about
from chatbot_project.logs import JsonFormatter, LineFormatter

SESSION, MESSAGE = "Zk3v9QpLmN-longer", "123e4567-e89b-12d3-a456-426614174000"


@pytest.fixture
def logger() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    logger, output = logging.getLogger("test.logs"), io.StringIO()
    handler = logging.StreamHandler(output)
    handler.addFilter(about.AboutFilter())
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, output
    logger.removeHandler(handler)


def said(logger: tuple[logging.Logger, io.StringIO], form: logging.Formatter) -> list[str]:
    log, output = logger
    log.handlers[0].setFormatter(form)

    async def one(session: str, message: str) -> None:
        about.session(session)
        about.message(message)
        await asyncio.sleep(0)
        log.warning("%s happened", "it")

    async def both() -> None:
        # Tasks that take turns do not take over each other's words.
        await asyncio.gather(one(SESSION, MESSAGE), one("another-session", ""))
        log.warning("nothing special")
        log.warning("seen from outside", extra=about.other(SESSION))

    # Requests of tests in this process may have left theirs behind.
    Context().run(asyncio.run, both())
    return output.getvalue().splitlines()


def test_lines_for_people(logger: tuple[logging.Logger, io.StringIO]) -> None:
    lines = said(logger, LineFormatter())
    assert [line.partition("WARNING ")[2] for line in lines] == [
        f"test.logs [Zk3v9QpL {MESSAGE}] it happened",
        "test.logs [another-] it happened",
        "test.logs nothing special",
        "test.logs [Zk3v9QpL] seen from outside",
    ]


def test_lines_for_programs(logger: tuple[logging.Logger, io.StringIO]) -> None:
    lines = [json.loads(line) for line in said(logger, JsonFormatter())]
    assert lines[0] | {"time": "", "process": 0} == {
        "time": "",
        "level": "WARNING",
        "logger": "test.logs",
        "process": 0,
        "message": "it happened",
        "session": "Zk3v9QpL",
        "message_id": MESSAGE,
    }
    assert lines[0]["time"].endswith("Z")
    assert [line.get("session") for line in lines] == ["Zk3v9QpL", "another-", None, "Zk3v9QpL"]
    assert all("message_id" not in line for line in lines[1:])


def test_whatever_is_logged_is_one_line_of_json() -> None:
    # Formatted, not logged: the half of a character would break what pytest's processes tell each other.
    try:
        raise ValueError("two\nlines \ud800")
    except ValueError:
        record = logging.LogRecord("test.logs", logging.ERROR, "", 0, "broken\n%s", ({"a": "\0"},), sys.exc_info())
    about.AboutFilter().filter(record)
    (line,) = JsonFormatter().format(record).splitlines()
    assert "ValueError: two\nlines \\ud800" in json.loads(line)["error"]
