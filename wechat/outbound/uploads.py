"""Pictures of ours on the platform: each is uploaded once per account, and remembered for as long as it is good there.

A file of its own: what is sent names pictures by what the platform calls them, and only here that is known.
"""

import asyncio
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from weakref import WeakValueDictionary

import asyncpg

from infra import clock, database, images
from infra.errors import NotFound
from infra.files.errors import BytesMissing
from infra.files.stores import store
from infra.parameters import Parameter
from wechat.accounts.queries import Credentials
from wechat.platform import media
from wechat.platform.transport import Form

LIFE_HOURS = Parameter(
    name="wechat.media_hours",
    default=66,
    least=1,
    most=72,
    help="上传到微信的图片多少小时内重复使用（平台保存 3 天，须留有余量）",
    english=("A picture uploaded to WeChat is used again for so many hours (WeChat keeps it 3 days, so leave room)"),
)
MOST_BYTES = Parameter(
    name="wechat.image_most_kb",
    default=10_240,
    least=64,
    most=102_400,
    help="微信图片消息的大小上限（KB），超过则压缩",
    english="The largest picture message in KB; larger ones are made smaller",
)
MOST_SIDE = Parameter(
    name="wechat.image_most_side",
    default=1_280,
    least=200,
    most=4_000,
    help="发往微信的图片压缩后的最长边（像素）",
    english="The longest side of a picture made smaller for WeChat, in pixels",
)
_KIBIBYTE = 1_024
# What the platform takes as it is; everything else is made a JPEG.
_TAKEN = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/bmp": "bmp"}

_FILE = """
SELECT b.digest, b.size, b.media_type FROM stored_file f JOIN file_blob b ON b.digest = f.blob_id
WHERE f.id = $1 AND f.deleted_at IS NULL
"""
_KNOWN = """
SELECT value FROM wechat_upload WHERE account_id = $1 AND digest = $2 AND kind = $3 AND (until IS NULL OR until > $4)
"""
_KEEP = """
INSERT INTO wechat_upload (account_id, digest, kind, value, until) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id, digest, kind) DO UPDATE SET value = excluded.value, until = excluded.until
"""

# Pictures in memory at once; and of the same picture, one is uploaded while the others wait for it.
_handling = asyncio.Semaphore(2)
_locks = WeakValueDictionary[tuple[UUID, str, "Kind"], asyncio.Lock]()


class Kind(StrEnum):
    """What the platform keeps it for: a message, for a few days; or a card, which only needs an address."""

    IMAGE = "image"
    ARTICLE = "article"


class PictureGone(NotFound):
    code = "picture_gone"
    message = "图片已被删除"
    english = "The picture is no more"


async def named(account: Credentials, file_id: UUID, kind: Kind) -> str:
    """The platform's media_id or address of a picture of ours. Raises PictureGone, BadPicture, and as `call` does."""
    file = await database.fetch_one(_FILE, file_id)
    if file is None:
        raise PictureGone
    place = account.id, file["digest"], kind
    async with _locks.setdefault(place, asyncio.Lock()):
        known = await database.fetch_one(_KNOWN, *place, clock.now())
        if known is not None:
            return str(known["value"])
        async with _handling:
            value, until = await _upload(account, file, kind)
        await database.execute(_KEEP, *place, value, until)
    return value


async def forget(account: Credentials, media_ids: list[str]) -> None:
    """The platform doesn't know these any more: they are uploaded anew."""
    await database.execute(
        "DELETE FROM wechat_upload WHERE account_id = $1 AND value = ANY($2::text[])", account.id, media_ids
    )


async def drop_old() -> None:
    """Forget what has expired."""
    await database.execute("DELETE FROM wechat_upload WHERE until <= $1", clock.now())


async def _upload(account: Credentials, file: asyncpg.Record, kind: Kind) -> tuple[str, datetime | None]:
    try:
        async with store().open(file["digest"]) as chunks:
            content = b"".join([chunk async for chunk in chunks])
    except BytesMissing as error:
        raise PictureGone from error
    picture = Form(content, f"picture.{_TAKEN.get(file['media_type'], '')}", file["media_type"])
    large = file["size"] > await MOST_BYTES.get() * _KIBIBYTE
    if kind is Kind.ARTICLE or large or file["media_type"] not in _TAKEN:
        shrunk = await asyncio.to_thread(images.as_jpeg, content, await MOST_SIDE.get())
        picture = Form(shrunk, "picture.jpg", "image/jpeg")
    if kind is Kind.ARTICLE:
        return await media.upload_article_picture(account, picture), None
    until = clock.now() + timedelta(hours=await LIFE_HOURS.get())
    return await media.upload_image(account, picture), until
