"""Posters of many codes in one file, drawn while it is sent, so that memory holds a few of them at a time.

A file of its own: `pictures` draws one.
"""

import io
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from core.organisation.scopes import Values
from infra import clock, database
from infra.parameters import Parameter
from infra.pdf import Pdf
from infra.settings import settings
from wechat.codes import pictures, queries
from wechat.codes.errors import NoPosters, TooManyPosters
from wechat.codes.queries import CodeFilter
from wechat.codes.rules import CodeState
from wechat.codes.schemas import CodeOut

POSTERS_MOST = Parameter(
    name="wechat.posters_most",
    default=500,
    least=1,
    most=5000,
    help="一个 PDF 最多包含的海报张数",
    english="The most posters in one PDF",
)
_AT_ONCE = 20
_LEFT_OUT = "未生成.txt"
# What a file system would take for a path or refuse, and what turns the direction of writing.
_UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]')
# Three parts of this length are less than the 255 bytes that file systems allow.
_LONGEST_PART = 20

_WAITING = f"""
SELECT a.name, count(*) FILTER (WHERE c.state = 'pending' AND a.shadow) AS shadow,
       count(*) FILTER (WHERE c.state = 'pending' AND NOT a.shadow) AS pending,
       count(*) FILTER (WHERE c.state = 'failed') AS failed
FROM {queries.CODES} WHERE c.state <> 'issued' AND w.left_at IS NULL AND s.closed_at IS NULL AND
"""
_REASONS = {
    "shadow": "观察模式 {} 个（上线后才会生成）",
    "pending": "等待微信 {} 个（请稍后重新下载）",
    "failed": "已放弃 {} 个（微信拒绝了，请管理员处理后重试）",
}


async def any_at_all(wanted: CodeFilter) -> int:
    """How many codes are not issued yet, if there is anything to tell of. Raises NoPosters."""
    count, left_out = await _ready(wanted)
    if not count and not left_out:
        raise NoPosters({"left_out": 0})
    return left_out


async def few_enough(wanted: CodeFilter) -> int:
    """How many codes are not issued yet, if the others fit into one PDF. Raises NoPosters, TooManyPosters."""
    count, left_out = await _ready(wanted)
    if not count:
        raise NoPosters({"left_out": left_out})
    most = await POSTERS_MOST.get()
    if count > most:
        raise TooManyPosters({"count": count, "most": most})
    return left_out


async def archive(wanted: CodeFilter) -> AsyncIterator[bytes]:
    """A ZIP of posters, and a note of the codes that were left out because they are not issued yet."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as file:
        number = 0
        async for code, poster in _drawn(wanted):
            number += 1
            file.writestr(_entry(_name(code, number)), poster)
            yield sink.taken()
        if lines := await _left_out(wanted):
            file.writestr(_entry(_LEFT_OUT), "".join(f"{line}\n" for line in lines))
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


async def _ready(wanted: CodeFilter) -> tuple[int, int]:
    """(how many posters there are, how many codes are not issued yet)."""
    counts = await queries.count_living(_fresh(wanted))
    return counts[CodeState.ISSUED], counts[CodeState.PENDING] + counts[CodeState.FAILED]


async def _left_out(wanted: CodeFilter) -> list[str]:
    """A line for each account with codes that are not issued yet: how many, and why."""
    values = Values()
    condition = _fresh(wanted).sql(values)
    rows = await database.fetch(f"{_WAITING} {condition} GROUP BY a.id ORDER BY a.id", *values)
    return [
        f"{row['name']}：" + "，".join(words.format(row[reason]) for reason, words in _REASONS.items() if row[reason])
        for row in rows
    ]


def _fresh(wanted: CodeFilter) -> CodeFilter:
    """Nobody hangs up a poster of a stopped code, unless those are what was asked for."""
    return replace(wanted, stopped=False) if wanted.stopped is None else wanted


def _entry(name: str) -> zipfile.ZipInfo:
    # A PNG is compressed already.
    return zipfile.ZipInfo(name, clock.now().astimezone(settings().timezone).timetuple()[:6])


def _name(code: CodeOut, number: int) -> str:
    parts = (code.account, code.target, code.name or "长期")
    return f"{'-'.join(map(_fit, parts))}-{number:04d}.png"


def _fit(name: str) -> str:
    # Dots at the ends would hide the file or lose its type.
    return _UNFIT.sub("_", name)[:_LONGEST_PART].strip(". ") or "_"


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
