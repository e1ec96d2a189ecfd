"""Conversations as a part of a customer: the whole picture, the person's own document, forgetting, retention."""

from uuid import UUID

import pytest

from core.customers.privacy import document, erasing
from core.permissions.rules import RoleKey
from infra import audit, clock, database, parameters, partitions
from infra.ids import new_id
from tests import factories as make
from tests.core.privacy_world import leaves
from tests.pushes import Pushes
from tests.wechat.chat_world import conversation, hear, thread
from tests.wechat.reply_world import rule
from wechat.conversations import parts, retention, service, words
from wechat.conversations.rules import Author, MessageKind
from wechat.conversations.service import New
from wechat.outbound.contents import ImageContent
from wechat.pushes.responders import Response


@pytest.fixture
async def fan(db):
    return Pushes(await make.account(), make.openid())


async def customer(fan):
    return UUID(int=(await make.customer_of(fan.openid, fan.account.app_id))["id"].int)


async def picture(owner_id=None):
    """A stored file that something refers to."""
    [row] = await make.rows(
        """WITH bytes AS (
            INSERT INTO file_blob (digest, size, media_type, created_at)
            VALUES (md5(random()::text), 1, 'image/png', $1) RETURNING digest
        ) INSERT INTO stored_file (id, blob_id, name, purpose, owner_id, created_at, kept_at)
        SELECT gen_random_uuid(), digest, 'x', 'chat', $2, $1, $1 FROM bytes RETURNING id""",
        clock.now(),
        owner_id,
    )
    return UUID(int=row["id"].int)


async def say(staff, content, conversation_id=None):
    id_ = conversation_id or (await conversation())["id"]
    async with database.transaction() as connection:
        await service.lock(connection, [id_])
        new = New(author=Author.STAFF, kind=MessageKind.IMAGE, content=content, staff_id=staff.id)
        return await service.add(connection, id_, new)


async def with_everything(fan):
    """Words of both, a fetched picture of the fan's, a picture of a colleague's; the colleague and the files."""
    guide = await make.guide()
    await hear(fan, fan.follow(), fan.text("我的电话13812345678"), answer=Response(text="收到"))
    await hear(fan, fan.message("image", PicUrl="http://p", MediaId="m1"))
    theirs, ours = await picture(), await picture(guide.id)
    await database.execute("UPDATE chat_media SET state = 'kept', file_id = $1", theirs)
    await database.execute(
        "UPDATE chat_message SET media_state = 'kept', file_id = $1 WHERE media_state IS NOT NULL", theirs
    )
    await say(guide, ImageContent(file_id=ours))
    return guide


async def test_the_picture_has_counts_and_the_newest_lines_without_risky_ones(fan):
    admin = await make.admin()
    await words.add(admin, "违禁")
    await hear(fan, fan.follow(), fan.text("我的电话13812345678"), fan.text("违 禁"))
    owner = await make.colleague(RoleKey.GUIDE, store_id=(await make.store()).id, is_guide=True)
    await database.execute("UPDATE customer SET guide_id = $1", owner.id)
    told = await parts.PART.summary(await customer(fan), admin)
    assert (told["messages"], told["open"]) == (3, 1)
    assert [line["text"] for line in told["newest"]] == ["我的电话138****5678"]
    assert [line["text"] for line in (await parts.PART.summary(await customer(fan), owner))["newest"]] == [
        "我的电话13812345678"
    ]


async def test_the_document_has_everything_that_was_said(fan):
    await with_everything(fan)
    told = (await document.document(await customer(fan)))["wechat.conversations"]
    assert [(line["author"], line["kind"], line["text"]) for line in told] == [
        ("event", "event", None),
        ("auto", "text", "收到"),
        ("fan", "text", "我的电话13812345678"),
        ("auto", "text", "收到"),
        ("fan", "image", None),
        ("staff", "image", None),
    ]


async def test_who_left_is_forgotten_with_words_and_pictures_and_that_there_was_a_talk_stays(fan, db):
    await with_everything(fan)
    before = await conversation()
    await leaves(fan.openid)
    make.jump(db, days=31)
    assert await erasing.forget_due() == 1
    rows = await make.rows("SELECT author, content, text, terms, file_id, media_state FROM chat_message")
    assert len(rows) == before["last_number"] == 6
    assert {(row["content"], row["text"], row["terms"], row["file_id"]) for row in rows} == {("{}", None, None, None)}
    assert {one.media.state for one in await thread() if one.media} == {"failed"}
    after = await conversation()
    assert (after["last_number"], after["last_text"]) == (6, None)
    assert await make.count("stored_file") == await make.count("chat_media") == 0


async def test_at_request_the_messages_go_and_the_conversation_goes_on_from_its_number(fan):
    await with_everything(fan)
    with audit.acting_as("test"):
        await erasing.forget_at_request(await make.admin(), await customer(fan))
    assert await make.count("chat_message") == await make.count("stored_file") == await make.count("chat_media") == 0
    row = await conversation()
    assert (row["last_number"], row["last_text"]) == (6, None)
    await hear(fan, fan.text("又来了"))
    assert [(one.number, one.text) for one in await thread()] == [(7, "又来了")]


async def test_a_picture_that_somebody_else_got_too_stays_for_them(fan):
    other = Pushes(fan.account, make.openid())
    guide, shared = await make.guide(), await picture()
    for one in (fan, other):
        await hear(one, one.text("你好"))
    ids = [row["id"] for row in await make.rows("SELECT id FROM conversation")]
    for id_ in ids:
        await say(guide, ImageContent(file_id=shared), id_)
    await erasing.forget_at_request(await make.admin(), await customer(fan))
    assert await make.count("stored_file") == 1
    await erasing.forget_at_request(await make.admin(), await customer(other))
    assert await make.count("stored_file") == 0


async def test_a_merge_takes_threads_along_and_previews_count_them(fan):
    other = Pushes(await make.account(2), make.openid())
    await hear(fan, fan.text("一"), fan.text("二"))
    await hear(other, other.text("三"))
    source, target = (
        await customer(fan),
        UUID(int=(await make.customer_of(other.openid, "wx0000000000000002"))["id"].int),
    )
    await database.execute("UPDATE identity SET customer_id = $2 WHERE customer_id = $1", source, target)
    async with database.connection() as connection:
        assert await parts.PART.counts(connection, [target]) == {target: 3}
    told = await parts.PART.summary(target, await make.admin())
    assert {line["text"] for line in told["newest"]} == {"一", "二", "三"}


async def test_messages_past_their_months_go_with_their_files(fan, db):
    await with_everything(fan)
    await partitions.ensure()
    await parameters.change("chat.kept_months", 2, expected_version=0, by="test")
    make.jump(db, days=32)
    await partitions.ensure()
    await hear(fan, fan.text("还在"))
    await retention.drop_old()
    assert await make.count("chat_message") == 7
    make.jump(db, days=95)
    await retention.drop_old()
    assert [one.text for one in await thread()] in ([], ["还在"])
    assert await make.count("stored_file") == await make.count("chat_media") == 0
    assert (await conversation())["last_number"] == 7


async def test_the_last_words_of_all_who_said_nothing_since_go_and_no_others(fan, db, monkeypatch):
    monkeypatch.setattr(retention, "_ROWS", 2)
    others = [Pushes(fan.account, make.openid()) for _ in range(4)]
    for one in others:
        await hear(one, one.text("从前"))
    make.jump(db, days=32)
    await partitions.ensure()
    await hear(fan, fan.text("今天"))
    await parameters.change("chat.kept_months", 1, expected_version=0, by="test")
    make.jump(db, days=64)
    await retention.drop_old()
    rows = await make.rows("SELECT last_text FROM conversation ORDER BY id")
    assert [row["last_text"] for row in rows] == [None] * 4 + ["今天"]


async def test_old_pictures_that_younger_messages_show_hide_no_others(fan, db, monkeypatch):
    monkeypatch.setattr(retention, "_ROWS", 1)
    guide = await make.guide()
    await hear(fan, fan.text("你好"))
    shared, alone = sorted([await picture(guide.id), await picture(guide.id)])
    await say(guide, ImageContent(file_id=shared))
    await say(guide, ImageContent(file_id=alone))
    await parameters.change("chat.kept_months", 2, expected_version=0, by="test")
    make.jump(db, days=95)
    await say(guide, ImageContent(file_id=shared))
    await retention.drop_old()
    assert [UUID(int=row["id"].int) for row in await make.rows("SELECT id FROM stored_file")] == [shared]


async def test_pictures_of_the_library_and_of_rules_stay_when_a_chat_that_showed_them_is_forgotten(fan, db):
    by = await make.colleague(RoleKey.MARKETER)
    library, of_rule, alone = [await picture(by.id) for _ in range(3)]
    await database.execute(
        """INSERT INTO library_image (id, file_id, digest, title, tags, added_by_id, version, created_at)
        SELECT $1, id, blob_id, '图', '[]', $3, 1, $4 FROM stored_file WHERE id = $2""",
        new_id(),
        library,
        by.id,
        clock.now(),
    )
    await rule(by, contents=[{"kind": "image", "file_id": str(of_rule)}])
    other = Pushes(fan.account, make.openid())
    await hear(fan, fan.text("你好"))
    for file_id in (library, of_rule, alone):
        await say(by, ImageContent(file_id=file_id))
    await erasing.forget_at_request(await make.admin(), await customer(fan))
    assert await files() == {library, of_rule}
    await hear(other, other.text("你好"))
    [second] = await make.rows("SELECT id FROM conversation WHERE last_number = 1")
    for file_id in (library, of_rule):
        await say(by, ImageContent(file_id=file_id), second["id"])
    await parameters.change("chat.kept_months", 1, expected_version=0, by="test")
    make.jump(db, days=95)
    await retention.drop_old()
    assert await files() == {library, of_rule}


async def files():
    return {UUID(int=row["id"].int) for row in await make.rows("SELECT id FROM stored_file")}
