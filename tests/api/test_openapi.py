"""The OpenAPI document says of every route what it may answer with."""

import json
import re

import pytest
from jsonschema_rs import meta

from tests.routes import PUBLIC, routes


@pytest.fixture
async def document(http):
    return (await http.get("/openapi.json")).json()


def operations(document):
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


async def test_every_route_is_documented_with_a_sentence(document):
    assert set(operations(document)) == {route.name for route in routes()}
    for name, operation in operations(document).items():
        assert operation.get("description"), name


async def test_every_status_a_route_may_answer_with_is_documented(document):
    for name, operation in operations(document).items():
        documented = set(operation["responses"])
        wanted = {"503"}
        if name not in PUBLIC:
            wanted |= {"401"}
        if next(route for route in routes() if route.name == name).permissions:
            wanted |= {"403"}
        if operation.get("parameters") or "requestBody" in operation:
            wanted |= {"422"}
        if "requestBody" in operation:
            wanted |= {"413"}
        if "{" in name[1]:
            wanted |= {"404"}
        if name[0] in {"POST", "PUT"} and "requestBody" in operation and name not in PUBLIC:
            wanted |= {"409"}
        assert wanted <= documented, name
    assert {"401", "429"} <= set(operations(document)["POST", "/staff/v1/login"]["responses"])
    assert {"400", "403", "404", "413"} <= set(operations(document)["POST", "/wechat/{app_id}/push"]["responses"])


async def test_every_refusal_has_the_body_of_our_errors(document):
    for name, operation in operations(document).items():
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorBody"}, (name, status)


async def test_every_reference_leads_somewhere(document):
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document))) <= known


async def test_guarded_routes_name_the_bearer_and_public_ones_do_not(document):
    for name, operation in operations(document).items():
        assert ("security" in operation) == (name not in PUBLIC), name


async def test_input_schemas_refuse_unknown_fields(document):
    bodies = [
        content["schema"]["$ref"].rsplit("/", 1)[1]
        for operation in operations(document).values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if "$ref" in content["schema"]
    ]
    assert len(bodies) >= 8
    for name in bodies:
        assert document["components"]["schemas"][name]["additionalProperties"] is False, name


async def test_schemas_are_valid_json_schema(document):
    for schema in document["components"]["schemas"].values():
        assert meta.is_valid(schema)


# Its range is the parameter's own.
ANY_NUMBER = {"ParameterIn.value"}


def unbounded(document):
    """Integers that may come in as large as they like, by schema and field, or by route and parameter."""
    schemas, seen = document["components"]["schemas"], set()

    def look(schema, place):
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name not in seen:
                seen.add(name)
                yield from look(schemas[name], name)
            return
        if schema.get("type") == "integer" and not {"maximum", "exclusiveMaximum", "enum", "const"} & set(schema):
            yield place
        for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *filter(None, [schema.get("items")])):
            yield from look(part, place)
        for name, part in schema.get("properties", {}).items():
            yield from look(part, f"{place}.{name}")

    for (method, path), operation in operations(document).items():
        for parameter in operation.get("parameters", ()):
            yield from look(parameter["schema"], f"{method} {path} {parameter['name']}")
        for content in operation.get("requestBody", {}).get("content", {}).values():
            yield from look(content["schema"], f"{method} {path}")


async def test_no_number_that_comes_in_may_be_larger_than_its_column(document):
    assert set(unbounded(document)) == ANY_NUMBER
