"""Custom fields in a search: only what is set to be searchable, and only what its kind can answer.

A file of its own: lists, exports, views and rules of tags check what they are given before they ask or keep it.
"""

from typing import Any

from core.custom_fields import queries as custom_fields
from core.custom_fields.errors import FieldConditionRefused, FieldNotSearchable, UnknownField
from core.custom_fields.rules import CHOICES, Field, FieldKind, Subject
from core.customers.search.schemas import CustomerFilters, FieldCondition

_TAKES = {
    FieldKind.LINE: {"any_of", "contains"},
    FieldKind.TEXT: {"contains"},
    FieldKind.OPTION: {"any_of"},
    FieldKind.OPTIONS: {"any_of"},
    FieldKind.NUMBER: {"least", "most"},
    FieldKind.DATE: {"days"},
    FieldKind.ADDRESS: {"contains"},
}


async def expect_askable(filters: CustomerFilters) -> None:
    """Raises UnknownField, FieldNotSearchable, FieldConditionRefused; they name the field."""
    if filters.fields is None:
        return
    known = {field.id: field for field in await custom_fields.fields(Subject.CUSTOMER)}
    for condition in filters.fields:
        field = known.get(condition.field_id)
        if field is None:
            raise UnknownField({"field_id": str(condition.field_id)})
        if not field.searchable:
            raise FieldNotSearchable({"field_id": field.key, "name": field.name})
        _expect_answerable(field, condition)


def told(filters: CustomerFilters) -> dict[str, Any]:
    """A search as the audit keeps it: without words that may be somebody's name or number."""
    found = filters.model_dump(mode="json", exclude={"q": True}, exclude_none=True)
    for condition in found.get("fields", ()):
        condition.pop("contains", None)
    return found | ({"q": "…"} if filters.q else {})


def _expect_answerable(field: Field, condition: FieldCondition) -> None:
    named = {"field_id": field.key, "name": field.name}
    asked = set(condition.model_dump(exclude={"field_id"}, exclude_none=True))
    if asked - _TAKES[field.kind]:
        raise FieldConditionRefused(named | {"kind": field.kind, "takes": sorted(_TAKES[field.kind])})
    options = [option.id for option in field.options]
    if field.kind in CHOICES and not set(condition.any_of or ()) <= set(options):
        raise FieldConditionRefused(named | {"kind": field.kind, "takes": options})
