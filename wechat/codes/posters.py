"""Posters of many codes in one file, drawn while it is sent, so that memory holds a few of them at a time.

A file of its own: `pictures` draws one.
"""

import io
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from infra import clock
from infra.parameters import Parameter
from infra.pdf import Pdf
from infra.settings import settings
from wechat.codes import pictures, queries
from wechat.codes.errors import TooManyPosters
from wechat.codes.queries import CodeFilter
from wechat.codes.rules import CodeState
from wechat.codes.schemas import CodeOut

POSTERS_MOST = Parameter(
    name="wechat.posters_most", default=500, least=1, most=5000, help="一个 PDF 最多包含的海报张数"
)
_AT_ONCE = 20
_LEFT_OUT = "未生成.txt"
# What a file system would take for a path or refuse; dots at the ends would hide the file or lose its type.
_UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')


async def ready(wanted: CodeFilter) -> tuple[int, int]:
    """(how many posters there are, how many codes are not issued yet)."""
    counts = await queries.count_living(_fresh(wanted))
    return counts[CodeState.ISSUED], counts[CodeState.PENDING] + counts[CodeState.FAILED]


async def few_enough(wanted: CodeFilter) -> int:
    """How many codes are not issued yet, if the others fit into one PDF. Raises TooManyPosters."""
    count, left_out = await ready(wanted)
    most = await POSTERS_MOST.get()
    if count > most:
        raise TooManyPosters({"count": count, "most": most})
    return left_out


async def archive(wanted: CodeFilter, left_out: int) -> AsyncIterator[bytes]:
    """A ZIP of posters "name-number.png", and a note if codes were left out because they are not issued yet."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as file:
        number = 0
        async for code, poster in _drawn(wanted):
            number += 1
            file.writestr(_entry(f"{_fit(code.target)}-{number:04d}.png"), poster)
            yield sink.taken()
        if left_out:
            file.writestr(_entry(_LEFT_OUT), f"还有 {left_out} 个二维码尚未生成，请稍后重新下载。\n")
    yield sink.taken()


async def document(wanted: CodeFilter) -> AsyncIterator[bytes]:
    """A PDF with one poster a page."""
    pdf = Pdf()
    async for _, poster in _drawn(wanted):
        yield pdf.page(poster)
    yield pdf.end()


async def _drawn(wanted: CodeFilter) -> AsyncIterator[tuple[CodeOut, bytes]]:
    after = None
    while codes := await queries.page(_fresh(wanted), after, _AT_ONCE, living=True):
        after = codes[-1].id
        drawn = await queries.pictures([code.id for code in codes])
        for code in codes:
            qr = code.url or drawn.get(code.id)
            if qr is not None and code.state is CodeState.ISSUED:
                yield code, await pictures.draw_poster(code, qr)


def _fresh(wanted: CodeFilter) -> CodeFilter:
    """Nobody hangs up a poster of a stopped code, unless those are what was asked for."""
    return replace(wanted, stopped=False) if wanted.stopped is None else wanted


def _entry(name: str) -> zipfile.ZipInfo:
    # A PNG is compressed already.
    return zipfile.ZipInfo(name, clock.now().astimezone(settings().timezone).timetuple()[:6])


def _fit(name: str) -> str:
    return _UNFIT.sub("_", name).strip(". ") or "_"


class _Sink(io.RawIOBase):
    """Where the ZIP is written to; it can't go back, so it needs no more memory than one poster."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return memoryview(data).nbytes

    def taken(self) -> bytes:
        """What was written since the last call."""
        written, self._written = bytes(self._written), bytearray()
        return written
