"""Uploading: what comes in is judged by its bytes, kept once, and belongs to its sender."""

import asyncio
import hashlib
from uuid import UUID

import pytest
from starlette.requests import ClientDisconnect

from api.app import MOST_BODY_BYTES
from core.files import service, uploads
from core.files.errors import FileNotFound
from core.permissions.rules import RoleKey
from infra import database
from infra.files.stores import store
from infra.parameters import change
from tests import factories as make
from tests.core.file_world import UPLOAD, digests, empty_store, lone_bytes, upload, uploaded
from tests.doors import error_of
from tests.infra.some_bytes import OF_TYPE, PDF, REFUSED, picture


@pytest.fixture
async def guide(http):
    return await make.colleague(RoleKey.REP)


@pytest.fixture(autouse=True)
def _empty_store(db):
    empty_store()


@pytest.fixture
async def me(guide):
    return await make.headers(guide)


@pytest.fixture
async def another(http):
    return await make.headers(await make.colleague(RoleKey.REP))


async def bytes_of(digest):
    async with store().open(digest) as chunks:
        return b"".join([chunk async for chunk in chunks])


@pytest.mark.parametrize("media_type", OF_TYPE)
async def test_every_kind_is_taken_and_said_to_be_what_it_is(http, me, media_type):
    content = OF_TYPE[media_type]
    answer = await http.post(
        UPLOAD,
        headers=me | {"Content-Type": "text/html"},
        params={"name": "随便.exe", "purpose": "attachment"},
        content=content,
    )
    assert answer.status_code == 201
    file = answer.json()
    assert (file["name"], file["media_type"], file["size"]) == ("随便.exe", media_type, len(content))
    is_image = media_type.startswith("image/")
    assert (file["width"], file["height"]) == ((640, 480) if is_image else (None, None))
    assert (file["thumbnail_url"] is not None) == is_image
    assert await bytes_of(hashlib.sha256(content).hexdigest()) == content


@pytest.mark.parametrize("name", REFUSED)
async def test_everything_else_is_refused_and_leaves_nothing(http, me, name):
    answer = await upload(http, me, REFUSED[name], name="照片.jpg")
    assert error_of(answer) == (415, "file_type_refused")
    assert await digests() == {}
    assert await make.count("stored_file") == 0


async def test_a_picture_for_the_library_must_be_one(http, me):
    assert error_of(await upload(http, me, PDF, purpose="image")) == (415, "file_type_refused")
    assert error_of(await upload(http, me, PDF, purpose="nothing")) == (422, "file_purpose_unknown")
    assert (await upload(http, me, picture(), purpose="image")).status_code == 201


@pytest.mark.parametrize("name", ["", "a" * 201, "一\n二", "x\u202egpj.exe", "a\x00b"])
async def test_a_name_of_another_shape_is_refused(http, me, name):
    assert error_of(await upload(http, me, PDF, name=name)) == (422, "invalid_input")


async def test_without_a_session_nothing_is_read(http):
    async def never():
        yield b""
        raise AssertionError("the body was read")

    answer = await http.post(UPLOAD, params={"name": "x", "purpose": "attachment"}, content=never())
    assert error_of(answer) == (401, "unauthenticated")


async def test_the_limit_of_other_bodies_does_not_hold_for_files(http, me):
    content = PDF + bytes(2 * MOST_BODY_BYTES)
    assert (await uploaded(http, me, content))["size"] == len(content)
    other = await http.post("/staff/v1/images", headers=me, content=content)
    assert error_of(other) == (413, "too_large")


@pytest.mark.parametrize("announced", [True, False])
async def test_each_family_has_its_limit(http, me, announced):
    await change("files.most_document_mb", 1, expected_version=0, by="test")
    content = PDF + bytes(1_048_576)

    async def stream():
        for at in range(0, len(content), 65_536):
            yield content[at : at + 65_536]

    answer = await upload(http, me, content if announced else stream())
    assert error_of(answer) == (413, "file_too_large")
    assert answer.json()["error"]["details"] == {"most_bytes": 1_048_576}
    assert await digests() == {}
    sound = OF_TYPE["audio/amr"] + bytes(1_048_576)
    assert (await upload(http, me, sound)).status_code == 201


async def test_a_picture_of_too_many_pixels_is_refused(http, me):
    await change("files.most_image_megapixels", 1, expected_version=0, by="test")
    answer = await upload(http, me, picture("PNG", (1001, 1000)))
    assert error_of(answer) == (413, "file_too_large")
    assert answer.json()["error"]["details"] == {"most_pixels": 1_000_000}
    assert (await upload(http, me, picture("PNG", (1000, 1000)))).status_code == 201


async def test_a_photo_cut_off_is_taken_without_a_thumbnail(http, me):
    whole = picture(size=(1200, 900))
    file = await uploaded(http, me, whole[: len(whole) // 2])
    assert (file["width"], file["height"], file["thumbnail_url"]) == (1200, 900, None)


async def test_a_picture_that_is_its_own_thumbnail_has_none(http, me):
    small = picture("WEBP", size=(1, 1))
    for _ in range(5):
        file = await uploaded(http, me, small)
        if file["thumbnail_url"] is None:
            break
        small = (await http.get(file["thumbnail_url"])).content
    assert file["thumbnail_url"] is None
    assert (await http.get(file["url"])).content == small


async def test_a_photo_stays_byte_for_byte_what_it_was(http, me):
    photo = picture(gps=True, orientation=6)
    file = await uploaded(http, me, photo)
    assert (file["width"], file["height"]) == (480, 640)
    assert (await http.get(file["url"])).content == photo


async def test_a_sender_who_hangs_up_leaves_nothing(http, guide):
    async def broken():
        yield picture()[:300] + bytes(20_000)
        raise ClientDisconnect

    arrival = uploads.Arrival(name="x", purpose="attachment", owner_id=guide.id, key=None)
    with pytest.raises(ClientDisconnect):
        await uploads.take_in(arrival, broken())
    assert await digests() == {}
    assert await lone_bytes() == []


async def test_the_same_content_is_kept_once_under_each_name(http, me, another):
    files = [await uploaded(http, headers, PDF, name=name) for headers in (me, another) for name in ("一", "二")]
    assert len({file["id"] for file in files}) == 4
    assert await digests() == {hashlib.sha256(PDF).hexdigest(): True}


async def test_many_phones_with_the_same_content_at_once(http, me):
    photo = picture(size=(400, 300))
    answers = await asyncio.gather(*(upload(http, me, photo, name=f"{n}.jpg") for n in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 8
    assert list((await digests()).values()) == [True, True]


async def test_sent_again_with_its_key_it_is_the_same_file(http, me):
    answers = [await upload(http, me, PDF, key="phone-1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await make.count("stored_file") == 1


async def test_sent_many_times_at_once_with_its_key_it_is_one_file(http, me):
    answers = await asyncio.gather(*(upload(http, me, PDF, key="phone-1") for _ in range(6)))
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize("other", [{"content": PDF + b"\n"}, {"name": "别的.pdf"}, {"purpose": "image"}])
async def test_with_its_key_and_something_else_it_is_a_conflict(http, me, other):
    photo = picture()
    await uploaded(http, me, photo, key="phone-1")
    answer = await upload(http, me, **({"content": photo, "key": "phone-1"} | other))
    assert error_of(answer) == (409, "idempotency_key_reused")


async def test_sent_again_after_it_was_dropped_it_is_a_new_file(http, me):
    first = await uploaded(http, me, PDF, key="phone-1")
    assert (await http.delete(f"{UPLOAD}/{first['id']}", headers=me)).status_code == 204
    again = await uploaded(http, me, PDF, key="phone-1")
    assert again["id"] != first["id"]
    assert (await http.get(again["url"])).content == PDF


async def test_a_key_of_another_shape_is_refused(http, me):
    assert error_of(await upload(http, me, PDF, key="x" * 101)) == (422, "idempotency_key_invalid")


async def test_only_its_owner_sees_an_attachment_and_takes_it_back(http, me, another):
    path = f"{UPLOAD}/{(await uploaded(http, me, PDF))['id']}"
    assert (await http.get(path, headers=me)).json()["media_type"] == "application/pdf"
    for headers in (another, await make.headers(await make.admin())):
        assert error_of(await http.get(path, headers=headers)) == (404, "file_not_found")
        assert error_of(await http.delete(path, headers=headers)) == (404, "file_not_found")
    assert (await http.delete(path, headers=me)).status_code == 204
    assert error_of(await http.get(path, headers=me)) == (404, "file_not_found")
    assert error_of(await http.delete(path, headers=me)) == (404, "file_not_found")


async def test_what_is_in_use_is_not_taken_back(http, me, guide):
    file = await uploaded(http, me, PDF)
    async with database.transaction() as connection:
        await service.keep(connection, [UUID(file["id"])], guide.id)
    answer = await http.delete(f"{UPLOAD}/{file['id']}", headers=me)
    assert error_of(answer) == (409, "file_in_use")


async def test_only_ones_own_files_of_the_purpose_can_be_kept(http, me, another, guide):
    mine, image, others = [
        UUID((await uploaded(http, headers, picture(), purpose=purpose))["id"])
        for headers, purpose in ((me, "attachment"), (me, "image"), (another, "attachment"))
    ]
    for wanted, purpose in (([mine, others], None), ([mine, image], "attachment")):
        with pytest.raises(FileNotFound) as refused:
            async with database.transaction() as connection:
                await service.keep(connection, wanted, guide.id, purpose=purpose)
        assert refused.value.details == {"file_ids": [str(wanted[1])]}
    assert await make.rows("SELECT 1 FROM stored_file WHERE kept_at IS NOT NULL") == []
    async with database.transaction() as connection:
        await service.keep(connection, [mine, mine, image], guide.id)
    assert len(await make.rows("SELECT 1 FROM stored_file WHERE kept_at IS NOT NULL")) == 2
