"""Taking in a file: to the local disk, judged, put into the store, and only then written down."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from core.files import blobs, queries
from core.files.blobs import Claim, NewBytes, Overtaken
from core.files.purposes import Purpose, purpose
from infra import clock, database, idempotency, images
from infra.errors import Unavailable
from infra.files import kinds
from infra.files.errors import FileTooLarge, FileTypeRefused
from infra.files.kinds import Family, Kind
from infra.files.spool import Spooled, spooled
from infra.ids import new_id
from infra.parameters import Parameter

_MEBIBYTE = 1_048_576
_MEGAPIXEL = 1_000_000
_ROUTE = "POST /staff/v1/files"
_TRIES, _BETWEEN_SECONDS = 10, 0.3

LIMITS = {
    Family.IMAGE: Parameter(
        name="files.most_image_mb",
        default=20,
        least=1,
        most=200,
        help="单张图片的上限（MB）",
        english="The largest picture, in MB",
    ),
    Family.DOCUMENT: Parameter(
        name="files.most_document_mb",
        default=50,
        least=1,
        most=500,
        help="单个文档的上限（MB）",
        english="The largest document, in MB",
    ),
    Family.TABLE: Parameter(
        name="files.most_table_mb",
        default=50,
        least=1,
        most=500,
        help="单个 CSV 表格的上限（MB）",
        english="The largest CSV table, in MB",
    ),
    Family.SOUND: Parameter(
        name="files.most_sound_mb",
        default=20,
        least=1,
        most=500,
        help="单段录音的上限（MB）",
        english="The largest sound, in MB",
    ),
    Family.VIDEO: Parameter(
        name="files.most_video_mb",
        default=200,
        least=1,
        most=4_000,
        help="单段视频的上限（MB）",
        english="The largest video, in MB",
    ),
}
MOST_MEGAPIXELS = Parameter(
    name="files.most_image_megapixels",
    default=50,
    least=1,
    most=80,
    help="单张图片的像素上限（百万像素）",
    english="The largest picture, in megapixels",
)

# Pictures being decoded at once: each takes up to four bytes a pixel.
_looking = asyncio.Semaphore(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What the sender says of a file. `key` is the request's Idempotency-Key, if there is one.

    What no colleague brought has no owner.
    """

    name: str
    purpose: str
    owner_id: UUID | None
    key: str | None


async def take_in(arrival: Arrival, chunks: AsyncIterator[bytes]) -> UUID:
    """The id of the new file; of the former one when the same content comes again with the same key.

    Raises PurposeUnknown, FileTypeRefused, FileTooLarge, KeyReused, BadKey, Unavailable: then nothing is kept.
    """
    meant = purpose(arrival.purpose)

    async def most_bytes(head: bytes) -> int:
        return await LIMITS[_family(head, meant)].get() * _MEBIBYTE

    async with spooled(chunks, most_bytes) as received:
        return await take_in_whole(arrival, received)


async def take_in_whole(arrival: Arrival, received: Spooled) -> UUID:
    """The same of what lies on the local disk already, of a size that whoever put it there allows.

    Raises PurposeUnknown, FileTypeRefused, FileTooLarge (too many pixels), KeyReused, BadKey, Unavailable.
    """
    brought = await _judge(received, purpose(arrival.purpose))
    for _ in range(_TRIES):
        try:
            return await _write_down(arrival, brought, await blobs.put(brought))
        except Overtaken:
            await asyncio.sleep(_BETWEEN_SECONDS)
    raise Unavailable({"server": "files"}, retry_after=1)


def _family(head: bytes, meant: Purpose) -> Family:
    if Family.TABLE in meant.families and kinds.is_text_table(head):
        return Family.TABLE
    family = kinds.kind_of_head(head).family
    if family not in meant.families:
        raise FileTypeRefused({"purpose": meant.name})
    return family


def _whole_kind(received: Spooled, meant: Purpose) -> Kind:
    """Reads the file: call it in a thread."""
    if _family(received.head, meant) is Family.TABLE:
        kind = kinds.CSV
        if kinds.is_archive_too(received.file):
            raise FileTypeRefused
    else:
        kind = kinds.kind_of(received.head, received.file)
    if meant.only and kind not in meant.only:
        raise FileTypeRefused({"purpose": meant.name})
    return kind


async def _judge(received: Spooled, meant: Purpose) -> list[NewBytes]:
    """The file's bytes and, of a picture that can be read and is not its own thumbnail, those of that."""
    kind = await asyncio.to_thread(_whole_kind, received, meant)
    if kind.image_format is None:
        return [NewBytes(received.digest, received.file, received.size, kind.media_type)]
    most = await MOST_MEGAPIXELS.get() * _MEGAPIXEL
    try:
        async with _looking:
            seen = await asyncio.to_thread(images.look_at, received.file, kind.image_format, most)
    except images.BadPicture as error:
        raise FileTypeRefused from error
    except images.TooManyPixels as error:
        raise FileTooLarge({"most_pixels": most}) from error
    size = {"width": seen.width, "height": seen.height}
    brought = [NewBytes(received.digest, received.file, received.size, kind.media_type, **size)]
    if seen.thumbnail is not None and (digest := sha256(seen.thumbnail).hexdigest()) != received.digest:
        small = io.BytesIO(seen.thumbnail)
        brought.append(NewBytes(digest, small, len(seen.thumbnail), images.THUMBNAIL_TYPE))
    return brought


async def _write_down(arrival: Arrival, brought: list[NewBytes], claims: list[Claim]) -> UUID:
    async def act() -> str:
        return str(await _add(arrival, brought, claims))

    if arrival.key is None:
        return UUID(await act())
    # The digest stands for the body, which is never in memory as a whole.
    body = f"{arrival.purpose}\n{arrival.name}\n{brought[0].digest}".encode()
    file_id = UUID(
        await idempotency.once(principal=f"staff:{arrival.owner_id}", route=_ROUTE, key=arrival.key, body=body, act=act)
    )
    # A phone may send again what it sent two days ago and what nobody kept: then it is a new file.
    return file_id if await queries.files([file_id]) else UUID(await act())


async def _add(arrival: Arrival, brought: list[NewBytes], claims: list[Claim]) -> UUID:
    original, file_id = brought[0].digest, new_id()
    async with database.transaction() as connection:
        await blobs.settle(connection, claims, referred=original)
        if len(brought) > 1:
            await connection.execute(
                "UPDATE file_blob SET thumbnail_digest = $2 WHERE digest = $1 AND thumbnail_digest IS NULL",
                original,
                brought[1].digest,
            )
        await connection.execute(
            """INSERT INTO stored_file (id, blob_id, name, purpose, owner_id, created_at)
            VALUES ($1, $2, $3, $4, $5, $6)""",
            file_id,
            original,
            arrival.name,
            arrival.purpose,
            arrival.owner_id,
            clock.now(),
        )
    return file_id
