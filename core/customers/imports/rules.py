"""What an import can be, and what is said about a row. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from infra import names

# The kind of key (core.customers.linking) that a number in another system is.
EXTERNAL = "external"


class ImportState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RowOutcome(StrEnum):
    """What became of a row; of a dry run, what would."""

    CREATED = "created"
    LINKED = "linked"
    REFUSED = "refused"
    WARNED = "warned"


class Into(StrEnum):
    """Whose the new customers are: the importer's, the public pool's, or whose the owner column says."""

    OWN = "own"
    POOL = "pool"
    COLUMN = "column"


class OnPossibleDuplicate(StrEnum):
    """The same mobile under another name: leave the row out, or take it and warn."""

    REFUSE = "refuse"
    KEEP = "keep"


# What the report says about a code, for people.
WORDS = {
    "address_too_long": "地址过长",
    "birthday_impossible": "生日不是有效的日期",
    "choice_unknown": "不是可选的值",
    "date_unreadable": "无法识别的日期",
    "duplicate_customer": "已有手机和姓名都相同的客户",
    "email_invalid": "邮箱格式不对",
    "field_required": "必填的自定义字段没有填写",
    "field_too_long": "文字过长",
    "field_value_refused": "不符合该字段的要求",
    "field_value_taken": "该字段的值不能重复，已有其他客户使用",
    "known": "系统中已有此人，资料已并入",
    "known_unchanged": "系统中已有此人，不在您的数据范围内或在公海中，资料未改动",
    "maybe_known": "可能是已有的客户，已列入疑似重复",
    "money_unreadable": "无法识别的金额",
    "nobody_named": "姓名、电话与外部编号至少填写一项",
    "number_unreadable": "无法识别的数字",
    "owner_needed": "没有填写负责人",
    "owner_refused": "负责人已停用或离职",
    "owner_unknown": "没有这位在职同事，或不在您的数据范围内",
    "parent_refused": "与上级单位互为上级",
    "parent_unknown": "没有这个上级单位（按外部编号或系统编号查找；在表中须排在前面）",
    "phone_refused": "电话号码不正确",
    "possible_duplicate": "已有手机相同、姓名不同的客户",
    "row_too_wide": "该行的列数多于表头，可能错位",
    "tag_unknown": "没有这个标签",
    "text_invalid": "含有控制字符",
    "too_long": "文字过长",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was ordered: by whom, into whose hands, and what is to be done with doubtful ones.

    `consent`: purpose and version of the text that everybody in the table agreed to.
    """

    run_id: UUID
    staff_id: UUID
    into: Into
    on_possible_duplicate: OnPossibleDuplicate
    tag_ids: tuple[UUID, ...]
    consent: tuple[str, int] | None
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row: a stable code, and the field it is about (None: the row as a whole)."""

    code: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a row; `is_new`: there is a customer more."""

    row: int
    outcome: RowOutcome
    problems: tuple[Problem, ...] = ()
    customer_id: UUID | None = None
    is_new: bool = False


def header_key(headers: Sequence[str]) -> str:
    """What headers have in common that name the same columns in the same order."""
    return "\n".join(names.key(header) for header in headers)
