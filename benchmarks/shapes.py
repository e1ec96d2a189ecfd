"""What people search a million customers for: rare and common, old and new, and what nobody is."""

from typing import Any

from core.customers.search.schemas import CustomerFilters
from infra import database

_TAGS = "SELECT tag_id::text AS id FROM customer_tag GROUP BY 1 ORDER BY count(*) DESC"
_FIELDS = "SELECT kind, id::text FROM custom_field"


async def shapes() -> dict[str, CustomerFilters]:
    """Filters by what they are called."""
    tags = [row["id"] for row in await database.fetch(_TAGS)]
    fields = {row["kind"]: row["id"] for row in await database.fetch(_FIELDS)}
    # What is said to be common is so for a quarter to half of all, what is rare for one in ten thousand.
    found: dict[str, dict[str, Any]] = {
        "all": {},
        "common name": {"q": "王"},
        "rarer name": {"q": "王伟"},
        "part of a firm": {"q": "华瑞"},
        "nobody's name": {"q": "没有此人"},
        "end of a mobile": {"q": "0007"},
        "common tag": {"tags_all": tags[:1]},
        "rarer tag": {"tags_all": tags[-1:]},
        "three tags": {"tags_all": tags[:3]},
        "tag, stage and level": {"tags_all": [tags[2]], "stages": ["bought"], "levels": ["B"]},
        "rare level": {"levels": ["A"]},
        "rare province": {"provinces": ["西藏"]},
        "common but of nobody": {"natures": ["business"], "following": True},
        "dense but old": {"created": {"until": "2024-01-31"}, "stages": ["bought", "loyal"]},
        "of one day": {"created": {"since": "2025-03-03", "until": "2025-03-03"}},
        "next contact": {"next_contact": {"since": "2026-03-05", "until": "2026-03-07"}},
        "long not followed up": {"followed_up": {"until": "2025-12-01", "or_never": True}, "natures": ["business"]},
        "birthday": {"birthday": {"since": "12-28", "until": "01-03"}},
        "a number": {"fields": [{"field_id": fields["number"], "least": 500_000}]},
        "an option": {"fields": [{"field_id": fields["option"], "any_of": ["1"]}], "stages": ["loyal"]},
        "without a tag": {"tags_none": tags[:1], "has_phone": True},
    }
    return {name: CustomerFilters.model_validate(filters) for name, filters in found.items()}
