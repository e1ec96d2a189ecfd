"""Files for a few days on the platform: ours that messages show, and those that fans send (wechat-platform §1.3)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from infra.files.spool import Spooled, spooled
from wechat.accounts.queries import Credentials
from wechat.platform.client import call, call_file
from wechat.platform.errors import MediaGone, PlatformAway, PlatformRefused
from wechat.platform.policy import Action
from wechat.platform.transport import Form


@dataclass(frozen=True, slots=True)
class Received:
    """A file that the platform gave: whole, on the local disk. Type and name are the platform's word, no more."""

    spooled: Spooled
    media_type: str
    name: str


async def upload_image(account: Credentials, picture: Form) -> str:
    """The media_id of a picture (JPEG, PNG, GIF or BMP), which messages may show for three days. Raises as `call`."""
    path, params = "/cgi-bin/media/upload", {"type": "image"}
    answer = await call(account, path, picture, params=params, fields=("media_id",), writes=True, repeatable=True)
    media_id: str = answer["media_id"]
    return media_id


async def upload_article_picture(account: Credentials, picture: Form) -> str:
    """The address of a picture (JPEG or PNG, at most 1 MB) for cards; it stays. Raises as `call` does."""
    path = "/cgi-bin/media/uploadimg"
    answer = await call(account, path, picture, fields=("url",), writes=True, repeatable=True)
    url: str = answer["url"]
    return url


@asynccontextmanager
async def get(account: Credentials, media_id: str, most_bytes: int) -> AsyncIterator[Received]:
    """A file that a fan sent, for as long as the context lasts.

    Raises MediaGone, FileTooLarge, PlatformRefused, PlatformAway, QuotaSpent, AccountDisabled.
    """
    received: Received | None = None
    async with AsyncExitStack() as stack:

        async def most(_head: bytes) -> int:
            return most_bytes

        async def take(media_type: str, name: str, chunks: AsyncIterator[bytes]) -> None:
            nonlocal received
            received = Received(await stack.enter_async_context(spooled(chunks, most)), media_type, name)

        try:
            await call_file(account, "/cgi-bin/media/get", {"media_id": media_id}, take)
        except PlatformRefused as refusal:
            if refusal.action is Action.UPLOAD_AGAIN:
                raise MediaGone from refusal
            raise
        if received is None:
            raise PlatformAway({"reason": "no file"})
        yield received
