"""An upload on the local disk: whole, measured while it comes, and gone afterwards."""

import hashlib
import os
import tempfile

import pytest

from infra.files.errors import FileTooLarge, FileTypeRefused
from infra.files.kinds import HEAD_BYTES
from infra.files.spool import spooled


async def stream(content, size=1000, taken=None):
    for at in range(0, len(content), size):
        if taken is not None:
            taken.append(at)
        yield content[at : at + size]


async def anything(_head):
    return 10_000_000


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [0, 1, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 1, 3_000_000])
@pytest.mark.parametrize("size", [700, 1_048_576])
async def test_all_of_it_is_there(length, size):
    content = os.urandom(length)
    heads = []

    async def most(head):
        heads.append(head)
        return 10_000_000

    async with spooled(stream(content, size), most) as received:
        received.file.seek(0)
        assert received.file.read() == content
        assert received.digest == hashlib.sha256(content).hexdigest()
        assert (received.size, received.head) == (length, content[:HEAD_BYTES])
    assert heads == [content[:HEAD_BYTES]]


async def test_it_is_cut_off_where_it_grows_too_large():
    taken = []

    async def most(_head):
        return 20_000

    with pytest.raises(FileTooLarge) as refused:
        async with spooled(stream(bytes(1_000_000), taken=taken), most):
            pass
    assert refused.value.details == {"most_bytes": 20_000}
    assert max(taken) == 20_000


async def test_it_is_refused_by_its_head_before_the_rest_has_come():
    taken = []

    async def refuse(_head):
        raise FileTypeRefused

    with pytest.raises(FileTypeRefused):
        async with spooled(stream(bytes(1_000_000), taken=taken), refuse):
            pass
    assert max(taken) < 2 * HEAD_BYTES


async def test_of_a_stream_that_breaks_off_nothing_is_left(folder):
    async def broken():
        yield bytes(2_000_000)
        assert list(folder.iterdir()) == []
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        async with spooled(broken(), anything):
            pass
