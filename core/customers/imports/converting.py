"""Cells as people write them, turned into values: dates, genders, money, numbers. No I/O.

A file of its own: the rules of an import say what it can be, this says what a cell means.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from core.customers.profiles.rules import Gender, Nature, Party, Stage, Status
from infra import clock, names, phones
from infra.phones import Number, NumberKind, PhoneRefused
from infra.schemas import UNWRITABLE
from infra.settings import settings

T = TypeVar("T")

GENDERS: Mapping[str, Gender | None] = {
    **dict.fromkeys(("男", "男性", "先生", "m", "male", "man", "1"), Gender.MALE),
    **dict.fromkeys(("女", "女性", "女士", "小姐", "f", "female", "woman", "2"), Gender.FEMALE),
    **dict.fromkeys(("未知", "不详", "保密", "unknown", "0", "-"), None),
}
NATURES: Mapping[str, Nature] = {
    **dict.fromkeys(("个人", "自然人", "person", "individual"), Nature.PERSON),
    **dict.fromkeys(("企业", "公司", "单位", "机构", "business", "company"), Nature.BUSINESS),
}
PARTIES: Mapping[str, Party] = {
    **dict.fromkeys(("潜在客户", "潜在", "意向客户", "线索", "prospect", "lead"), Party.PROSPECT),
    **dict.fromkeys(("客户", "现有客户", "成交客户", "正式客户", "customer", "client"), Party.CUSTOMER),
    **dict.fromkeys(("合作伙伴", "伙伴", "合作方", "partner"), Party.PARTNER),
    **dict.fromkeys(("代理商", "代理", "经销商", "agent", "dealer"), Party.AGENT),
    **dict.fromkeys(("供应商", "供货商", "supplier", "vendor"), Party.SUPPLIER),
}
STATUSES: Mapping[str, Status] = {
    **dict.fromkeys(("正常", "合作中", "有效", "active"), Status.ACTIVE),
    **dict.fromkeys(("暂停", "暂停合作", "paused"), Status.PAUSED),
    **dict.fromkeys(("关闭", "终止", "终止合作", "无效", "closed"), Status.CLOSED),
}
STAGES: Mapping[str, Stage] = {
    **dict.fromkeys(("新客", "新客户", "新增", "new"), Stage.NEW),
    **dict.fromkeys(("意向", "有意向", "interested"), Stage.INTERESTED),
    **dict.fromkeys(("已购", "已购买", "成交", "已成交", "bought"), Stage.BOUGHT),
    **dict.fromkeys(("忠诚", "老客户", "回头客", "loyal"), Stage.LOYAL),
    **dict.fromkeys(("沉睡", "休眠", "sleeping"), Stage.SLEEPING),
    **dict.fromkeys(("流失", "已流失", "lost"), Stage.LOST),
}

_MOST_TEXT = 2_000
# What stands in cells without being seen: zero-width characters, marks of direction and of byte order.
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_DEFUSED = re.compile(r"^'(?=[=+\-@\t\r\n＝＋－＠\d])")
_SEVERAL = re.compile(r"[,;/|、，；／｜\n]+")
_DAY = re.compile(r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?|(\d{2})(\d{2}))")
_TIME = re.compile(r"[ T]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?)?分?")
_ZONED = re.compile(r"T.*(?:Z|[+-]\d\d:?\d\d)$")
_SERIAL = re.compile(r"\d{4,5}(\.\d+)?")
# Days since the end of 1899, as spreadsheets count; below the first a number is rather a year.
_EPOCH, _SERIALS = date(1899, 12, 30), range(3_000, 73_051)
_OLDEST = date(1900, 1, 1)
_NUMBER = re.compile(r"([+-]?\d[\d, ]*(?:\.\d+)?|[+-]?\.\d+)(千|万|百万|亿|k|w)?")
_SCALES = {"": 1, "千": 1_000, "k": 1_000, "万": 10_000, "w": 10_000, "百万": 1_000_000, "亿": 100_000_000}
_MONEY_WORDS = re.compile(r"^(?:人民币|rmb|cny|[¥￥])|(?:元整?|rmb|cny)$", re.IGNORECASE)
_MOST_FEN = 2**53 - 1
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")


class Unreadable(Exception):
    """A cell that can't be what its column says; `code` is one of rules.WORDS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean(cell: str) -> str:
    """Without what nobody sees, and without the apostrophe that keeps spreadsheets from running a text."""
    return _DEFUSED.sub("", _UNSEEN.sub("", cell).strip())


def line(cell: str, most: int) -> str:
    """A text of one line; white space of any kind between words is one space."""
    found = " ".join(cell.split())
    return _fitting(found, most)


def text(cell: str) -> str:
    """A text of several lines."""
    return _fitting(cell.replace("\r\n", "\n").replace("\r", "\n"), _MOST_TEXT)


def _fitting(found: str, most: int) -> str:
    if UNWRITABLE.search(found):
        raise Unreadable("text_invalid")
    if len(found) > most:
        raise Unreadable("too_long")
    return found


def choice(cell: str, words: Mapping[str, T]) -> T:
    """What the word stands for."""
    key = names.key(cell)
    if key not in words:
        raise Unreadable("choice_unknown")
    return words[key]


def several(cell: str) -> list[str]:
    """Names, with any of the usual separators between them."""
    found = [line(part, 50) for part in _SEVERAL.split(cell)]
    return list(dict.fromkeys(part for part in found if part))


def phones_in(cell: str) -> list[Number]:
    """The numbers of a cell; all have to be good."""
    parts = [part.strip() for part in _SEVERAL.split(cell)]
    try:
        found = [phones.parse(part.removesuffix(".0")) for part in parts if part]
    except PhoneRefused as error:
        raise Unreadable("phone_refused") from error
    if not found:
        raise Unreadable("phone_refused")
    return list(dict.fromkeys(found))


def phone_texts(cell: str) -> list[str]:
    """Numbers of any kind, as they are kept."""
    return [number.text for number in phones_in(cell)]


def mobiles(cell: str) -> list[str]:
    """Mobile numbers only."""
    found = phones_in(cell)
    if any(number.kind is not NumberKind.MOBILE for number in found):
        raise Unreadable("phone_refused")
    return [number.text for number in found]


def email(cell: str) -> str:
    """An address of e-mail."""
    found = line(unicodedata.normalize("NFKC", cell), 254)
    if not _EMAIL.fullmatch(found):
        raise Unreadable("email_invalid")
    return found


def postcode(cell: str) -> str:
    """A postcode; spreadsheets drop the leading nought of a number."""
    found = line(unicodedata.normalize("NFKC", cell), 10)
    return found.zfill(6) if found.isdigit() else found


def day(cell: str) -> date:
    """A date as it is usually written, or as spreadsheets count days."""
    return _moment(cell).date()


def birthday(cell: str) -> date:
    """A day on which somebody may have been born."""
    found = day(cell)
    if not _OLDEST <= found <= clock.business_day():
        raise Unreadable("birthday_impossible")
    return found


def moment(cell: str) -> datetime:
    """A date or a date with a time, in the business time zone."""
    found = _moment(cell)
    if found.date() < _OLDEST:
        raise Unreadable("date_unreadable")
    start = clock.start_of_day(found.date())
    return start + timedelta(hours=found.hour, minutes=found.minute, seconds=found.second)


def _moment(cell: str) -> datetime:
    """Without a zone: as the clock on the wall shows it."""
    found = unicodedata.normalize("NFKC", cell).strip()
    if _ZONED.search(found):
        return _of_zone(found)
    if _SERIAL.fullmatch(found) and int(float(found)) in _SERIALS:
        whole = Decimal(found)
        start = datetime.combine(_EPOCH + timedelta(days=int(whole)), datetime.min.time())
        return start + timedelta(seconds=round(float(whole % 1) * 86_400))
    begins = _DAY.match(found)
    if begins is None:
        raise Unreadable("date_unreadable")
    rest = found[begins.end() :]
    hour = _TIME.fullmatch(rest) if rest else None
    if rest and hour is None:
        raise Unreadable("date_unreadable")
    year, *others = [int(part) for part in begins.groups() if part]
    hours = [int(part or 0) for part in hour.groups()] if hour else []
    try:
        return datetime(year, *others, *hours)  # type: ignore[arg-type]  # noqa: DTZ001 - month and day, perhaps a time; no zone yet
    except ValueError as error:
        raise Unreadable("date_unreadable") from error


def _of_zone(found: str) -> datetime:
    try:
        return datetime.fromisoformat(found).astimezone(settings().timezone).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise Unreadable("date_unreadable") from error


def number(cell: str) -> Decimal:
    """A number, perhaps with separators of thousands or a scale (5万)."""
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", cell).strip().lower())
    if found is None:
        raise Unreadable("number_unreadable")
    try:
        return Decimal(re.sub(r"[, ]", "", found[1])) * _SCALES[found[2] or ""]
    except InvalidOperation as error:
        raise Unreadable("number_unreadable") from error


def money(cell: str) -> int:
    """Fen, of yuan with or without the usual words."""
    bare = _MONEY_WORDS.sub("", unicodedata.normalize("NFKC", cell).strip())
    bare = _MONEY_WORDS.sub("", bare)
    try:
        fen = number(bare) * 100
    except Unreadable as error:
        raise Unreadable("money_unreadable") from error
    if fen != fen.to_integral_value() or not 0 <= fen <= _MOST_FEN:
        raise Unreadable("money_unreadable")
    return int(fen)


def plain(value: Decimal) -> str:
    """A number as text without an exponent."""
    return f"{value:f}"
