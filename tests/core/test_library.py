"""The image library (K-05): shared by who may read it, changed by who may write, each picture once."""

import asyncio

import pytest

from core.permissions.rules import RoleKey
from tests import factories as make
from tests.core.file_world import upload, uploaded
from tests.doors import error_of
from tests.infra.some_bytes import PDF, picture

IMAGES = "/staff/v1/images"


@pytest.fixture
async def marketer(http):
    return await make.headers(await make.colleague(RoleKey.MARKETER))


@pytest.fixture
async def another(http):
    return await make.headers(await make.colleague(RoleKey.MARKETER))


def some(number):
    return picture("PNG", (10 + number, 10))


async def add(http, headers, content, title="春季海报", tags=()):
    file = await uploaded(http, headers, content, purpose="image")
    return await http.post(IMAGES, headers=headers, json={"file_id": file["id"], "title": title, "tags": list(tags)})


async def test_k05_a_picture_is_added_and_everybody_who_may_sees_it(http, marketer, another):
    added = await add(http, marketer, picture(), tags=["海报", "春季", "海报"])
    assert added.status_code == 201
    image = added.json()
    assert (image["title"], image["tags"], image["version"]) == ("春季海报", ["海报", "春季"], 1)
    seen = (await http.get(f"{IMAGES}/{image['id']}", headers=another)).json()
    assert (seen["file"]["width"], seen["file"]["height"]) == (640, 480)
    assert (await http.get(seen["file"]["url"])).content == picture()
    assert (await http.get(seen["file"]["thumbnail_url"])).headers["content-type"] == "image/webp"
    by_file = await http.get(f"/staff/v1/files/{seen['file']['id']}", headers=another)
    assert by_file.status_code == 200
    assert [row["subject_id"] for row in await make.rows("SELECT * FROM audit WHERE action = 'image.added'")] == [
        image["id"]
    ]


async def test_who_may_not_read_the_library_sees_none_of_it(http, marketer):
    image = (await add(http, marketer, picture())).json()
    rep = await make.headers(await make.colleague(RoleKey.REP))
    assert error_of(await http.get(IMAGES, headers=rep)) == (403, "forbidden")
    assert error_of(await http.get(f"{IMAGES}/{image['id']}", headers=rep)) == (403, "forbidden")
    assert error_of(await http.get(f"/staff/v1/files/{image['file']['id']}", headers=rep)) == (404, "file_not_found")


async def test_only_ones_own_upload_for_the_library_is_added(http, marketer, another):
    theirs = await uploaded(http, another, picture(), purpose="image")
    attachment = await uploaded(http, marketer, picture(), purpose="attachment")
    for file in (theirs, attachment):
        answer = await http.post(IMAGES, headers=marketer, json={"file_id": file["id"], "title": "一"})
        assert error_of(answer) == (404, "file_not_found")
    assert (await upload(http, marketer, PDF, purpose="image")).status_code == 415


async def test_the_same_picture_is_refused_and_named(http, marketer, another):
    first = (await add(http, marketer, picture())).json()
    again = await add(http, another, picture(), "别的名字")
    assert error_of(again) == (409, "image_exists")
    assert again.json()["error"]["details"] == {"image_id": first["id"]}
    assert await make.count("library_image") == 1
    assert len(await make.rows("SELECT 1 FROM stored_file WHERE kept_at IS NOT NULL")) == 1


async def test_the_same_picture_added_by_many_at_once_is_there_once(http, marketer):
    answers = await asyncio.gather(*(add(http, marketer, picture(), f"{n}") for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert await make.count("library_image") == 1


async def test_sent_again_with_its_key_it_is_the_same_picture(http, marketer):
    file = await uploaded(http, marketer, picture(), purpose="image")
    body = {"file_id": file["id"], "title": "一"}
    answers = [await http.post(IMAGES, headers=marketer | {"Idempotency-Key": "k"}, json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


async def test_title_and_tags_are_changed_by_who_saw_the_present_ones(http, marketer, another):
    image = (await add(http, marketer, picture(), tags=["春季"])).json()
    path = f"{IMAGES}/{image['id']}"
    changed = await http.patch(path, headers=another, json={"version": 1, "title": "夏季海报"})
    assert (changed.json()["title"], changed.json()["tags"], changed.json()["version"]) == ("夏季海报", ["春季"], 2)
    late = await http.patch(path, headers=marketer, json={"version": 1, "tags": []})
    assert error_of(late) == (409, "image_changed")
    assert late.json()["error"]["details"] == {"version": 2}
    assert (await http.patch(path, headers=marketer, json={"version": 2, "tags": []})).json()["tags"] == []


async def test_what_is_deleted_is_gone_with_its_links_and_may_come_again(http, marketer):
    image = (await add(http, marketer, picture())).json()
    path = f"{IMAGES}/{image['id']}"
    assert (await http.delete(path, headers=marketer)).status_code == 204
    assert error_of(await http.get(image["file"]["url"])) == (404, "file_not_found")
    assert error_of(await http.get(image["file"]["thumbnail_url"])) == (404, "file_not_found")
    for answer in (
        await http.get(path, headers=marketer),
        await http.patch(path, headers=marketer, json={"version": 1}),
        await http.delete(path, headers=marketer),
    ):
        assert error_of(answer) == (404, "image_not_found")
    assert (await http.get(IMAGES, headers=marketer)).json() == {"items": [], "next": None}
    assert (await add(http, marketer, picture())).status_code == 201


async def test_the_list_goes_back_in_time_page_by_page(http, marketer):
    added = [(await add(http, marketer, some(n), f"图{n}")).json()["id"] for n in range(5)]
    seen, cursor = [], {}
    while True:
        page = (await http.get(IMAGES, headers=marketer, params={"limit": 2} | cursor)).json()
        seen += [image["id"] for image in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == added[::-1]


async def test_the_list_is_narrowed_by_tag_and_title(http, marketer):
    for number, (title, tags) in enumerate([("Spring 100%", ["春"]), ("spring_sale", ["春", "促销"]), ("秋", ["秋"])]):
        await add(http, marketer, some(number), title, tags)

    async def titles(**params):
        page = (await http.get(IMAGES, headers=marketer, params=params)).json()
        return [image["title"] for image in page["items"]]

    assert await titles(tag="春") == ["spring_sale", "Spring 100%"]
    assert await titles(text="SPRING") == ["spring_sale", "Spring 100%"]
    assert await titles(text="0%") == ["Spring 100%"]
    assert await titles(text="%") == ["Spring 100%"]
    assert await titles(tag="春", text="_") == ["spring_sale"]
    assert await titles(tag="冬") == []


async def test_tags_are_counted_without_what_was_deleted(http, marketer):
    images = [
        (await add(http, marketer, some(n), "图", tags)).json() for n, tags in enumerate([["一", "二"], ["一"], ["三"]])
    ]
    await http.delete(f"{IMAGES}/{images[2]['id']}", headers=marketer)
    tags = (await http.get(f"{IMAGES}/tags", headers=marketer)).json()
    assert tags == [{"tag": "一", "images": 2}, {"tag": "二", "images": 1}]
