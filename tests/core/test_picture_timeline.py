"""The timeline of a customer: of all kinds or of some, page by page, with what each entry tells."""

import ast
from datetime import timedelta

from core.customers.ownership import Place, Reason
from core.customers.rules import ContactKind
from core.customers.schemas import TimelineKind
from core.customers.timeline import Entry, tell
from core.permissions.rules import RoleKey
from infra import clock
from infra.database import transaction
from infra.ids import new_id
from tests import factories as make
from tests.architecture.sources import sources
from tests.core import privacy_world as world
from tests.doors import error_of


async def _timeline(http, staff, customer_id, query=""):
    return await http.get(f"/staff/v1/customers/{customer_id}/timeline{query}", headers=await make.headers(staff))


async def _entries(customer_id, *kinds):
    now = clock.now()
    async with transaction() as connection:
        await tell(
            connection,
            [
                Entry(customer_id, now - timedelta(minutes=number), kind, new_id(), {"number": number})
                for number, kind in enumerate(kinds)
            ],
        )


async def test_entries_of_several_kinds_are_asked_for_together_and_page_by_page(http):
    guide = await make.guide()
    fan = await world.fan(owner=guide)
    await _entries(fan, *(["consent_given", "message", "channel_refused"] * 4))
    query, seen = "?kind=consent_given&kind=channel_refused&limit=3", []
    cursor = ""
    while cursor is not None:
        page = (await _timeline(http, guide, fan, query + cursor)).json()
        seen += page["items"]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert [one["details"]["number"] for one in seen] == [0, 2, 3, 5, 6, 8, 9, 11]
    assert {one["kind"] for one in seen} == {"consent_given", "channel_refused"}
    assert error_of(await _timeline(http, guide, fan, "?kind=unheard_of")) == (422, "invalid_input")


async def test_a_change_of_owner_tells_who_got_the_customer(http):
    guide = await make.guide("导购01")
    customer_id = await world.customer(guide)
    (entry,) = (await _timeline(http, guide, customer_id, "?kind=created")).json()["items"]
    assert (entry["guide"], entry["details"]) == ("导购01", {})


def _told():
    """The kinds that are written in the code where entries are made."""
    for source in sources("core", "wechat"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Entry":
                yield from (part.value for part in ast.walk(node.args[2]) if isinstance(part, ast.Constant))


def test_whatever_is_told_is_a_kind_that_can_be_shown_and_asked_for():
    told = set(_told())
    assert {"consent_given", "channel_refused", "tagged"} & told
    assert told | {reason.value for reason in Reason} | {kind.value for kind in ContactKind} <= set(TimelineKind)


async def test_the_trash_is_not_looked_into_by_those_who_see_the_pool(http):
    rep = await make.colleague(RoleKey.REP)
    customer_id = await world.customer(place=Place.TRASH)
    assert error_of(await _timeline(http, rep, customer_id)) == (404, "customer_not_found")
