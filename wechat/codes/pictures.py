"""A code as a picture: drawn from its URL, off the event loop."""

import asyncio

from infra import images
from wechat.codes.errors import CodeNotIssued
from wechat.codes.schemas import CodeOut, TargetKind

_WORDS = {TargetKind.GUIDE: "专属导购", TargetKind.STORE: "门店", TargetKind.CHANNEL: "活动"}


async def code_png(code: CodeOut) -> bytes:
    """PNG of the bare code, about 600 pixels square. Raises CodeNotIssued."""
    return await asyncio.to_thread(images.qr_png, _url(code))


async def poster_png(code: CodeOut) -> bytes:
    """PNG poster, 750 x 1200 pixels. Raises CodeNotIssued."""
    return await asyncio.to_thread(
        images.poster_png,
        title=code.account,
        label=_WORDS[code.kind],
        name=code.target,
        hint="微信扫一扫，关注我们",
        qr=_url(code),
    )


def _url(code: CodeOut) -> str:
    if code.url is None:
        raise CodeNotIssued
    return code.url
