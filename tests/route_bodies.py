"""Bodies for every operation, made from the OpenAPI document: what has to be given, with ids of objects in reach.

Whoever adds a body with a new name for an id, or a new pattern, adds it here.
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from core.files import uploads
from core.files.uploads import Arrival
from tests import factories as make
from tests.routes_world import OBJECTS, Object, Place


async def _department(place: Place) -> str:
    return str(place.department.id)


async def _post(place: Place) -> str:
    return str(place.person.post_id)


async def _store(place: Place) -> str:
    return str(place.store.id)


async def _table(place: Place) -> str:
    async def chunks() -> AsyncIterator[bytes]:
        yield "姓名\n顾客01\n".encode()

    arrival = Arrival(name=place.name("客户.csv"), purpose="table", owner_id=place.caller.id, key=None)
    return str(await uploads.take_in(arrival, chunks()))


async def _anything(_place: Place) -> str:
    return str(uuid4())


# What an id in a body names, unless a path names it so; by the path where that decides.
NAMES = {
    "add": OBJECTS["tag_id"],
    "copy_of": OBJECTS["role_id"],
    "customer_ids": OBJECTS["customer_id"],
    "department_id": Object(_department),
    "department_ids": Object(_department),
    "file_ids": OBJECTS["file_id"],
    "first_channel_id": OBJECTS["channel_id"],
    "first_code_id": OBJECTS["code_id"],
    "first_guide_id": OBJECTS["staff_id"],
    "first_store_id": OBJECTS["store_id"],
    "granted_departments": Object(_department),
    "guide_id": OBJECTS["staff_id"],
    "hand_over_to": OBJECTS["staff_id"],
    "head_id": OBJECTS["staff_id"],
    "into_id": Object(_department),
    "key": Object(_anything, common=True),
    "label_ids": OBJECTS["label_id"],
    "owner_id": OBJECTS["staff_id"],
    "owner_ids": OBJECTS["staff_id"],
    "parent_id": Object(_department),
    "parent_unit_id": OBJECTS["customer_id"],
    "post_id": Object(_post),
    "post_ids": Object(_post),
    "responsible_id": OBJECTS["staff_id"],
    "remove": OBJECTS["tag_id"],
    "source_id": OBJECTS["customer_id"],
    "staff_ids": OBJECTS["staff_id"],
    "store_id": Object(_store),
    "store_ids": Object(_store),
    "superior_id": OBJECTS["contact_person_id"],
    "tags_all": OBJECTS["tag_id"],
    "tags_any": OBJECTS["tag_id"],
    "tags_none": OBJECTS["tag_id"],
    "tag_ids": OBJECTS["tag_id"],
    "to": OBJECTS["staff_id"],
    "up_to": OBJECTS["notice_id"],
    "/staff/v1/customer-imports file_id": Object(_table, personal=True),
    "/staff/v1/customer-imports/headers file_id": Object(_table, personal=True),
    "/staff/v1/departments/order": OBJECTS["department_id"],
    "/staff/v1/fields/order": OBJECTS["field_id"],
    "/staff/v1/views/order": OBJECTS["view_id"],
    "/staff/v1/me/notices/read": OBJECTS["notice_id"],
}
PATTERNS = {
    "^[a-z_]{1,40}$|^custom:[0-9a-f-]{36}$": "name",
    "^[0-9]{6}$": "123456",
    "^[a-z_]{1,30}$": "marketing",
    "^[a-z0-9][a-z0-9._-]*$": "somebody",
    "^[A-Za-z0-9]{8,64}$": make.SECRET,
    "^[A-Za-z0-9]{3,32}$": make.TOKEN,
    "^[A-Za-z0-9]{43}$": make.AES_KEY,
    "^[A-Za-z0-9_-]{1,200}$": "content",
}
# What is not required, but without it there is nothing to do.
WORTH_GIVING = {
    "/staff/v1/customers/tags": "add",
    "/staff/v1/announcements/{announcement_id}": "title",
    "/staff/v1/codes": "guide_id",
    "/staff/v1/departments": "parent_id",
    "/staff/v1/codes/{code_id}/target": "guide_id",
    "/staff/v1/me/notices/read": "ids",
    "/staff/v1/welcomes": "guide_id",
    "Audience": "staff_ids",
}


class Bodies:
    """Makes bodies for the operations of a document; the objects in them are of a place."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._schemas = document["components"]["schemas"]

    async def body(self, path: str, schema: dict[str, Any], place: Place) -> Any:
        """What has to be given."""
        return await self._value(path, schema, "", place)

    async def foreign(self, path: str, schema: dict[str, Any], own: Place, foreign: Place) -> AsyncIterator[Any]:
        """The same with one id after the other of a foreign object."""
        for name, value in self._resolved(schema).get("properties", {}).items():
            for inner, inner_value in self._resolved(value).get("properties", {name: value}).items():
                wanted = self._named(path, inner, inner_value)
                if wanted is None or wanted.common:
                    continue
                body = await self.body(path, schema, own)
                found = await wanted.make(foreign)
                held = body if inner == name else body.setdefault(name, {})
                held[inner] = [found] if self._listed(inner_value) else found
                yield body

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "anyOf" in schema:
            schema = schema["anyOf"][0]
        if "$ref" in schema:
            named: dict[str, Any] = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
            return named
        return schema

    def _listed(self, schema: dict[str, Any]) -> bool:
        return self._resolved(schema).get("type") == "array"

    def _named(self, path: str, name: str, schema: dict[str, Any]) -> Object | None:
        """What an id names; None for what is no id."""
        resolved = self._resolved(schema)
        if resolved.get("type") == "array":
            resolved = self._resolved(resolved["items"])
        if resolved.get("format") != "uuid":
            return None
        return NAMES[path] if name == "ids" else NAMES.get(f"{path} {name}") or NAMES.get(name) or OBJECTS[name]

    async def _value(self, path: str, schema: dict[str, Any], name: str, place: Place) -> Any:
        worth = {WORTH_GIVING.get(path), WORTH_GIVING.get(schema.get("$ref", "").rsplit("/", 1)[-1])}
        schema = self._resolved(schema)
        kind = schema.get("type")
        if "enum" in schema or "const" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        if kind == "object":
            given = {*schema.get("required", ()), *worth}
            return {
                key: await self._value(path, value, key, place)
                for key, value in schema.get("properties", {}).items()
                if key in given
            }
        if kind == "array":
            return [await self._value(path, schema["items"], name, place)]
        if kind == "string":
            return await self._text(path, schema, name, place)
        return {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1), "boolean": True}.get(kind, 1)

    async def _text(self, path: str, schema: dict[str, Any], name: str, place: Place) -> str:
        if wanted := self._named(path, name, schema):
            return await wanted.make(place)
        if schema.get("format") == "date-time":
            return "2030-01-01T00:00:00Z"
        if "pattern" in schema:
            return PATTERNS[schema["pattern"]]
        if name == "app_id":
            return place.account.app_id
        if name == "mobile":
            return f"138{next(make._numbers):08d}"
        # A placeholder-free word, another each time, of a length that fits.
        return f"{next(make._numbers):0{max(schema.get('minLength', 1), 8)}d}"
