"""A code as a picture, off the event loop: drawn from its URL, or as the platform drew it for a mini-program."""

import asyncio

from infra import images
from wechat.accounts.rules import Kind
from wechat.codes import queries
from wechat.codes.errors import CodeNotIssued
from wechat.codes.rules import TargetKind
from wechat.codes.schemas import CodeOut

_WORDS = {TargetKind.GUIDE: "专属导购", TargetKind.STORE: "门店"}
_HINTS = {Kind.OFFICIAL: "微信扫一扫，关注我们", Kind.MINI: "微信扫一扫，打开小程序"}


async def code_png(code: CodeOut) -> bytes:
    """PNG of the bare code, about 600 pixels square. Raises CodeNotIssued."""
    qr = await _qr(code)
    return await asyncio.to_thread(images.qr_png, qr) if isinstance(qr, str) else qr


async def poster_png(code: CodeOut) -> bytes:
    """PNG poster, 750 x 1200 pixels. Raises CodeNotIssued."""
    return await draw_poster(code, await _qr(code))


async def draw_poster(code: CodeOut, qr: str | bytes) -> bytes:
    """The poster around the text of a QR code or a picture.

    A channel's name is for colleagues, so a consumer reads the account's in its place.
    """
    return await asyncio.to_thread(
        images.poster_png,
        title=code.account,
        label=_WORDS.get(code.kind, ""),
        name=code.account if code.kind is TargetKind.CHANNEL else code.target,
        season=code.name or "",
        hint=_HINTS[code.account_kind],
        qr=qr,
    )


async def _qr(code: CodeOut) -> str | bytes:
    qr = code.url or (await queries.pictures([code.id])).get(code.id)
    if qr is None:
        raise CodeNotIssued
    return qr
