"""What a custom field can be, and which settings go together. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.custom_fields.errors import FieldSettingRefused
from infra import names


class Subject(StrEnum):
    """What a field is added to."""

    CUSTOMER = "customer"
    CONTACT = "contact"
    PRODUCT = "product"
    CONTRACT = "contract"


class FieldKind(StrEnum):
    """What a field takes; the types of AT-78."""

    LINE = "line"
    TEXT = "text"
    OPTION = "option"
    OPTIONS = "options"
    NUMBER = "number"
    DATE = "date"
    ADDRESS = "address"


# How long a value may be where the field doesn't say so.
LONGEST = {FieldKind.LINE: 200, FieldKind.TEXT: 2000}
MOST_OPTIONS = 200
CHOICES = frozenset({FieldKind.OPTION, FieldKind.OPTIONS})
# Of what one can say that two records have the same.
_COMPARABLE = frozenset({FieldKind.LINE, FieldKind.NUMBER, FieldKind.DATE})


@dataclass(frozen=True, slots=True)
class Option:
    """A choice; a retired one isn't offered any more and stays valid for the records that hold it."""

    id: str
    name: str
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field as its values are judged by. `searchable`: filters may name it; `listed`: shown in lists."""

    id: UUID
    subject: Subject
    kind: FieldKind
    name: str
    help: str | None = None
    max_length: int | None = None
    options: tuple[Option, ...] = ()
    required: bool = False
    unique: bool = False
    searchable: bool = False
    listed: bool = False
    position: int = 0
    version: int = 1
    created_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def key(self) -> str:
        """What its values lie under."""
        return str(self.id)

    @property
    def longest(self) -> int | None:
        """How many characters a value may have; None for what has no length."""
        return self.max_length or LONGEST.get(self.kind)


def keeps_values(former: FieldKind, kind: FieldKind) -> bool:
    """Whether every value of a field stays what it is when the field is of another kind."""
    return former is kind or (former, kind) == (FieldKind.LINE, FieldKind.TEXT)


def check_settings(field: Field) -> None:
    """Raises FieldSettingRefused when settings don't go together."""
    longest = LONGEST.get(field.kind)
    if field.max_length is not None and (longest is None or field.max_length > longest):
        raise FieldSettingRefused({"setting": "max_length", "most": longest or 0})
    if field.unique and field.kind not in _COMPARABLE:
        raise FieldSettingRefused({"setting": "unique", "kinds": sorted(_COMPARABLE)})
    if (field.kind in CHOICES) != any(not option.retired for option in field.options):
        raise FieldSettingRefused({"setting": "options"})


def next_options(former: Sequence[Option], wanted: Sequence[tuple[str | None, str]]) -> tuple[Option, ...]:
    """The choices (id or None, name) in the order wanted; those left out are retired, one of a known name is itself.

    Ids are given in turn and never again, so that a value means the same for ever. Raises FieldSettingRefused for an
    unknown id, two of one name, or too many.
    """
    by_id = {option.id: option for option in former}
    by_name = {names.key(option.name): option.id for option in former}
    next_number = len(former) + 1
    chosen: list[Option] = []
    for given, name in wanted:
        option_id = given or by_name.get(names.key(name))
        if option_id is None:
            option_id, next_number = str(next_number), next_number + 1
        elif option_id not in by_id:
            raise FieldSettingRefused({"setting": "options", "unknown": option_id})
        chosen.append(Option(option_id, name))
    ids, words = {option.id for option in chosen}, {names.key(option.name) for option in chosen}
    retired = [Option(option.id, option.name, retired=True) for option in former if option.id not in ids]
    if len(ids) < len(chosen) or len(words) < len(chosen) or len(chosen) + len(retired) > MOST_OPTIONS:
        raise FieldSettingRefused({"setting": "options", "most": MOST_OPTIONS})
    return (*chosen, *retired)
