"""Automatic replies over HTTP: who may write them, what is refused, and editors who meet."""

import asyncio
from uuid import uuid4

import pytest

from infra import database, parameters
from tests import factories as make
from tests.doors import error_of
from tests.wechat.reply_world import PATH, body, marketer, rule, text
from wechat.conversations import words

NEWS = {"kind": "news", "title": "新品", "url": "https://example.com/new"}


@pytest.fixture
async def by(http):
    return await marketer()


@pytest.fixture
async def headers(by):
    return await make.headers(by)


async def _picture(owner, *, media_type="image/png", shared=False):
    digest, file_id = uuid4().hex * 2, uuid4()
    await database.execute(
        "INSERT INTO file_blob (digest, size, media_type, created_at) VALUES ($1, 1, $2, $3)",
        digest,
        media_type,
        make.NOON,
    )
    await database.execute(
        """INSERT INTO stored_file (id, blob_id, name, purpose, owner_id, created_at)
        VALUES ($1, $2, '图', 'attachment', $3, $4)""",
        file_id,
        digest,
        owner.id,
        make.NOON,
    )
    if shared:
        await database.execute(
            """INSERT INTO library_image (id, file_id, digest, title, tags, added_by_id, version, created_at)
            VALUES ($1, $2, $3, '图', '[]', $4, 1, $5)""",
            uuid4(),
            file_id,
            digest,
            owner.id,
            make.NOON,
        )
    return file_id


async def test_a_rule_is_added_read_changed_listed_and_deleted(http, by, headers):
    hours = [{"days": [1, 7], "since": "22:00", "until": "02:00"}]
    sent = body("营业到九点", name="营业时间", words=["营业时间", "几点关门"], hours=hours, in_help=True)
    added = await http.post(PATH, headers=headers, json=sent)
    assert added.status_code == 201, added.text
    found = added.json()
    assert {name: found[name] for name in sent if name != "contents"} == {
        name: value for name, value in sent.items() if name != "contents"
    }
    assert (found["version"], found["changed_by"], found["behind_commands"]) == (1, by.name, [])
    path = f"{PATH}/{found['id']}"
    changed = await http.put(path, headers=headers, json=sent | {"enabled": False, "version": 1})
    assert (changed.json()["enabled"], changed.json()["version"]) == (False, 2)
    assert (await http.get(path, headers=headers)).json() == changed.json()
    assert (await http.delete(path, headers=headers)).status_code == 204
    for answer in (await http.get(path, headers=headers), await http.delete(path, headers=headers)):
        assert error_of(answer) == (404, "auto_reply_not_found")
    again = await http.put(path, headers=headers, json=sent | {"version": 2})
    assert error_of(again) == (404, "auto_reply_not_found")
    assert (await http.get(PATH, headers=headers)).json()["items"] == []
    audited = await make.rows("SELECT action FROM audit WHERE subject_kind = 'auto_reply' ORDER BY created_at")
    assert [row["action"] for row in audited] == [f"auto_reply.{verb}" for verb in ("added", "changed", "deleted")]


async def test_the_list_is_narrowed_by_trigger_account_and_state_and_comes_in_pages(http, by, headers):
    one, two = await make.account(1), await make.account(2)
    await rule(by, name="一", account_id=str(one.id))
    await rule(by, name="二", account_id=str(two.id), enabled=False)
    await rule(by, name="三", trigger="follow")

    async def names(**filters):
        return [item["name"] for item in (await http.get(PATH, headers=headers, params=filters)).json()["items"]]

    assert await names() == ["一", "二", "三"]
    assert await names(account_id=one.id) == ["一", "三"]
    assert await names(trigger="follow") == ["三"]
    assert await names(enabled="false") == ["二"]
    page = (await http.get(PATH, headers=headers, params={"limit": 2})).json()
    assert await names(cursor=page["next"]) == ["三"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"contents": [text("{店长}")]}, (422, "unknown_placeholder")),
        ({"contents": [NEWS | {"title": "{x}"}]}, (422, "unknown_placeholder")),
        ({"match": "pattern", "words": ["("]}, (422, "pattern_invalid")),
        ({"match": "pattern", "words": ["退货|"]}, (422, "pattern_invalid")),
        ({"trigger": "event", "match": None, "words": ["Subscribe"]}, (422, "event_not_answered")),
        (
            {"trigger": "event", "match": None, "words": ["LOCATION"], "contents": [text("1")] * 2},
            (422, "too_many_contents"),
        ),
        ({"trigger": "menu", "match": None, "contents": [text("1")] * 5}, (422, "too_many_contents")),
        ({"trigger": "follow", "match": None, "words": [], "contents": [text("1")] * 5}, (422, "too_many_contents")),
        ({"contents": [{"kind": "image", "file_id": str(uuid4())}]}, (404, "picture_not_found")),
        ({"account_id": str(uuid4())}, (404, "account_not_found")),
        ({"contents": []}, (422, "invalid_input")),
        ({"contents": [text("1")] * 6}, (422, "invalid_input")),
        ({"match": None}, (422, "invalid_input")),
        ({"words": []}, (422, "invalid_input")),
        ({"words": ["\u200b"]}, (422, "invalid_input")),
        ({"words": ["字"] * 31}, (422, "invalid_input")),
        ({"trigger": "default", "match": None}, (422, "invalid_input")),
        ({"trigger": "default", "hand_over": False, "words": [], "match": None}, (422, "invalid_input")),
        ({"match": "contains", "before_commands": True}, (422, "invalid_input")),
        ({"match": "pattern", "in_help": True}, (422, "invalid_input")),
        ({"hours": [{"days": [8], "since": "09:00", "until": "10:00"}]}, (422, "invalid_input")),
        ({"hours": [{"days": [1], "since": "24:00", "until": "10:00"}]}, (422, "invalid_input")),
        ({"priority": -1}, (422, "invalid_input")),
        ({"name": "两\n行"}, (422, "invalid_input")),
        ({"extra": 1}, (422, "invalid_input")),
    ],
)
async def test_what_cannot_be_a_rule_is_refused(http, headers, changes, expected):
    answer = await http.post(PATH, headers=headers, json=body() | changes)
    assert error_of(answer) == expected
    assert await make.count("auto_reply") == 0


async def test_as_many_contents_as_the_window_takes_beside_the_reply_itself(http, by, headers):
    follow = {"trigger": "follow"}
    assert (await http.post(PATH, headers=headers, json=body(contents=[text("一")] * 4, **follow))).status_code == 201
    picture = {"kind": "image", "file_id": str(await _picture(by))}
    refused = await http.post(PATH, headers=headers, json=body(contents=[picture, *[text("一")] * 3], **follow))
    assert refused.json()["error"]["details"] == {"most": 3, "passive": 0}
    await parameters.change("wechat.window_short_count", 4, expected_version=0, by="test")
    contents = [picture, *[text("一")] * 3]
    assert (await http.post(PATH, headers=headers, json=body(contents=contents, **follow))).status_code == 201


async def test_pictures_are_the_own_uploads_or_those_of_the_library_and_stay(http, by, headers):
    stranger = await marketer()
    own, foreign, table = await _picture(by), await _picture(stranger), await _picture(by, media_type="text/csv")
    shared = await _picture(stranger, shared=True)

    def image(file_id):
        return {"kind": "image", "file_id": str(file_id)}

    for file_id, code in ((foreign, "file_not_found"), (table, "picture_not_found")):
        answer = await http.post(PATH, headers=headers, json=body(contents=[image(file_id)]))
        assert error_of(answer) == (404, code)
    contents = [image(own), NEWS | {"picture_id": str(shared)}]
    added = (await http.post(PATH, headers=headers, json=body(contents=contents))).json()
    assert {picture["id"] for picture in added["pictures"]} == {str(own), str(shared)}
    kept = await make.rows("SELECT id FROM stored_file WHERE kept_at IS NOT NULL")
    assert [row["id"] for row in kept] == [own]
    theirs = await make.headers(stranger)
    changed = body(contents=[image(own)], version=1)
    assert (await http.put(f"{PATH}/{added['id']}", headers=theirs, json=changed)).status_code == 200


async def test_words_that_we_ban_are_not_said_by_rules(http, headers):
    await words.add(await make.admin(), "最低价")
    words.forget()
    answer = await http.post(PATH, headers=headers, json=body("全网 最 低 价！"))
    assert error_of(answer) == (422, "banned_word_in_text")


async def test_there_are_so_many_rules_at_most_also_when_many_are_added_at_once(http, headers):
    await parameters.change("replies.most", 3, expected_version=0, by="test")
    answers = await asyncio.gather(*(http.post(PATH, headers=headers, json=body(name=f"{n}")) for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 3
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert error_of(refused) == (409, "auto_replies_used_up")


async def test_of_parallel_editors_exactly_one_wins_and_the_others_learn_the_version(http, by, headers):
    found = await rule(by)
    answers = await asyncio.gather(
        *(http.put(f"{PATH}/{found.id}", headers=headers, json=body(f"{n}", version=1)) for n in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 4
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert error_of(refused) == (409, "auto_reply_changed")
    assert refused.json()["error"]["details"] == {"version": 2}


async def test_the_same_request_twice_is_one_rule(http, headers):
    once = headers | {"Idempotency-Key": "one"}
    first, again = [await http.post(PATH, headers=once, json=body()) for _ in range(2)]
    assert first.json() == again.json()
    assert await make.count("auto_reply") == 1


async def test_a_reader_may_look_and_try_but_not_write(http, by):
    from core.permissions.rules import RoleKey

    found = await rule(by)
    reader = await make.headers(await make.colleague(RoleKey.SERVICE))
    assert (await http.get(f"{PATH}/{found.id}", headers=reader)).status_code == 200
    refused = [
        await http.post(PATH, headers=reader, json=body()),
        await http.put(f"{PATH}/{found.id}", headers=reader, json=body(version=1)),
        await http.delete(f"{PATH}/{found.id}", headers=reader),
    ]
    assert [error_of(answer) for answer in refused] == [(403, "forbidden")] * 3
    guide = await make.headers(await make.guide())
    assert error_of(await http.get(PATH, headers=guide)) == (403, "forbidden")
