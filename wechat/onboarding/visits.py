"""Requests to addresses as the platform or a browser makes them: our own public one above all."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

_TIMEOUT = aiohttp.ClientTimeout(total=5)  # as long as the platform waits
_MOST_BYTES = 10_000


class NotReached(Exception):
    """There was no answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An answer. `date` is what its header says."""

    status: int
    text: str
    date: datetime | None


async def visit(url: str, params: dict[str, str] | None = None, body: bytes | None = None) -> Visit:
    """POST a body, or GET without one; redirects are not followed. Raises NotReached."""
    method = "GET" if body is None else "POST"
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.request(method, url, params=params, data=body, allow_redirects=False) as response,
        ):
            text = (await response.content.read(_MOST_BYTES)).decode(errors="replace")
            return Visit(response.status, text, _date(response.headers.get("Date")))
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        # The class alone: the text of some holds the address with its signature.
        raise NotReached(type(error).__name__) from None


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except ValueError:
        return None
