"""Every route × every role × own and foreign objects, generated from the OpenAPI document (J-09…J-11, AT-74).

No session is 401; without the operation point 403, which is named; what is in reach is neither hidden nor forbidden;
what is foreign is as what isn't there, and no answer holds a word of it.
"""

import re
from dataclasses import dataclass
from uuid import uuid4

import orjson
import pytest

from core.permissions.rules import READY_MADE, RoleKey, Scope
from infra import clock, database
from infra.ids import new_id
from tests import factories as make
from tests.doors import error_of
from tests.route_bodies import Bodies
from tests.routes import PUBLIC, STREAMS, routes
from tests.routes_world import FOREIGN, OBJECTS, World, build, object_of

# An operation point asked for only where the person is not the caller.
OF_OTHERS = {
    "/staff/v1/staff/{staff_id}/handover": "handovers:write",
    "/staff/v1/staff/{staff_id}/handovers": "handovers:write",
}
HANDING_OVER = {
    "/staff/v1/customers/transfers",
    "/staff/v1/staff/{staff_id}/handover",
    "/staff/v1/staff/{staff_id}/leave",
}
# What is out of reach is left out of the list given.
PASSES_OVER = {
    "/staff/v1/customers/search",
    "/staff/v1/pool/customers/search",
    "/staff/v1/customer-exports",
    "/staff/v1/customers/tags",
    "/staff/v1/labels/{label_id}/fans",
    "/staff/v1/me/notices/read",
    "/staff/v1/me/tasks/words",
}
# A search that is kept names whom it may; it finds those in reach.
PASSES_OVER |= {f"/staff/v1/{kept}" for kept in ("tags", "tags/{tag_id}", "views", "views/{view_id}")}
# What a colleague without it is told of something of the own.
ABSENT = {
    "consent_text_not_found",
    "menu_not_read",
    "no_posters",
    "notice_template_not_found",
    "second_factor_missing",
    "wrong_password",
}
# Whoever may read departments sees the whole tree, which says who works at its heads only.
KNOWN_TO_ALL = {
    "/staff/v1/departments",
    "/staff/v1/departments/order",
    "/staff/v1/departments/{department_id}/posts",
}
# A department as a whole is beyond who reaches some of its people only.
NO_DEPARTMENTS = {"department_not_found", "post_not_found"}
GUARDED = [route for route in routes() if route.name not in PUBLIC]


@dataclass(frozen=True)
class Operation:
    """An operation of the document."""

    method: str
    path: str
    points: frozenset[str]
    body: dict | None

    @property
    def parameters(self):
        return re.findall(r"{(\w+)}", self.path)


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if (method.upper(), path) not in PUBLIC | STREAMS:
                content = operation.get("requestBody", {}).get("content", {})
                body = content.get("application/json", {}).get("schema")
                points = frozenset(operation.get("x-permission", ()))
                yield Operation(method.upper(), path, points, body)


def points_of_all():
    return sorted({point for role in READY_MADE.values() for point in role.points})


@dataclass
class Asker:
    """Asks for one operation after the other, as the world's caller."""

    http: object
    bodies: Bodies
    world: World
    headers: dict | None = None

    async def ask(self, operation, ids, body):
        if self.headers is None:
            self.headers = await make.headers(self.world.caller)
        path = operation.path.format(**ids)
        answer = await self.http.request(operation.method, path, headers=self.headers, json=body)
        if operation.method != "GET":
            # It may have ended the caller's sessions, and more.
            self.headers = None
            await self.world.mend()
        return answer

    async def ids(self, operation):
        return {name: await object_of(operation.path, name).make(self.world.own) for name in operation.parameters}

    async def body(self, operation):
        return operation.body and await self.bodies.body(operation.path, operation.body, self.world.own)

    async def own(self, operation):
        return await self.ask(operation, await self.ids(operation), await self.body(operation))

    async def foreign(self, operation):
        """Foreign objects and the answers, with each object of the path in turn."""
        for name in operation.parameters:
            wanted = object_of(operation.path, name)
            if wanted.common or (self.world.caller.scope is Scope.ALL and not wanted.personal):
                continue
            ids = await self.ids(operation) | {name: await wanted.make(self.world.foreign)}
            yield ids[name], await self.ask(operation, ids, await self.body(operation))

    async def foreign_bodies(self, operation):
        """Bodies that name something foreign, and the answers."""
        if operation.body is None or self.world.caller.scope is Scope.ALL:
            return
        async for body in self.bodies.foreign(operation.path, operation.body, self.world.own, self.world.foreign):
            yield body, await self.ask(operation, await self.ids(operation), body)


@pytest.fixture
async def document(http):
    return (await http.get("/openapi.json")).json()


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
async def test_without_a_session_there_is_nothing(http, route):
    path = re.sub(r"{\w+}", lambda _: str(uuid4()), route.path)
    for headers in ({}, {"Authorization": "Bearer none"}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}):
        answer = await http.request(route.method, path, headers=headers)
        assert error_of(answer) == (401, "unauthenticated")


async def test_the_document_names_the_points_of_every_route(document):
    named = {(operation.method, operation.path): operation.points for operation in operations(document)}
    asked = {route.name: route.permissions for route in GUARDED if route.name not in STREAMS}
    assert named == asked


async def test_every_object_that_a_path_names_is_in_the_world(document):
    named = {name for operation in operations(document) for name in operation.parameters}
    assert named == set(OBJECTS)


async def check_all(http, document, role_id, scope):
    world = await build(role_id, scope)
    # There is something foreign of every kind.
    marks = [await wanted.make(world.foreign) for wanted in OBJECTS.values() if not wanted.common]
    asker = Asker(http, Bodies(document), world)
    # Whatever ends something comes last.
    order = ["GET", "PUT", "PATCH", "POST", "DELETE"]
    wrong = []
    for operation in sorted(operations(document), key=lambda one: order.index(one.method)):
        wrong += [f"{operation.method} {operation.path}: {fault}" async for fault in faults(asker, operation, marks)]
    assert not wrong, "\n".join(wrong)


async def faults(asker, operation, marks):
    """What is wrong with the answers to the caller."""
    caller, alone = asker.world.caller, asker.world.own.person.id == asker.world.caller.id
    of_others = OF_OTHERS.get(operation.path)
    forbidden = {of_others} if of_others and not caller.may(of_others) else set()
    answer = await asker.own(operation)
    missing = operation.points - caller.points or (set() if alone else forbidden)
    if missing:
        if answer.status_code != 403 or answer.json()["error"]["details"].get("permission") not in missing:
            yield f"without {missing}: {told(answer)}"
        return
    if refused(answer, caller.scope):
        yield f"own: {told(answer)}"
    if operation.path in KNOWN_TO_ALL and operation.method in {"GET", "PUT"}:
        return
    if caller.scope is not Scope.ALL and (leaked := leaks(answer, marks)):
        yield f"own: tells {leaked}"
    expected = {403} if forbidden else {404, answer.status_code} & {404, 422}
    async for fault in foreign_faults(asker, operation, expected, marks, handing_over=alone):
        yield fault


async def foreign_faults(asker, operation, expected, marks, *, handing_over):
    """What is wrong with the answers about foreign objects, in the path and in the body."""
    async for mark, foreign in asker.foreign(operation):
        if foreign.status_code not in expected or leaks(foreign, [one for one in marks if one != mark]):
            yield f"foreign: {told(foreign)}"
    # What is one's own may be handed to anybody.
    if not (handing_over and operation.path in HANDING_OVER):
        async for body, foreign in asker.foreign_bodies(operation):
            if leaks(foreign, []) or (foreign.is_success and operation.path not in PASSES_OVER):
                yield f"foreign {body}: {told(foreign)}"


def refused(answer, scope):
    """Whether something of the own was hidden or forbidden."""
    if answer.status_code not in {401, 403, 404, 405, 500}:
        return False
    absent = ABSENT | (NO_DEPARTMENTS if scope in {Scope.OWN, Scope.STORE} else set())
    return answer.status_code not in {401, 404} or answer.json()["error"]["code"] not in absent


def leaks(answer, marks):
    text = answer.content.decode(errors="replace")
    return [mark for mark in (FOREIGN, *marks) if mark in text]


def told(answer):
    return f"{answer.status_code} {answer.text[:300]}"


def at_every_stop(all_of_them, *some):
    """These each time, the others in `make prove`."""
    return [one if one in some else pytest.param(one, marks=pytest.mark.prove) for one in all_of_them]


@pytest.mark.parametrize("key", at_every_stop(RoleKey, RoleKey.GUIDE, RoleKey.STORE_MANAGER, RoleKey.ADMIN))
async def test_each_ready_made_role_may_exactly_what_its_points_say_where_it_reaches(http, document, key):
    await check_all(http, document, READY_MADE[key].id, READY_MADE[key].scope)


@pytest.mark.parametrize("scope", at_every_stop(list(Scope)[:-1], Scope.DEPARTMENT))
async def test_all_points_together_reach_no_further_than_the_scope(http, document, scope):
    role_id = new_id()
    await database.execute(
        """INSERT INTO role (id, name, points, scope, special_rights, version, created_at)
        VALUES ($1, '什么都能做', $2, $3, '[]', 1, $4)""",
        role_id,
        orjson.dumps(points_of_all()).decode(),
        scope,
        clock.now(),
    )
    await check_all(http, document, role_id, scope)
