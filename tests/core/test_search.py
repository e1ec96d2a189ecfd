"""Searching customers: what is found is what the words of the filters say, in everybody's reach, whichever way."""

import dataclasses
import json
from datetime import timedelta
from random import Random

import pytest

from core.customers.ownership import Place
from core.customers.search import listing
from core.customers.search.listing import Listing
from core.customers.search.queries import matching_sql
from core.customers.search.schemas import CustomerFilters
from core.organisation import queries as organisation
from core.organisation.scopes import Values
from core.permissions.rules import Scope
from infra import clock, database
from tests import factories as make
from tests.core import search_world as world

CUSTOMERS = 320


class Asker:
    """Draws filters that find somebody, mostly, in what there is."""

    def __init__(self, people, seed):
        self._people, self._random = people, Random(seed)

    def filters(self):
        drawn = {}
        one = self._random.choice(self._people)
        for name in self._random.sample(sorted(DRAWS), self._random.choice((1, 1, 2, 3))):
            value = DRAWS[name](one, self._random)
            if value is not None:
                drawn[name] = value
        return CustomerFilters.model_validate(drawn)


def _days(at, random):
    if random.random() < 0.15:
        return {"since_days": -random.randrange(400), "until_days": random.randrange(30), "or_never": True}
    if at is None:
        return {"until_days": -random.randrange(400), "or_never": random.random() < 0.5}
    day = clock.business_day(at)
    ends = {"since": day - timedelta(days=random.choice((0, 3, 40, 400)))}
    ends |= {"until": day + timedelta(days=random.choice((0, 1, 30, 500)))}
    return {name: str(value) for name, value in ends.items() if random.random() < 0.8}


def _part(name, random):
    if not name:
        return None
    start = random.randrange(len(name))
    return name[start : start + random.choice((1, 2, 3, 4))]


def _words(one, random):
    texts = [_part(one.name, random), str(one.number), *one.contacts, *one.keys]
    texts += [number[-4:] for number in one.numbers] + [number[3:] for number in one.numbers]
    return random.choice([text for text in texts if text])


def _birthdays(one, random):
    if one.birthday is None or random.random() < 0.3:
        return {"next_days": random.randrange(60)}
    # Any other month may come before.
    return {"since": f"{one.birthday:%m-%d}", "until": f"{random.randrange(1, 13):02}-20"}


def _condition(one, random):
    for field, value in json.loads(one.custom or "{}").items():
        if isinstance(value, int):
            return [{"field_id": field, "least": value * random.choice((0.2, 1))}]
        if value[:2] == "20":
            return [{"field_id": field, "days": {"since": value[:8] + "01", "until": value}}]
        return [{"field_id": field, "any_of": [value, "3"]}]
    return None


DRAWS = {
    "q": _words,
    "natures": lambda one, _: [one.nature or "person"],
    "parties": lambda one, _: [one.party or "prospect", "agent"],
    "stages": lambda one, _: [one.stage or "new"],
    "levels": lambda one, _: [one.level] if one.level else None,
    "cities": lambda one, _: [one.city] if one.city else None,
    "tags_all": lambda one, _: one.tags[:2] or None,
    "tags_any": lambda one, _: one.tags or None,
    "tags_none": lambda one, _: one.tags or None,
    "place": lambda _, random: random.choice(list(Place)),
    "owner_ids": lambda one, _: [one.guide_id] if one.guide_id else None,
    "department_id": lambda one, _: one.department_id,
    "store_id": lambda one, _: one.store_id,
    "following": lambda _, random: random.random() < 0.5,
    "has_phone": lambda _, random: random.random() < 0.5,
    "doors": lambda _, random: random.choice((["follow"], ["import", "pos"])),
    "first_store_id": lambda one, _: one.first_store,
    "first_channel_id": lambda one, _: one.first_channel,
    "first_code_id": lambda one, _: one.first_code,
    "created": lambda one, random: _days(one.made_at, random),
    "registered": lambda one, random: _days(one.registered_at, random),
    "first_touch": lambda one, random: _days(one.touched_at, random),
    "followed_up": lambda one, random: _days(one.followed_up_at, random),
    "last_record": lambda one, random: _days(one.active_at, random),
    "next_contact": lambda one, random: _days(one.next_contact_at, random),
    "birthday": _birthdays,
    "fields": _condition,
}


async def _everything(filters, by, limit=30):
    found, before = [], None
    while page := await Listing(filters, by, before, limit).page():
        found += page
        assert before is None or page[0][1] < before
        before = page[-1][1]
    return [customer_id for customer_id, _ in found]


async def _callers():
    """(caller, ids of the owners in reach or None for everybody) for each scope."""
    rows = await make.rows("SELECT id, name, department_id, store_id FROM staff")
    below = await world.departments()
    most = await make.rows("SELECT guide_id FROM customer WHERE guide_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC")
    busy = await organisation.colleague(most[0]["guide_id"])
    region = await organisation.colleague(next(row["id"] for row in rows if row["name"] == "01大区主管"))
    found = [(None, None), (dataclasses.replace(busy, scope=Scope.OWN), {busy.id})]
    for scope, who, members in (
        (Scope.STORE, busy, lambda row: row["store_id"] is not None and row["store_id"] == busy.store_id),
        (Scope.DEPARTMENT, busy, lambda row: row["department_id"] == busy.department_id),
        (Scope.BELOW, region, lambda row: row["department_id"] in below[region.department_id]),
    ):
        reach = {row["id"] for row in rows if members(row)} | {who.id}
        found.append((dataclasses.replace(who, scope=scope), reach))
    return found


@pytest.fixture
async def people(db):
    await world.fill(CUSTOMERS, seed=5)
    return await world.facts()


@pytest.mark.parametrize("few", [10_000, 40, 4])
async def test_a_search_finds_who_passes_newest_first_in_every_reach(people, monkeypatch, few):
    # With small numbers every way to a page is gone.
    for name, value in {
        "_FEW": few,
        "_MANY": few * 3,
        "_SOME": max(few // 5, 2),
        "_FEW_OWNERS": few,
        "_FOUND": few,
        "_STEP": 4096,
    }.items():
        monkeypatch.setattr(listing, name, value)
    asker, below, callers = Asker(people, few), await world.departments(), await _callers()
    sizes = []
    for number in range(80):
        filters = asker.filters()
        by, reach = callers[number % len(callers)]
        expected = [
            one.id for one in people if world.passes(one, filters, below) and (reach is None or one.guide_id in reach)
        ]
        sizes.append(len(expected))
        assert await _everything(filters, by) == expected, (filters, by and by.scope)
    assert sum(size > 0 for size in sizes) > 30


async def test_rules_match_the_same_customers(people):
    asker, below = Asker(people, 1), await world.departments()
    for _ in range(40):
        filters, values = asker.filters(), Values()
        rows = await database.fetch(matching_sql(filters, values.put), *values)
        assert {row["id"] for row in rows} == {one.id for one in people if world.passes(one, filters, below)}, filters


async def test_what_is_common_is_listed_to_the_end_where_few_are_looked_at_a_time(people, monkeypatch):
    for name, value in {"_FEW": 4, "_MANY": 12, "_SOME": 2}.items():
        monkeypatch.setattr(listing, name, value)
    filters, below = CustomerFilters(doors=["follow"]), await world.departments()
    for by, reach in await _callers():
        passing = [one for one in people if world.passes(one, filters, below)]
        assert await _everything(filters, by) == [one.id for one in passing if reach is None or one.guide_id in reach]
