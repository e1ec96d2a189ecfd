"""What every store can do, the same tests for a folder and for a bucket of an S3 server."""

import asyncio
import hashlib
import io
import os
import stat
from datetime import timedelta

import pytest
from moto.server import ThreadedMotoServer

from infra import clock
from infra.errors import Unavailable
from infra.files import stores
from infra.files.errors import BytesMissing
from infra.files.folder import Folder
from infra.files.s3 import PART_BYTES, Bucket
from infra.settings import Settings, settings
from tests.simulator.harness import free_port

SECRET = "the-secret-of-the-bucket"


@pytest.fixture(scope="session")
def s3_server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server._server.port}"
    server.stop()


@pytest.fixture(scope="session")
async def s3_bucket(s3_server, addresses):
    """A bucket whose client is made once: it reads the description of all that S3 can do, which takes half a second."""
    values = {"ENDPOINT": s3_server, "BUCKET": "guanxi-files", "ACCESS_KEY": "access", "SECRET_KEY": SECRET}
    names = {f"GUANXI_FILES_S3_{name}": value for name, value in values.items()}
    with pytest.MonkeyPatch.context() as environment:
        for name, value in names.items():
            environment.setenv(name, value)
        made = Bucket(Settings())
    await (await made._client()).create_bucket(Bucket="guanxi-files")
    yield made, names
    await made.close()


@pytest.fixture
async def bucket(s3_bucket, db, fresh_settings):
    made, names = s3_bucket
    for name, value in names.items():
        fresh_settings.setenv(name, value)
    settings.cache_clear()
    yield made
    client = await made._client()
    for found in (await client.list_objects_v2(Bucket="guanxi-files")).get("Contents", []):
        await client.delete_object(Bucket="guanxi-files", Key=found["Key"])


@pytest.fixture
def folder(tmp_path, db):
    return Folder(tmp_path / "files")


@pytest.fixture(params=["folder", "bucket"])
def store(request):
    return request.getfixturevalue(request.param)


def digest_of(content):
    return hashlib.sha256(content).hexdigest()


async def put(store, content):
    await store.put(digest_of(content), io.BytesIO(content))
    return digest_of(content)


async def read(store, digest, start=0, length=None):
    async with store.open(digest, start, length) as chunks:
        return b"".join([chunk async for chunk in chunks])


SIZES = [1, 300_000, PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES + 17]


@pytest.mark.parametrize("size", SIZES)
async def test_bytes_come_back_as_they_were(store, size):
    content = os.urandom(size)
    digest = await put(store, content)
    assert await store.exists(digest)
    assert await read(store, digest) == content


async def test_a_part_comes_back(store):
    content = os.urandom(700_000)
    digest = await put(store, content)
    for start, length in ((0, 1), (5, 10), (0, 700_000), (699_999, 1), (100, 600_000)):
        assert await read(store, digest, start, length) == content[start : start + length]


async def test_what_is_not_there_is_missing(store):
    digest = digest_of(b"nothing")
    assert not await store.exists(digest)
    with pytest.raises(BytesMissing):
        await read(store, digest)


async def test_put_again_changes_nothing(store):
    digest = await put(store, b"once")
    await put(store, b"once")
    assert await read(store, digest) == b"once"


async def test_the_same_content_at_once_is_no_trouble(store):
    content = os.urandom(1_000_000)
    await asyncio.gather(*(put(store, content) for _ in range(8)))
    assert await read(store, digest_of(content)) == content


async def test_deleted_is_gone_and_may_come_back(store):
    digest = await put(store, b"gone")
    await store.delete(digest)
    assert not await store.exists(digest)
    await store.delete(digest)
    await put(store, b"gone")
    assert await read(store, digest) == b"gone"


async def test_a_reader_that_stops_early_leaves_nothing_open(store):
    digest = await put(store, os.urandom(2_000_000))
    async with store.open(digest) as chunks:
        async for chunk in chunks:
            assert chunk
            break
    await store.delete(digest)


class Breaking(io.BytesIO):
    """A disk that fails in the middle."""

    def read(self, size=-1):
        if self.tell() > PART_BYTES - 1:
            raise OSError(5, "broken")
        return super().read(size)


async def test_a_put_that_breaks_off_leaves_nothing(store):
    content = os.urandom(2 * PART_BYTES)
    with pytest.raises(Unavailable):
        await store.put(digest_of(content), Breaking(content))
    assert not await store.exists(digest_of(content))
    assert await store.sweep(clock.now() + timedelta(days=1)) == 0


async def test_the_folder_is_nobody_elses(folder):
    digest = await put(folder, b"private")
    path = folder.path(digest)
    assert path.parent.parent.name + path.parent.name == digest[:4]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for parent in (path.parent, path.parent.parent, path.parent.parent.parent):
        assert stat.S_IMODE(parent.stat().st_mode) == 0o700


async def test_what_a_crash_left_in_the_folder_is_swept_when_it_is_old(folder, tmp_path):
    await put(folder, b"whole")
    incoming = tmp_path / "files" / "incoming"
    (incoming / f"{int(clock.timestamp())}-crashed").write_bytes(b"hal")
    (incoming / "not-ours").touch()
    assert await folder.sweep(clock.now() - timedelta(hours=1)) == 0
    assert await folder.sweep(clock.now() + timedelta(hours=1)) == 1
    assert [path.name for path in incoming.iterdir()] == ["not-ours"]
    assert await read(folder, digest_of(b"whole")) == b"whole"


async def test_a_folder_that_cannot_be_made_is_an_outage(db, tmp_path):
    (tmp_path / "taken").touch()
    with pytest.raises(Unavailable):
        await put(Folder(tmp_path / "taken"), b"x")


async def test_parts_that_a_crash_left_in_the_bucket_are_swept_when_they_are_old(bucket):
    client = await bucket._client()
    await client.create_multipart_upload(Bucket="guanxi-files", Key="sha256/ab/cd/abcd")
    # moto's uploads all began in 2010.
    assert await bucket.sweep(clock.now()) == 1
    assert await bucket.sweep(clock.now()) == 0


async def test_a_bucket_that_refuses_or_is_away_is_an_outage(bucket, fresh_settings):
    digest = await put(bucket, b"x")
    fresh_settings.setenv("GUANXI_FILES_S3_BUCKET", "nobodys")
    settings.cache_clear()
    nobodys = Bucket(settings())
    with pytest.raises(Unavailable):
        await put(nobodys, b"x")
    await nobodys.close()
    fresh_settings.setenv("GUANXI_FILES_S3_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    settings.cache_clear()
    away = Bucket(settings())
    for work in (put(away, b"x"), read(away, digest)):
        with pytest.raises(Unavailable):
            await work
    await away.close()


async def test_no_secret_of_the_bucket_is_logged(bucket, caplog):
    caplog.set_level("DEBUG")
    await put(bucket, b"x")
    assert SECRET not in caplog.text
    assert "Signature=" not in caplog.text
    assert SECRET not in repr(settings())


async def test_the_settings_say_which_store_it_is(bucket, fresh_settings, tmp_path):
    await stores.close()
    assert isinstance(stores.store(), Bucket)
    await stores.close()
    fresh_settings.delenv("GUANXI_FILES_S3_BUCKET")
    fresh_settings.setenv("GUANXI_FILES_FOLDER", str(tmp_path))
    settings.cache_clear()
    assert isinstance(stores.store(), Folder)
    await stores.close()
