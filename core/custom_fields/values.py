"""Values of custom fields: as they come, as they are kept, compared and shown. No I/O.

A file of its own: the rules say what a field is, this says what its values are. Kept as JSON: lines, texts and dates
(ISO 8601) as text, numbers as numbers, addresses as their parts, a choice as the option's id, several as a list of ids.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter, ValidationError

from core.custom_fields.errors import FieldTooLong, FieldValueRefused
from core.custom_fields.rules import CHOICES, MOST_OPTIONS, Field, FieldKind
from infra import names
from infra.schemas import IN_LINE, Input, Text

_LONGEST_KEY = 500
_DIGITS, _DECIMALS = 11, 4  # fifteen digits together: what every reader of JSON keeps exactly
_LONGEST_NUMBER = 40
_YEARS = range(1900, 2201)
_BETWEEN_OPTIONS = re.compile(r"[,，、;；/|\n]")

_LINE = TypeAdapter(Annotated[Text, StringConstraints(strict=True, strip_whitespace=True), IN_LINE])
_TEXT = TypeAdapter(Annotated[Text, StringConstraints(strict=True, strip_whitespace=True)])


class Address(Input):
    """An address in parts; at least one is given."""

    province: Annotated[Text, StringConstraints(max_length=30), IN_LINE] = ""
    city: Annotated[Text, StringConstraints(max_length=30), IN_LINE] = ""
    district: Annotated[Text, StringConstraints(max_length=30), IN_LINE] = ""
    street: Annotated[Text, StringConstraints(max_length=200), IN_LINE] = ""


def clean(field: Field, value: object, former: object = None) -> Any:
    """The value as it is kept; None is no value. What a record holds already (`former`) stays valid.

    Raises FieldValueRefused, FieldTooLong.
    """
    if value is None:
        return None
    if value == former:
        return former
    try:
        if field.kind in CHOICES:
            return _chosen(field, value, former)
        cleaned = _CLEANERS[field.kind](value)
    except (ValueError, InvalidOperation, ValidationError) as error:
        raise FieldValueRefused({"field_id": field.key, "name": field.name}) from error
    if field.longest is not None and len(cleaned) > field.longest:
        raise FieldTooLong({"field_id": field.key, "name": field.name, "most": field.longest})
    return None if cleaned in ("", {}) else cleaned


def _chosen(field: Field, value: object, former: object) -> str | list[str] | None:
    chosen, held = _ids(value), _ids(former)
    offered = [option.id for option in field.options if not option.retired or option.id in held]
    if len(chosen) > MOST_OPTIONS or not all(one in offered for one in chosen):
        raise ValueError("not among the options")
    if field.kind is FieldKind.OPTION:
        if len(chosen) > 1:
            raise ValueError("more than one")
        return chosen[0] if chosen else None
    return [option_id for option_id in offered if option_id in chosen] or None


def _ids(value: object) -> list[str]:
    if isinstance(value, list):
        return value
    if value is not None and not isinstance(value, str):
        raise ValueError("no option")
    return [value] if value else []


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > _LONGEST_NUMBER:
        raise ValueError("no number")
    number = Decimal(str(value).replace("_", "x"))
    if not number.is_finite() or abs(number) >= 10**_DIGITS or number != round(number, _DECIMALS):
        raise ValueError("too large, or too many decimals")
    return int(number) if number == int(number) else float(number)


def _date(value: object) -> str:
    if not isinstance(value, str) or date.fromisoformat(value).year not in _YEARS:
        raise ValueError("no date")
    return date.fromisoformat(value).isoformat()


def _address(value: object) -> dict[str, str]:
    return {part: words for part, words in Address.model_validate(value).model_dump().items() if words}


_CLEANERS: Mapping[FieldKind, Callable[[Any], Any]] = {
    FieldKind.LINE: _LINE.validate_python,
    FieldKind.TEXT: _TEXT.validate_python,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _date,
    FieldKind.ADDRESS: _address,
}


def read(field: Field, text: str) -> object:
    """What somebody wrote in a table, as `clean` takes it: options by their names. Raises FieldValueRefused."""
    if field.kind is FieldKind.ADDRESS:
        return {"street": text}
    if field.kind not in CHOICES:
        return text
    ids = {names.key(option.name): option.id for option in field.options}
    several = field.kind is FieldKind.OPTIONS and names.key(text) not in ids
    words = [names.key(word) for word in (_BETWEEN_OPTIONS.split(text) if several else [text])]
    if any(word and word not in ids for word in words):
        raise FieldValueRefused({"field_id": field.key, "name": field.name})
    return [ids[word] for word in words if word]


def shown(field: Field, value: object) -> str:
    """A kept value in words, for lists, pages and tables; no value is the empty text."""
    if field.kind in CHOICES:
        words = {option.id: option.name for option in field.options}
        return "、".join(words[option_id] for option_id in _ids(value) if option_id in words)
    if isinstance(value, dict):
        return "".join(value.get(part, "") for part in Address.model_fields)
    return "" if value is None else str(value)


def unique_key(value: object) -> str:
    """A kept value as the database compares it; the same for what people take for the same."""
    if not isinstance(value, str):
        return f"{Decimal(str(value)):f}"
    key = names.key(value)
    # Folding may make a text many times longer.
    return key if len(key) <= _LONGEST_KEY else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
