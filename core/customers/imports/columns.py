"""The columns of an export: what each is called, and its cell for a customer.

A file of its own: keys and words are those of an import, so that what was exported can be read elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg
import orjson

from core.custom_fields import values as custom_values
from core.custom_fields.rules import Field as CustomField
from core.customers.imports.errors import ColumnsUnknown
from core.customers.imports.fields import FIELDS, PHONES
from core.customers.linking.phones import ShownPhone
from core.customers.profiles.rules import masked_email
from infra.money import format_yuan
from infra.phones import is_mobile
from infra.settings import settings

_WORDS: Mapping[str, Mapping[str, str]] = {
    "nature": {"person": "个人", "business": "企业"},
    "party": {
        "prospect": "潜在客户",
        "customer": "客户",
        "partner": "合作伙伴",
        "agent": "代理商",
        "supplier": "供应商",
    },
    "status": {"active": "正常", "paused": "暂停", "closed": "关闭"},
    "stage": {
        "new": "新客",
        "interested": "意向",
        "bought": "已购",
        "loyal": "忠诚",
        "sleeping": "沉睡",
        "lost": "流失",
    },
    "gender": {"male": "男", "female": "女"},
}
_CHINA = "+86"
_ONLY_HERE = {"number": "系统编号", "owner_name": "负责人姓名", "department": "负责人部门", "created_at": "创建时间"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A customer as the one who exports may see it; `full`: contact data are not masked."""

    row: asyncpg.Record
    phones: Sequence[ShownPhone]
    custom: Mapping[str, Any]
    full: bool

    @classmethod
    def of(cls, row: asyncpg.Record, phones: Sequence[ShownPhone], *, full: bool) -> "Shown":
        return cls(
            row, [phone for phone in phones if phone.contact_id is None], orjson.loads(row["custom"] or "{}"), full
        )


@dataclass(frozen=True, slots=True)
class Column:
    """What a mapping of an import would call it, its title, and its cell."""

    key: str
    title: str
    cell: Callable[[Shown], object]


def chosen(keys: Sequence[str] | None, custom: Mapping[str, CustomField]) -> list[Column]:
    """The columns wanted, in order; all without `keys`. Raises ColumnsUnknown."""
    known = {key: Column(key, title, _plain(key)) for key, title in _ONLY_HERE.items()}
    known |= {field.key: Column(field.key, field.title, _cell_of(field.key)) for field in FIELDS}
    known |= {key: Column(key, field.name, _custom(field)) for key, field in custom.items()}
    if keys is None:
        return list(known.values())
    if unknown := [key for key in keys if key not in known]:
        raise ColumnsUnknown({"columns": unknown})
    return [known[key] for key in dict.fromkeys(keys)]


def _cell_of(key: str) -> Callable[[Shown], object]:
    if key in PHONES:
        return lambda shown: "；".join(_dialled(p.text) for p in shown.phones if p.label is PHONES[key] and p.text)
    if key in _WORDS:
        return lambda shown: _WORDS[key].get(shown.row[key])
    if key == "credit_limit":
        return lambda shown: None if shown.row[key] is None else format_yuan(shown.row[key])
    if key == "tags":
        return lambda shown: "、".join(shown.row[key])
    if key == "email":
        return _email
    return _plain(key)


def _dialled(number: str) -> str:
    """As people write it in China, which an import reads again; a plus in front would be run by a spreadsheet."""
    bare, _, extension = number.partition(";ext=")
    if bare.startswith(_CHINA):
        bare = bare.removeprefix(_CHINA) if is_mobile(bare) else f"0{bare.removeprefix(_CHINA)}"
    return f"{bare}转{extension}" if extension else bare


def _email(shown: Shown) -> object:
    email = shown.row["email"]
    if email is None or shown.full:
        return email
    return None if shown.row["hidden"] else masked_email(email)


def _plain(key: str) -> Callable[[Shown], object]:
    def cell(shown: Shown) -> object:
        value = shown.row[key]
        if isinstance(value, datetime):
            return f"{value.astimezone(settings().timezone):%Y-%m-%d %H:%M:%S}"
        return value.isoformat() if isinstance(value, date) else value

    return cell


def _custom(field: CustomField) -> Callable[[Shown], object]:
    return lambda shown: custom_values.shown(field, shown.custom.get(field.key))
