"""What nobody keeps goes, and never under the feet of who brings the same content again."""

import asyncio
from uuid import UUID

import pytest

from core.files import blobs, jobs, service
from core.permissions.rules import RoleKey
from infra import clock, database
from infra.errors import Unavailable
from infra.files.folder import Folder
from infra.files.stores import store
from infra.parameters import change
from tests import factories as make
from tests.core.file_world import digests, empty_store, lone_bytes, upload, uploaded
from tests.doors import error_of
from tests.infra.some_bytes import PDF, picture

(CLEAN,) = jobs.JOBS


@pytest.fixture
async def rep(http):
    return await make.colleague(RoleKey.REP)


@pytest.fixture(autouse=True)
def _empty_store(db):
    empty_store()


@pytest.fixture
async def me(http, rep):
    await change("sessions.staff_hours", 720, expected_version=0, by="test")
    return await make.headers(rep)


async def keep(file, owner):
    async with database.transaction() as connection:
        await service.keep(connection, [UUID(file["id"])], owner.id)


async def test_what_nobody_keeps_goes_after_a_day_and_its_bytes_a_day_later(http, db, me):
    await uploaded(http, me, picture())
    make.jump(db, hours=23)
    await CLEAN.run()
    assert await make.count("stored_file") == 1
    make.jump(db, hours=25)
    await CLEAN.run()
    assert await make.count("stored_file") == 0
    assert list((await digests()).values()) == [True, True]
    make.jump(db, hours=50)
    assert await CLEAN.run() == 1
    make.jump(db, hours=75)
    assert await CLEAN.run() == 1
    assert await digests() == {}
    assert await lone_bytes() == []


async def test_what_is_kept_stays_with_its_thumbnail(http, db, me, rep):
    file = await uploaded(http, me, picture())
    await keep(file, rep)
    for hours in (25, 50, 75):
        make.jump(db, hours=hours)
        assert await CLEAN.run() == 0
    fresh = (await http.get(f"/staff/v1/files/{file['id']}", headers=me)).json()
    assert (await http.get(fresh["url"])).content == picture()
    assert (await http.get(fresh["thumbnail_url"])).status_code == 200
    # They aren't looked at again and again.
    assert await make.rows("SELECT 1 FROM file_blob WHERE idle_since IS NOT NULL") == []


async def test_bytes_stay_while_another_file_has_them(http, db, me, rep):
    kept, dropped = await uploaded(http, me, PDF, name="一"), await uploaded(http, me, PDF, name="二")
    await keep(kept, rep)
    await http.delete(f"/staff/v1/files/{dropped['id']}", headers=me)
    for hours in (25, 50):
        make.jump(db, hours=hours)
        await CLEAN.run()
    fresh = (await http.get(f"/staff/v1/files/{kept['id']}", headers=me)).json()
    assert (await http.get(fresh["url"])).content == PDF


class Slow(Folder):
    """A folder that waits at a point until it is told to go on."""

    def __init__(self, root, point):
        super().__init__(root)
        self.point, self.reached, self.go_on = point, asyncio.Event(), asyncio.Event()

    async def _wait(self, point):
        if point == self.point:
            self.reached.set()
            await self.go_on.wait()

    async def delete(self, digest):
        await self._wait("before delete")
        await super().delete(digest)
        await self._wait("after delete")

    async def put(self, digest, source):
        await self._wait("before put")
        await super().put(digest, source)
        await self._wait("after put")


@pytest.fixture
async def slow(monkeypatch):
    def at(point):
        made = Slow(store()._root, point)
        monkeypatch.setattr("infra.files.stores._store", made)
        return made

    return at


async def idle(http, db, me, content):
    """Bytes that the next cleaning removes."""
    file = await uploaded(http, me, content)
    await http.delete(f"/staff/v1/files/{file['id']}", headers=me)
    make.jump(db, hours=30)


@pytest.mark.parametrize("point", ["before delete", "after delete"])
async def test_content_that_comes_again_while_it_is_removed_has_its_bytes(http, db, me, slow, point):
    await idle(http, db, me, PDF)
    halted = slow(point)
    cleaning = asyncio.create_task(CLEAN.run())
    await halted.reached.wait()
    again = asyncio.create_task(upload(http, me, PDF))
    await asyncio.sleep(0.1)
    assert not again.done()
    halted.go_on.set()
    assert await cleaning == 1
    file = (await again).json()
    assert (await http.get(file["url"])).content == PDF


@pytest.mark.parametrize("point", ["before put", "after put"])
async def test_content_that_came_again_is_not_removed(http, db, me, slow, point):
    await idle(http, db, me, PDF)
    halted = slow(point)
    again = asyncio.create_task(upload(http, me, PDF))
    await halted.reached.wait()
    assert await CLEAN.run() == 0
    halted.go_on.set()
    assert (await http.get((await again).json()["url"])).content == PDF


async def test_an_upload_that_takes_days_brings_its_bytes_once_more(http, db, me, slow):
    halted = slow("after put")
    again = asyncio.create_task(upload(http, me, PDF))
    await halted.reached.wait()
    make.jump(db, hours=30)
    assert await CLEAN.run() == 1
    assert await digests() == {}
    halted.go_on.set()
    assert (await http.get((await again).json()["url"])).content == PDF


async def test_a_removal_that_broke_off_is_ended_later(http, db, me, monkeypatch):
    await idle(http, db, me, PDF)

    async def away(_self, _digest):
        raise Unavailable({"server": "files"})

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "delete", away)
        with pytest.raises(Unavailable):
            await CLEAN.run()
    assert len(await make.rows("SELECT 1 FROM file_blob WHERE removing_at IS NOT NULL")) == 1
    monkeypatch.setattr("core.files.uploads._BETWEEN_SECONDS", 0)
    assert error_of(await upload(http, me, PDF)) == (503, "unavailable")
    assert await CLEAN.run() == 1
    assert await digests() == {}


async def test_a_store_that_is_away_leaves_no_file_without_bytes(http, db, me, monkeypatch):
    async def away(_self, _digest, _source):
        raise Unavailable({"server": "files"})

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "put", away)
        assert error_of(await upload(http, me, PDF)) == (503, "unavailable")
    assert await make.count("stored_file") == 0
    assert (await http.get((await uploaded(http, me, PDF))["url"])).content == PDF


async def test_uploading_keeping_and_cleaning_at_once_never_lose_bytes(http, db, me, rep):
    """Eight senders of three contents, half of them taking theirs back, while the cleaning spares nothing."""
    contents = [PDF + bytes([n]) for n in range(3)]
    stop = asyncio.Event()

    async def clean():
        while not stop.is_set():
            await blobs.remove_idle(clock.now())

    async def send(number):
        for turn in range(6):
            content = contents[(number + turn) % 3]
            # A cleaning without any patience may overtake a sender time and again: who gets a 503 sends again.
            while (answer := await upload(http, me, content, name=f"{number}-{turn}")).status_code != 201 and not print("STATUS", answer.status_code, answer.text[:90]):
                pass
            file = answer.json()
            assert (await http.get(file["url"])).content == content
            if (number + turn) % 2:
                await http.delete(f"/staff/v1/files/{file['id']}", headers=me)

    cleaning = asyncio.create_task(clean())
    try:
        await asyncio.gather(*(send(number) for number in range(8)))
    finally:
        stop.set()
        await cleaning
    wanted = {row["blob_id"] for row in await make.rows("SELECT blob_id FROM stored_file")}
    there = await digests()
    assert wanted <= set(there)
    assert all(there.values())
    assert await lone_bytes() == []
