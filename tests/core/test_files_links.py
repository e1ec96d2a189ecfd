"""Signed links: who may open what until when, and how the bytes leave."""

import io
import re
from datetime import UTC
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.files import rules, service
from core.files.rules import Link, Variant
from core.permissions.rules import RoleKey
from core.sessions import service as sessions
from infra import alerts, clock, crypto
from infra.files.stores import store
from infra.ids import new_id
from infra.settings import settings
from tests import factories as make
from tests.core.file_world import uploaded
from tests.doors import error_of
from tests.infra.some_bytes import OF_TYPE, PDF, picture


@pytest.fixture
async def rep(http):
    return await make.colleague(RoleKey.REP)


@pytest.fixture
async def me(rep):
    return await make.headers(rep)


@pytest.fixture
async def photo(http, me):
    return await uploaded(http, me, picture(size=(1200, 900)), name="门店 1.jpg")


async def test_a_link_opens_its_bytes_without_a_session(http, photo):
    answer = await http.get(photo["url"])
    assert answer.status_code == 200
    assert answer.content == picture(size=(1200, 900))
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == str(photo["size"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert re.fullmatch(r"private, max-age=\d+, immutable", answer.headers["cache-control"])


async def test_the_thumbnail_has_a_link_of_its_own(http, photo):
    answer = await http.get(photo["thumbnail_url"])
    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).size == (360, 270)
    assert len(answer.content) == int(answer.headers["content-length"])


async def test_a_head_says_what_a_get_would(http, photo):
    head, get = await http.head(photo["url"]), await http.get(photo["url"])
    assert head.content == b""
    for answer in (head, get):
        del answer.headers["x-request-id"]
    assert head.headers == get.headers
    assert (await http.head(photo["url"] + "x")).status_code == 403


@pytest.mark.parametrize("media_type", OF_TYPE)
async def test_only_what_a_browser_shows_safely_is_shown(http, me, media_type):
    file = await uploaded(http, me, OF_TYPE[media_type])
    answer = await http.get(file["url"])
    way = "inline" if media_type.startswith("image/") or media_type == "application/pdf" else "attachment"
    assert answer.headers["content-disposition"].startswith(f"{way}; ")
    assert answer.headers["content-type"] == media_type


async def test_any_name_survives(http, me):
    name = "报价\"单';/\\%20é😀.pdf"
    answer = await http.get((await uploaded(http, me, PDF, name=name))["url"])
    plain, full = re.fullmatch(
        r"inline; filename=\"([^\"]*)\"; filename\*=UTF-8''(.*)", answer.headers["content-disposition"]
    ).groups()
    assert unquote(full) == name
    assert re.fullmatch(r"[ -~]*", plain)
    assert not set(plain) & set('"\\%/')


async def test_a_link_ends(http, db, photo):
    make.jump(db, minutes=61)
    assert error_of(await http.get(photo["url"])) == (410, "file_link_expired")


async def test_the_same_page_finds_the_same_links(http, db, me, photo):
    start = clock.now()
    for minutes in range(0, 55, 5):
        make.jump(db, minutes=minutes)
        again = (await http.get(f"/staff/v1/files/{photo['id']}", headers=me)).json()
        left = (await http.get(again["url"])).headers["cache-control"]
        assert 30 * 60 - 5 <= int(re.search(r"max-age=(\d+)", left)[1]) <= 60 * 60
    assert len({rules.expiry(start.replace(minute=minute), 60) for minute in range(60)}) == 2


@pytest.mark.parametrize("place", [0, 10, 16, 20, 40, -1])
async def test_a_link_with_any_sign_changed_is_none(http, photo, place):
    path, text = photo["url"].rsplit("/", 1)
    changed = "B" if text[place] == "A" else "A"
    forged = text[:place] + changed + (text[place + 1 :] if place != -1 else "")
    assert error_of(await http.get(f"{path}/{forged}")) == (403, "file_link_invalid")


@pytest.mark.parametrize("text", ["x", "AAAA", "A" * 73, "é", "A" * 500, "%00", "=" * 8])
async def test_what_is_no_link_is_refused(http, text):
    assert error_of(await http.get(f"/files/v1/{text}")) == (403, "file_link_invalid")


async def test_the_link_of_one_thing_opens_no_other(http, rep, photo):
    """What is signed is file, variant, viewer and end: none of them can be exchanged for a known other one."""
    ends = int(clock.timestamp()) + 600
    original = Link(new_id(), Variant.ORIGINAL, rep.id, ends)
    others = [
        Link(new_id(), Variant.ORIGINAL, rep.id, ends),
        Link(original.file_id, Variant.THUMBNAIL, rep.id, ends),
        Link(original.file_id, Variant.ORIGINAL, new_id(), ends),
        Link(original.file_id, Variant.ORIGINAL, rep.id, ends + 1),
    ]
    given = []
    rules.write_link(original, lambda content: given.append(service._sign(content)) or given[0])
    for other in others:
        mixed = rules.write_link(other, lambda _content: given[0])
        assert error_of(await http.get(f"/files/v1/{mixed}")) == (403, "file_link_invalid")


async def test_a_new_secret_key_ends_all_links(http, photo, fresh_settings):
    fresh_settings.setenv("GUANXI_SECRET_KEY", "another")
    settings.cache_clear()
    assert error_of(await http.get(photo["url"])) == (403, "file_link_invalid")


async def test_a_link_ends_with_the_sessions_of_its_viewer(http, rep, me, photo):
    other = await make.headers(rep)
    await sessions.end_session(me["Authorization"].removeprefix("Bearer "))
    assert (await http.get(photo["url"])).status_code == 200
    await sessions.end_session(other["Authorization"].removeprefix("Bearer "))
    assert error_of(await http.get(photo["url"])) == (410, "file_link_expired")


@pytest.mark.parametrize("column", ["left_at", "disabled_at"])
async def test_a_link_ends_when_its_viewer_leaves(http, rep, photo, column):
    await make.rows(f"UPDATE staff SET {column} = $2 WHERE id = $1", rep.id, clock.now())
    assert error_of(await http.get(photo["url"])) == (410, "file_link_expired")


async def test_a_link_to_a_file_that_is_gone_leads_nowhere(http, me, photo):
    await http.delete(f"/staff/v1/files/{photo['id']}", headers=me)
    assert error_of(await http.get(photo["url"])) == (404, "file_not_found")


async def test_bytes_that_are_lost_are_an_answer_too(http, photo):
    digest = (await make.rows("SELECT blob_id FROM stored_file"))[0]["blob_id"]
    await store().delete(digest)
    assert error_of(await http.get(photo["url"])) == (404, "file_bytes_missing")
    assert [(row["kind"], row["subject"]) for row in await alerts.listed()] == [("files.bytes_missing", digest)]


async def test_what_the_browser_has_is_not_sent_again(http, photo):
    etag = (await http.get(photo["url"])).headers["etag"]
    for tags in (etag, f'"x", {etag}'):
        answer = await http.get(photo["url"], headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    assert (await http.get(photo["url"], headers={"If-None-Match": '"x"'})).status_code == 200


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=10-", 10, None), ("bytes=-5", -5, None)],
)
async def test_a_part_is_sent(http, photo, asked, start, stop):
    content = picture(size=(1200, 900))
    answer = await http.get(photo["url"], headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == content[start:stop]
    first = start % len(content)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(content)}"
    assert answer.headers["content-length"] == str(len(answer.content))


async def test_a_part_that_is_not_there_is_refused(http, photo):
    answer = await http.get(photo["url"], headers={"Range": f"bytes={photo['size']}-"})
    assert error_of(answer) == (416, "file_range_not_there")
    assert answer.json()["error"]["details"] == {"size": photo["size"]}


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=5-2", "bytes=-", "bytes=x", ""])
async def test_what_is_not_understood_gets_everything(http, photo, asked):
    answer = await http.get(photo["url"], headers={"Range": asked})
    assert (answer.status_code, len(answer.content)) == (200, photo["size"])


async def test_a_part_of_what_has_changed_is_not_sent(http, photo):
    answer = await http.get(photo["url"], headers={"Range": "bytes=0-0", "If-Range": '"other"'})
    assert answer.status_code == 200
    etag = answer.headers["etag"]
    assert (await http.get(photo["url"], headers={"Range": "bytes=0-0", "If-Range": etag})).status_code == 206


async def test_links_for_many_files_take_one_look(http, me, rep):
    ids = [new_id(), *[(await uploaded(http, me, PDF, name=f"{n}"))["id"] for n in range(3)]]
    found = await service.links(ids, rep.id)
    assert {str(file_id) for file_id in found} == set(ids[1:])
    assert await service.links([], rep.id) == {}


@given(st.uuids(), st.sampled_from(Variant), st.uuids(), st.integers(0, 2**63))
def test_a_link_says_what_was_written(file_id, variant, viewer_id, expires):
    link = Link(file_id, variant, viewer_id, expires)
    text = rules.write_link(link, lambda content: crypto.signature("x", content))
    assert rules.read_link(text, lambda content, given: crypto.is_signature(given, "x", content)) == link
    assert rules.read_link(text, lambda content, given: crypto.is_signature(given, "y", content)) is None


@given(st.text(max_size=120))
def test_any_text_is_read_without_trouble(text):
    assert rules.read_link(text, lambda _content, _given: False) is None


@given(st.integers(1, 1000), st.integers(0, 1200), st.integers(0, 1200))
def test_a_range_is_within_the_file(size, first, last):
    part = rules.read_range(f"bytes={first}-{last}", size)
    whole = list(range(size))
    if last < first:
        assert part is None
    else:
        assert list(part) == whole[first : last + 1]
    assert list(rules.read_range(f"bytes=-{last}", size)) == (whole[-last:] if last else [])


@given(st.datetimes(), st.integers(2, 1440))
def test_a_link_lives_between_half_its_life_and_all_of_it(at, minutes):
    at = at.replace(tzinfo=UTC, microsecond=0)
    left = (rules.expiry(at, minutes) - at).total_seconds()
    assert minutes * 30 < left <= minutes * 60
