"""The platform's messages as text: building what is pushed, reading what comes back."""

from collections import Counter
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml.ElementTree import fromstring
from pydantic import JsonValue

from simulator.world.records import Account, Fields, PushFormat

DEEPEST = 4
CONTENT_TYPES: dict[PushFormat, str] = {"xml": "text/xml", "json": "application/json"}


class NotXmlError(ValueError):
    """The text is not the XML that the platform understands."""


def write(push_format: PushFormat, fields: Fields) -> str:
    """Write fields in the format that an account's pushes have."""
    return build(fields) if push_format == "xml" else orjson.dumps(_lone_items_bare(fields)).decode()


def build(fields: Fields) -> str:
    """Write fields as `<xml>`: texts in CDATA, numbers bare, lists as repeated elements, as the platform does."""
    return "<xml>" + "\n".join(_element(name, value) for name, value in fields.items()) + "</xml>"


def body(account: Account, fields: Fields, encrypted: str | None) -> str:
    """Return the request body for the account's mode: the clear fields, `Encrypt`, or both."""
    if encrypted is None:
        return write(account.push_format, fields)
    visible = fields if account.mode == "compatible" else {"ToUserName": account.original_id}
    return write(account.push_format, {**visible, "Encrypt": encrypted})


def parse(answer: bytes | str) -> dict[str, str]:
    """Read an `<xml>` document into texts by dotted path (`Image.MediaId`, `Articles.item.0.Title`)."""
    try:
        root = fromstring(answer, forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:
        raise NotXmlError("not well-formed, or with a DTD") from error
    if root.tag != "xml":
        raise NotXmlError("the root element is not <xml>")
    return _flatten(root, "")


def _flatten(element: Element, prefix: str) -> dict[str, str]:
    if prefix.count(".") > DEEPEST:
        raise NotXmlError("nested too deep")
    result: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for child in element:
        path = prefix + child.tag
        if child.tag == "item":
            path += f".{seen[child.tag]}"
            seen[child.tag] += 1
        if len(child):
            result.update(_flatten(child, path + "."))
        else:
            result[path] = child.text or ""
    return result


def _element(name: str, value: JsonValue) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    return f"<{name}>{_content(value)}</{name}>"


def _content(value: JsonValue) -> str:
    match value:
        case dict():
            return "".join(_element(name, inner) for name, inner in value.items())
        case str():
            return "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"
        case _:
            return str(value)


def _lone_items_bare(value: JsonValue) -> JsonValue:
    # One item comes as an object and several as a list (official text), as if read from the XML.
    match value:
        case [item]:
            return _lone_items_bare(item)
        case list():
            return [_lone_items_bare(item) for item in value]
        case dict():
            return {name: _lone_items_bare(inner) for name, inner in value.items()}
        case _:
            return value
