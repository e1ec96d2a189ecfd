"""Customers to search, all facts about them in plain Python, and filters applied to these one by one."""

import json
import unicodedata
from datetime import timedelta
from types import SimpleNamespace

from app.generator.service import generate
from core.customers import indexing
from core.customers.search.schemas import CustomerFilters
from infra import clock, database, names
from tests import factories as make

# Numbers lie far apart, so that few customers are in many buckets of the index.
SPREAD = 1_700

_FACTS = """
SELECT c.*, p.*, c.id AS id, c.created_at AS made_at, s.department_id, s.store_id, x.store_id AS first_store,
    x.channel_id AS first_channel, x.code_id AS first_code, x.occurred_at AS touched_at, x.kind AS touch_kind,
    (SELECT max(occurred_at) FROM follow_up u WHERE u.customer_id = c.id) AS followed_up_at,
    ARRAY(SELECT tag_id FROM customer_tag t WHERE t.customer_id = c.id) AS tags,
    ARRAY(SELECT name_key FROM contact_person o WHERE o.customer_id = c.id AND o.removed_at IS NULL) AS contacts,
    ARRAY(SELECT number FROM customer_phone h WHERE h.customer_id = c.id) AS numbers,
    ARRAY(SELECT number FROM customer_phone h WHERE h.customer_id = c.id AND h.contact_id IS NULL) AS own_numbers,
    ARRAY(SELECT value FROM customer_key k WHERE k.customer_id = c.id) AS keys,
    ARRAY(SELECT door FROM customer_arrival a WHERE a.customer_id = c.id) AS arrivals
FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id LEFT JOIN staff s ON s.id = c.guide_id
LEFT JOIN touch x ON x.customer_id = c.id AND x.is_first ORDER BY c.number DESC
"""


async def fill(customers, seed):
    """An organisation and its customers, spread out."""
    await generate(customers, seed)
    await database.execute("UPDATE customer_search SET number = -number")
    await database.execute("UPDATE customer SET number = -number")
    await database.execute("UPDATE customer SET number = -number * $1", SPREAD)
    await database.execute("DELETE FROM customer_search")
    await indexing.rebuild()


async def facts():
    """Everybody, newest first."""
    return [SimpleNamespace(**row) for row in await make.rows(_FACTS)]


async def departments():
    """Ids of all below, by department."""
    parents = {row["id"]: row["parent_id"] for row in await make.rows("SELECT id, parent_id FROM department")}

    def above(one):
        while one is not None:
            yield one
            one = parents[one]

    return {one: {other for other in parents if one in above(other)} for one in parents}


def passes(one, filters: CustomerFilters, below) -> bool:
    """What the schema's words say, taken literally."""
    checks = (_standing, _record, _worn, _whose, _first, _dates, _birthday, _custom, _words)
    return all(check(one, filters, below) for check in checks)


def _standing(one, filters, _below):
    place = "trash" if one.discarded_at else "pool" if one.pooled_at else "owned" if one.guide_id else "nobody"
    wanted = place != "trash" if filters.place is None else place == filters.place
    return wanted and not one.is_staff and one.merged_into_id is None


def _record(one, filters, _below):
    pairs = [
        (filters.natures, one.nature or "person"),
        (filters.parties, one.party or "prospect"),
        (filters.statuses, one.status or "active"),
        (filters.stages, one.stage or "new"),
        (filters.levels, one.level),
        (filters.industries, one.industry),
        (filters.provinces, one.province),
        (filters.cities, one.city),
    ]
    return all(wanted is None or value in wanted for wanted, value in pairs)


def _worn(one, filters, _below):
    tags = set(one.tags)
    doors = {*one.arrivals, *(["follow"] if one.touch_kind == "follow" else [])}
    return (
        set(filters.tags_all or ()) <= tags
        and (filters.tags_any is None or bool(tags & set(filters.tags_any)))
        and not tags & set(filters.tags_none or ())
        and (filters.doors is None or bool(doors & set(filters.doors)))
        and filters.following in (None, one.following)
        and filters.has_phone in (None, bool(one.own_numbers))
    )


def _whose(one, filters, below):
    return (
        (filters.owner_ids is None or one.guide_id in filters.owner_ids)
        and (filters.department_id is None or one.department_id in below.get(filters.department_id, ()))
        and (filters.store_id is None or (one.guide_id is not None and one.store_id == filters.store_id))
    )


def _first(one, filters, _below):
    pairs = (
        (filters.first_store_id, one.first_store),
        (filters.first_channel_id, one.first_channel),
        (filters.first_code_id, one.first_code),
    )
    return all(wanted in (None, value) for wanted, value in pairs)


def _dates(one, filters, _below):
    pairs = (
        (filters.created, one.made_at),
        (filters.registered, one.registered_at),
        (filters.first_touch, one.touched_at),
        (filters.followed_up, one.followed_up_at),
        (filters.last_record, one.active_at),
        (filters.next_contact, one.next_contact_at),
    )
    return all(days is None or _within(days, at and clock.business_day(at)) for days, at in pairs)


def _within(days, day):
    today = clock.business_day()
    since = days.since if days.since_days is None else today + timedelta(days=days.since_days)
    until = days.until if days.until_days is None else today + timedelta(days=days.until_days)
    if day is None:
        return days.or_never
    return (since is None or day >= since) and (until is None or day <= until)


def _birthday(one, filters, _below):
    wanted = filters.birthday
    if wanted is None:
        return True
    if one.birthday is None:
        return False
    if wanted.next_days is None:
        day = f"{one.birthday:%m-%d}"
        inside = wanted.since <= day <= wanted.until
        return inside if wanted.since <= wanted.until else day >= wanted.since or day <= wanted.until
    return any(_born_on(one.birthday, clock.business_day() + timedelta(days=n)) for n in range(wanted.next_days + 1))


def _born_on(birthday, day):
    try:
        return birthday.replace(year=day.year) == day
    except ValueError:  # 29 February of another year
        return (day.month, day.day) == (2, 28)


def _custom(one, filters, _below):
    custom = json.loads(one.custom or "{}")
    return all(_field(custom.get(str(condition.field_id)), condition) for condition in filters.fields or ())


def _field(value, condition):
    if condition.any_of and not {*(value if isinstance(value, list) else [value])} & set(condition.any_of):
        return False
    if condition.contains and _plain(condition.contains) not in _plain(_text(value)):
        return False
    if condition.least is not None and not (isinstance(value, int | float) and value >= condition.least):
        return False
    if condition.most is not None and not (isinstance(value, int | float) and value <= condition.most):
        return False
    return condition.days is None or _within(condition.days, value and type(clock.business_day()).fromisoformat(value))


def _text(value):
    parts = ("province", "city", "district", "street")
    return "".join(value.get(part, "") for part in parts) if isinstance(value, dict) else value or ""


def _plain(text):
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def _words(one, filters, _below):
    if filters.q is None:
        return True
    key = names.key(filters.q)
    held = [one.name_key or "", names.key(one.mnemonic or ""), *one.contacts]
    visible = not one.pooled_at and not one.discarded_at
    return (
        any(key in name for name in held)
        or filters.q == str(one.number)
        or f"+86{filters.q}" in one.numbers
        or (visible and len(filters.q) == 4 and any(number.endswith(filters.q) for number in one.numbers))
        or filters.q in one.keys
    )
