"""Every route has a guard or stands in the list of public ones, and every operation point is declared and held."""

import ast

from app.contexts import CONTEXTS
from core.permissions.points import POINTS
from core.permissions.rules import READY_MADE
from tests.architecture.sources import ROOT, sources
from tests.routes import PUBLIC, routes


def _used():
    """Operation points named by a guard or asked for by hand."""
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"RequirePermission", "may"}:
                yield from (a.value for a in node.args if isinstance(a, ast.Constant))


def test_every_route_asks_who_is_calling_or_is_public_on_purpose():
    assert {route.name for route in routes() if not route.session} == PUBLIC


def test_no_route_exists_twice():
    names = [route.name for route in routes()]
    assert len(names) == len(set(names))


def test_every_operation_point_is_used_declared_by_one_context_titled_and_held_by_a_role():
    declared = [permission for context in CONTEXTS for permission in context.permissions]
    assert len(declared) == len(set(declared))
    held = {point for role in READY_MADE.values() for point in role.points}
    assert set(_used()) == set(declared) == held == POINTS


def test_the_page_on_rights_shows_which_role_holds_what():
    page = (ROOT / "docs" / "rights.md").read_text()
    shown = {row[0].strip("`"): row[1:] for row in map(_cells, page.splitlines()) if row and row[0][:1] in {"`", "*"}}
    shown = {point: cells for point, cells in shown.items() if len(cells) == len(READY_MADE)}
    assert shown.pop("*data scope*") == [role.scope for role in READY_MADE.values()]
    assert shown == {
        point: ["•" if point in role.points else "" for role in READY_MADE.values()] for point in sorted(POINTS)
    }


def _cells(line):
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_every_context_has_a_name_of_its_own():
    names = [context.name for context in CONTEXTS]
    assert len(names) == len(set(names))
