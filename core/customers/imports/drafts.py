"""A row of a table turned into what it says of a customer, with everything that is wrong with it. No I/O.

A file of its own: reading, the dry run and the import all go through it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.custom_fields import values as custom_values
from core.custom_fields.rules import Field as CustomField
from core.custom_fields.rules import FieldKind
from core.customers.imports import addresses, converting
from core.customers.imports.converting import Unreadable
from core.customers.imports.fields import BY_KEY, CUSTOM, PHONES
from core.customers.imports.rules import Problem
from core.customers.linking.rules import PhoneLabel
from infra.errors import DomainError
from infra.phones import is_mobile
from infra.tables import Row

# What names other things than the record's own values.
_REFERENCES = {"external_number", "parent", "owner", "tags"}


@dataclass(slots=True)
class Draft:
    """`values` are fields of the record, `custom` by field id; `parent`, `owner` and `tags` as they were written."""

    row: int
    values: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    phones: list[tuple[PhoneLabel, str]] = field(default_factory=list)
    external_number: str | None = None
    parent: str | None = None
    owner: str | None = None
    tags: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def name(self) -> str | None:
        name: str | None = self.values.get("name")
        return name

    @property
    def mobiles(self) -> list[str]:
        """The mobiles among the numbers, those first that are said to be."""
        labelled = sorted(self.phones, key=lambda phone: phone[0] is not PhoneLabel.MOBILE)
        return [number for _, number in labelled if is_mobile(number)]

    @property
    def mobile(self) -> str | None:
        """What the person is known by."""
        return next(iter(self.mobiles), None)


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns rows into drafts. `mapping` has a field or None per column, `custom` the custom fields by key."""

    mapping: Sequence[str | None]
    custom: Mapping[str, CustomField]

    def draft(self, row: Row) -> Draft:
        draft = Draft(row.number)
        if row.is_too_wide:
            draft.problems.append(Problem("row_too_wide"))
            return draft
        for key, cell in zip(self.mapping, row.cells, strict=False):
            if key is None or not (text := converting.clean(cell)):
                continue
            try:
                self._put(draft, key, text)
            except Unreadable as error:
                draft.problems.append(Problem(error.code, key))
            except DomainError as error:
                draft.problems.append(Problem(error.code, key))
        _split_address(draft)
        if not draft.problems and not (draft.name or draft.phones or draft.external_number):
            draft.problems.append(Problem("nobody_named"))
        return draft

    def _put(self, draft: Draft, key: str, text: str) -> None:
        if key.startswith(CUSTOM):
            found = self.custom[key]
            draft.custom[found.key] = custom_values.clean(found, _of_custom(found, text))
            return
        value = BY_KEY[key].convert(text)
        if key in PHONES:
            draft.phones += [(PHONES[key], number) for number in value]
        elif key in _REFERENCES:
            setattr(draft, key, value)
        elif value is not None:
            draft.values[key] = value


def _of_custom(found: CustomField, text: str) -> object:
    """As the field's own reader takes it: dates, numbers and addresses as people write them."""
    if found.kind is FieldKind.DATE:
        return converting.day(text).isoformat()
    if found.kind is FieldKind.NUMBER:
        return converting.plain(converting.number(text))
    if found.kind is FieldKind.ADDRESS and (parts := addresses.split(text)):
        return dict(zip(("province", "city", "district", "street"), parts, strict=True))
    return custom_values.read(found, text)


def _split_address(draft: Draft) -> None:
    """Province and city follow from an address that begins with them; a short province gets its full name."""
    if given := draft.values.get("province"):
        draft.values["province"] = addresses.province(given) or given
    parts = addresses.split(draft.values.get("address", ""))
    if parts and not {"province", "city"} & draft.values.keys():
        draft.values["province"], draft.values["city"] = parts[:2]
