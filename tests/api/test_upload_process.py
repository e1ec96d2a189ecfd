"""Uploads and downloads through a real server: callers who hang up, bodies without a length, answers in the middle."""

import asyncio
import json
import os

import pytest

from core.permissions.rules import RoleKey
from infra.files.stores import store
from tests import factories as make
from tests.core.file_world import empty_store, uploaded
from tests.doors import serving
from tests.infra.some_bytes import PDF

TARGET = "/staff/v1/files?name=x.pdf&purpose=attachment"


@pytest.fixture
async def me(db):
    empty_store()
    return await make.headers(await make.colleague(RoleKey.REP))


@pytest.fixture
def log(tmp_path):
    return tmp_path / "api.log"


def answered(log, route):
    """The statuses in the log of a route's requests."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line["status"] for line in lines if line.get("route") == route], [
        line for line in lines if line.get("level") in {"error", "warning"}
    ]


async def until(condition):
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came")


async def test_a_sender_who_hangs_up_leaves_nothing_and_is_no_error(me, log):
    async with serving(log) as (_, client):
        _, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        head = f"POST {TARGET} HTTP/1.1\r\nHost: x\r\nAuthorization: {me['Authorization']}\r\n"
        writer.write(f"{head}Content-Length: 5000000\r\n\r\n".encode() + PDF + bytes(2_000_000))
        await writer.drain()
        writer.close()
        await until(lambda: answered(log, "/staff/v1/files")[0])
        assert answered(log, "/staff/v1/files") == ([499], [])
        assert await make.count("file_blob") == 0
        assert not store()._root.exists()


async def test_a_large_file_comes_and_goes_in_pieces(me, log):
    content = PDF + os.urandom(9_000_000)

    async def stream():
        for at in range(0, len(content), 100_000):
            yield content[at : at + 100_000]

    async with serving(log) as (_, client):
        file = await uploaded(client, me, stream())
        async with client.stream("GET", file["url"]) as answer:
            assert b"".join([chunk async for chunk in answer.aiter_bytes()]) == content
        part = await client.get(file["url"], headers={"Range": "bytes=-7"})
        assert part.content == content[-7:]
        async with client.stream("GET", file["url"]) as answer:
            async for _ in answer.aiter_bytes():
                break
        head = await client.head(file["url"])
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(content)))
        assert answered(log, "/files/v1/{link}")[1] == []


async def test_what_is_of_no_kind_is_told_before_the_rest_has_come(me, log):
    async with serving(log) as (_, client):
        for begin in (b"MZ", b"<html>", b"PK\x05\x06"):
            await _refused_early(client, me, begin)


async def _refused_early(client, me, begin):
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    head = f"POST {TARGET} HTTP/1.1\r\nHost: x\r\nAuthorization: {me['Authorization']}\r\n"
    writer.write(f"{head}Content-Length: 5000000\r\n\r\n".encode() + begin + bytes(20_000))
    await writer.drain()
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 30)
    assert answer.startswith(b"HTTP/1.1 415 ")
    writer.close()
