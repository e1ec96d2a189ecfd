"""Structured logs: JSON in production, readable lines elsewhere; one request id crosses every process; no secrets.

The request id is bound at each door (HTTP, Celery, a drained event) and printed on every line written behind it.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

import structlog

from infra.ids import new_id

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

_SECRET_FIELDS = re.compile(
    r"openid|unionid|phone|mobile|password|secret|token|aes_key|authorization|ticket", re.IGNORECASE
)
# What a careless message could contain: openids (28 characters from "o"), mainland mobiles, tokens in query strings.
_SECRET_VALUES = re.compile(
    r"o[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])|(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)|(?<=access_token=)[^&\s\"']+|(?<=secret=)[^&\s\"']+"
)
HIDDEN = "***"


def current_request_id() -> str | None:
    return _request_id.get()


@contextmanager
def request_context(request_id: str | None = None) -> Iterator[str]:
    """Everything logged and published inside carries this id (a new one if none came in)."""
    chosen = request_id or str(new_id())
    mark = _request_id.set(chosen)
    try:
        yield chosen
    finally:
        _request_id.reset(mark)


def redact(text: str) -> str:
    """The text without openids, mobile numbers and tokens."""
    return _SECRET_VALUES.sub(HIDDEN, text)


def _add_request_id(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    request_id = _request_id.get()
    if request_id is not None:
        line.setdefault("request_id", request_id)
    return line


def _hide(key: str, value: object) -> object:
    if _SECRET_FIELDS.search(key):
        return HIDDEN
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, dict):
        return {redact(str(k)): _hide(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hide(key, v) for v in value]
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    shown = redact(text)
    # A number stays a number unless it looks like a phone's.
    return value if isinstance(value, int) and shown == text else shown


def _hide_secrets(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in line:
        line[key] = _hide(key, line[key])
    return line


def configure(*, process: str, level: str = "INFO", json: bool = True, stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's lines through one chain to standard output, or to `stream`."""
    chain: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        structlog.processors.format_exc_info,
        _hide_secrets,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _name_process(process), renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # A line per tick and task would bury everything else.
    for chatty in ("celery.beat", "celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _name_process(process: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["process"] = process
        return line

    return add


def logger() -> Any:
    """A bound logger; the first argument of a call is a stable event name, the rest are fields."""
    return structlog.get_logger()
