"""One HTTP request to a push URL: signing it, sending it, and what became of it."""

import hashlib
import secrets
import time
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from simulator.pushing import messages
from simulator.pushing.replies import Verdict, judge
from simulator.world import crypto
from simulator.world.records import Account, Attempt, Keys, Push, SignedRequest

OK = 200
# Shorter than a server's usual 5 s, so that a request seldom meets a connection which is just being closed.
KEEP_ALIVE_SECONDS = 2
HEADERS = {"User-Agent": "Mozilla/4.0"}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it goes out; `fault` names how it was damaged on purpose."""

    query: dict[str, str]
    body: bytes
    keys: Keys
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An attempt, when it began (`perf_counter`), and the judgement on an answer with HTTP 200."""

    began: float
    attempt: Attempt
    verdict: Verdict | None


def open_session() -> aiohttp.ClientSession:
    """Return the one keep-alive session; how many requests run at one time is the engine's business."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), headers=HEADERS)


def sign(account: Account, push: Push, timestamp: int) -> SignedRequest:
    """Sign a push anew: the same content under another nonce, encrypted anew where the mode asks for it."""
    encrypted = None
    if account.mode != "plain":
        content = messages.write(account.push_format, push.fields)
        encrypted = crypto.encrypt(account.keys.aes_key, account.app_id, content)
    query = push_query(account.keys, push.openid, timestamp, encrypted)
    return SignedRequest(query=query, body=messages.body(account, push.fields, encrypted), keys=account.keys)


def push_query(keys: Keys, openid: str, timestamp: int, encrypted: str | None) -> dict[str, str]:
    """Return the query of a push; an `Encrypt` text is signed too."""
    query = signed_query(keys.token, timestamp)
    query["openid"] = openid
    if encrypted is not None:
        signed = (keys.token, query["timestamp"], query["nonce"], encrypted)
        query |= {"encrypt_type": "aes", "msg_signature": crypto.signature(*signed)}
    return query


def signed_query(token: str, timestamp: int) -> dict[str, str]:
    """Return `signature`, `timestamp` and `nonce` as every request to a push URL carries them."""
    nonce = str(secrets.randbelow(2**31))
    return {
        "signature": crypto.signature(token, str(timestamp), nonce),
        "timestamp": str(timestamp),
        "nonce": nonce,
    }


async def deliver(
    session: aiohttp.ClientSession,
    account: Account,
    push: Push,
    request: Outgoing,
    *,
    at: float,
    timeout_seconds: float,
) -> Delivery:
    """Post a signed push and judge the answer; trouble of any kind is a failed attempt, no exception."""
    began = time.perf_counter()
    post = session.post(
        _address(account, request.query),
        data=request.body,
        headers={"Content-Type": messages.CONTENT_TYPES[account.push_format]},
        allow_redirects=False,
        timeout=aiohttp.ClientTimeout(total=timeout_seconds),
    )
    status, body, error = await _outcome(post)
    latency_ms = round((time.perf_counter() - began) * 1000, 3)
    verdict = judge(account, request.keys, push.openid, body, at=at) if status is not None and error is None else None
    attempt = Attempt(
        at=at,
        status=status,
        latency_ms=latency_ms,
        error=error if verdict is None else verdict.error,
        answer=verdict.fields if verdict is not None else None,
        body_sha256=hashlib.sha256(body).hexdigest() if status is not None else None,
        fault=request.fault,
    )
    return Delivery(began, attempt, verdict)


async def verify_url(
    session: aiohttp.ClientSession, account: Account, *, timestamp: int, timeout_seconds: float
) -> str | None:
    """Ask the push URL to echo, as saving the settings page does; return why it failed, or None."""
    echo = str(secrets.randbelow(2**63))
    get = session.get(
        _address(account, {**signed_query(account.token, timestamp), "echostr": echo}),
        allow_redirects=False,
        timeout=aiohttp.ClientTimeout(total=timeout_seconds),
    )
    _, body, error = await _outcome(get)
    if error is None and body != echo.encode():
        return "the answer is not the echostr"
    return error


def _address(account: Account, query: dict[str, str]) -> URL:
    return URL(str(account.push_url)).update_query(query)


async def _outcome(
    request: AbstractAsyncContextManager[aiohttp.ClientResponse],
) -> tuple[int | None, bytes, str | None]:
    """Return status, body and what went wrong; a body that was cut off has no status."""
    try:
        async with request as response:
            body = await response.read()
    except TimeoutError:
        return None, b"", "timeout"
    except aiohttp.ClientError as problem:
        return None, b"", f"connection: {type(problem).__name__}"
    return response.status, body, None if response.status == OK else f"status {response.status}"
