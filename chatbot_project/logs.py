"""How a line of the log looks: for people, or as JSON (LOG_FORMAT=json). Both name session and message."""

import logging
from datetime import UTC, datetime
from typing import Any

import orjson


class LineFormatter(logging.Formatter):
    """`2026-01-31 12:00:00,000 WARNING inference_worker.turn [Zk3v9QpL 123e…] what happened`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s%(about)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        known = [text for text in (getattr(record, "session", ""), getattr(record, "message_id", "")) if text]
        record.about = f" [{' '.join(known)}]" if known else ""
        return super().format(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (ISO 8601 UTC), level, logger, process, message; session, message_id, error."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        for name in ("session", "message_id"):
            if value := getattr(record, name, ""):
                line[name] = value
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        # Lone surrogates have no place in JSON of UTF-8.
        text = {name: _printable(value) for name, value in line.items()}
        return orjson.dumps(text).decode()


def _printable(value: Any) -> Any:
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


def config(level: str, form: str) -> dict[str, Any]:
    """The logging of a process, all of it to stderr. `form`: "line" or "json"."""
    formatter = JsonFormatter if form == "json" else LineFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"chosen": {"()": formatter}},
        "filters": {"about": {"()": "chat.about.AboutFilter"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "chosen", "filters": ["about"]},
        },
        "root": {"handlers": ["console"], "level": level},
    }
