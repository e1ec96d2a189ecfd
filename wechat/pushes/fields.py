"""Reading a push, XML or JSON, into one nested mapping of text.

Anybody may send a body: it is read before its signature is judged. Every leaf is text as it was written, numbers too,
so that both formats say the same of the same push.
"""

import json
from typing import Any, TypeAlias
from xml.parsers.expat import ExpatError, ParserCreate

from infra.schemas import UNWRITABLE
from wechat.pushes.errors import PushMalformed

Value: TypeAlias = "str | list[Value] | dict[str, Value]"
Fields: TypeAlias = dict[str, Value]

_DEEPEST = 16
# Far above the largest event of the platform, so that a body of nothing but tags or commas costs milliseconds.
_MOST_PARTS = 20_000
_LONGEST, _LARGEST = 19, 2**63 - 1


def read_fields(body: bytes | str) -> Fields:
    """What stands below the root. An element or key that comes more than once is a list, in JSON it is refused.

    Raises PushMalformed for whatever is not UTF-8 and neither XML nor a JSON object; entities and DTDs are refused.
    """
    try:
        clear = body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError as error:
        raise PushMalformed({"reason": "utf-8"}) from error
    return _read_json(clear) if clear.lstrip().startswith("{") else _read_xml(clear)


def _read_xml(clear: str) -> Fields:
    if clear.count("<") > _MOST_PARTS:
        raise PushMalformed({"reason": "size"})
    # One mapping per open element. Depth needs no limit of its own: nothing here recurses.
    opened: list[Fields] = [{}]
    pieces = list[str]()

    def start(_name: str, _attributes: object) -> None:
        opened.append({})
        pieces.clear()

    def end(name: str) -> None:
        value: Value = opened.pop() or "".join(pieces)
        pieces.clear()
        siblings = opened[-1]
        if name in siblings:
            _add(siblings, name, value)
        else:
            siblings[name] = value

    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.CharacterDataHandler = pieces.append
    parser.EndElementHandler = end
    # Entities can only be declared in a DTD.
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(clear, True)  # noqa: FBT003 - positional only: this is all of it
    except (ExpatError, ValueError) as error:
        raise PushMalformed({"reason": "xml"}) from error
    (root,) = opened[0].values()
    return root if isinstance(root, dict) else {}


def _add(siblings: Fields, name: str, value: Value) -> None:
    known = siblings[name]
    if isinstance(known, list):
        known.append(value)
    else:
        siblings[name] = [known, value]


def _refuse(*_declaration: object) -> None:
    raise PushMalformed({"reason": "xml"})


def _read_json(clear: str) -> Fields:
    if clear.count(",") > _MOST_PARTS:
        raise PushMalformed({"reason": "size"})
    try:
        # Numbers stay as they are written: a MsgId is longer than a float holds exactly.
        found = json.loads(
            clear, parse_int=str, parse_float=str, parse_constant=_refuse, object_pairs_hook=_without_repeats
        )
    except (ValueError, RecursionError) as error:
        raise PushMalformed({"reason": "json"}) from error
    return {_tidy_text(name): _tidy(value, 2) for name, value in found.items()}


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PushMalformed({"reason": "json"})
    return found


def _tidy(value: Any, depth: int) -> Value:
    if isinstance(value, str):
        return _tidy_text(value)
    if depth > _DEEPEST:
        raise PushMalformed({"reason": "depth"})
    if isinstance(value, dict):
        return {_tidy_text(name): _tidy(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_tidy(inner, depth + 1) for inner in value]
    return "" if value is None else str(value).lower()


def _tidy_text(found: str) -> str:
    # JSON can spell what neither XML nor PostgreSQL can hold: NUL, other control characters, half a surrogate pair.
    return UNWRITABLE.sub("\ufffd", found)


class Unfit(Exception):
    """A field is missing or not of its type."""


def text(fields: Fields, name: str) -> str:
    """A field's text, which may be empty. Raises Unfit when there is none, or more than one."""
    value = fields.get(name)
    if isinstance(value, str):
        return value
    raise Unfit


def optional(fields: Fields, name: str) -> str:
    """A field's text, or nothing."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def whole(fields: Fields, name: str) -> int:
    """A number of 64 bits. Raises Unfit."""
    written = text(fields, name)
    digits = written.removeprefix("-")
    # `int` alone takes other alphabets' digits, underscores and spaces too, and chokes on thousands of digits.
    if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST:
        number = int(written)
        if abs(number) <= _LARGEST:
            return number
    raise Unfit


def decimal(fields: Fields, name: str, most: float) -> float:
    """A number between -`most` and `most`. Raises Unfit."""
    try:
        number = float(text(fields, name))
    except ValueError as error:
        raise Unfit from error
    if -most <= number <= most:  # never true of NaN
        return number
    raise Unfit


def inside(fields: Fields, name: str) -> Fields:
    """What stands below a field. Raises Unfit."""
    value = fields.get(name)
    if isinstance(value, dict):
        return value
    raise Unfit


def several(fields: Fields, name: str) -> list[Fields]:
    """The items of a list; a list of one is written like a single item. Raises Unfit when it is empty or mixed."""
    value = fields.get(name)
    items = value if isinstance(value, list) else [value]
    found = [item for item in items if isinstance(item, dict)]
    if found and len(found) == len(items):
        return found
    raise Unfit
