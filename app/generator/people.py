"""Customers and what hangs on them, chunk by chunk: fans of guides, business customers of reps, pool and trash.

Each chunk has a source of chance of its own, so a chunk is the same whoever makes it and whenever.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import orjson

from app.generator import words
from app.generator.organisation import OLD_REGION, Colleague, Organisation, one_of
from infra import crypto, names

CHUNK = 5_000
YEARS = timedelta(days=3 * 365)
# More come each year than in the year before.
_GROWTH = 0.7
_PREFIXES = (
    *("134", "135", "136", "137", "138", "139", "150", "151", "152", "157", "158", "159", "182", "183", "187", "188"),
    *("130", "131", "132", "155", "156", "185", "186", "133", "153", "180", "181", "189", "199"),
)
_MOBILES = len(_PREFIXES) * 10**8
# Shares no factor with the number of mobiles, so that nobody gets another's.
_STRIDE = 1_234_567_891
_STAGES = ("new", "interested", "bought", "loyal", "sleeping", "lost")
_STAGE_WEIGHTS = (30, 25, 22, 8, 10, 5)
# What people buy for; the choices of a custom field, which count from 1.
USES = ("自用", "送礼", "招待")
_LEVELS = ("D", "C", "B", "A")
_LEVEL_WEIGHTS = (70, 20, 8, 0.05)

COLUMNS = {
    "customer": "id number guide_id following is_staff active_at next_contact_at order_due_on pooled_at pool_reason "
    "discarded_at created_at",
    "identity": "id customer_id app_id openid digest following state_at last_seen_at talked_at created_at",
    "touch": "id customer_id source kind code_id guide_id store_id channel_id is_first occurred_at",
    "timeline": "id customer_id occurred_at kind source",
    "customer_profile": "customer_id nature party status stage name name_key gender birthday level industry province "
    "city address registered_at sources custom version created_at updated_at",
    "customer_phone": "id customer_id label number door verified_at created_at",
    "customer_key": "id customer_id kind value created_at",
    "contact_person": "id customer_id name name_key post is_main custom version created_at",
    "customer_tag": "customer_id tag_id added_at",
    "follow_up": "id customer_id staff_id kind body file_ids next_contact_at occurred_at created_at",
    "sales_record": "customer_id staff_id kind source occurred_at",
    "customer_owner_change": "customer_id former_id guide_id source reason changed_at",
    "customer_stage_change": "customer_id former stage source changed_at",
}


@dataclass(frozen=True, slots=True)
class World:
    """What all chunks share."""

    seed: int
    customers: int
    until: datetime
    organisation: Organisation
    app_ids: tuple[str, ...]
    tags: tuple[str, ...]
    fields: dict[str, str]


class Chunk:
    """The customers with the numbers from `first` on, as lines of COPY by table."""

    def __init__(self, world: World, first: int, after: int) -> None:
        self._lines: dict[str, list[str]] = {table: [] for table in COLUMNS}
        self._world = world
        self._first, self._after = first, after
        self._random = Random(f"{world.seed}:{first}")  # noqa: S311 - the same for a seed is what is wanted

    def text(self) -> dict[str, bytes]:
        """The lines of all its customers, by table."""
        for number in range(self._first, self._after):
            at = self._time(number)
            if self._happens(78):
                self._fan(number, at)
            else:
                self._business(number, at)
        return {table: "".join(f"{line}\n" for line in lines).encode() for table, lines in self._lines.items() if lines}

    def _happens(self, percent: float) -> bool:
        return self._random.random() * 100 < percent

    def _add(self, table: str, *values: Any) -> None:
        self._lines[table].append("\t".join(["\\N" if value is None else str(value) for value in values]))

    def _id(self, at: datetime) -> str:
        bits = self._random.getrandbits(74)
        return f"{int(at.timestamp() * 1000):012x}7{bits >> 62:03x}8{bits & (2**60 - 1):015x}"

    def _any(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def _time(self, number: int) -> datetime:
        share = (number - 1 + self._random.random()) / self._world.customers
        return self._world.until - YEARS * float(1 - share**_GROWTH)

    def _later(self, at: datetime) -> datetime:
        """Some time between then and now, rather soon after."""
        return at + (self._world.until - at) * self._random.random() ** 2

    def _owner(self, number: int, colleagues: list[Colleague]) -> Colleague:
        owner = one_of(self._random, colleagues)
        while owner.region == OLD_REGION and number > self._world.customers // 5:
            owner = one_of(self._random, colleagues)
        return owner

    def _fan(self, number: int, at: datetime) -> None:
        world, id_ = self._world, self._id(at)
        owner = None if self._happens(6) else self._owner(number, world.organisation.guides)
        following, talked = self._happens(80), self._later(at) if self._happens(33) else None
        app_id = world.app_ids[number % len(world.app_ids)]
        openid, seen, source = f"og{world.seed}-{number:020}", talked or at, self._any()
        digest = f"\\\\x{crypto.digest(app_id, openid).hex()}"
        self._add("identity", self._id(at), id_, app_id, openid, digest, following, at, seen, talked, at)
        credit = (owner.code_id, owner.id, owner.store_id) if owner else (None, None, None)
        channel = self._random.choice(world.organisation.channels) if owner is None else None
        self._add("touch", self._id(at), id_, source, "follow", *credit, channel, "t", at)
        self._add("timeline", self._id(at), id_, at, "follow", source)
        if talked:
            self._add("timeline", self._id(talked), id_, talked, "message", self._any())
        if not following:
            gone = self._later(at)
            self._add("timeline", self._id(gone), id_, gone, "unfollow", self._any())
        record = None
        if self._happens(60):
            self._member(number, id_, at)
            record = self._records(id_, owner, at, 35)
        self._tags(id_, at, 1.1)
        self._customer(number, id_, at, owner, following=following, record=record)

    def _member(self, number: int, id_: str, at: datetime) -> None:
        """A fan who left a name and a number."""
        chance = self._random.random
        name = words.person(self._random)
        birthday = None
        if self._happens(50):
            birthday = datetime(1950, 1, 1, tzinfo=UTC).date() + timedelta(days=int(chance() * 20_000))
        self._profile(id_, at, "person", name, birthday=birthday)
        self._phone(number, id_, at, "wechat_phone", verified=True)
        if self._happens(70):
            self._add("customer_key", self._id(at), id_, "card", f"VIP{number:09}", at)

    def _business(self, number: int, at: datetime) -> None:
        id_ = self._id(at)
        owner = self._owner(number, self._world.organisation.reps or self._world.organisation.guides)
        self._profile(id_, at, "business", words.business(self._random))
        door = "import" if self._happens(50) else "staff"
        self._phone(number, id_, at, door, verified=False)
        person = words.person(self._random)
        self._add("contact_person", self._id(at), id_, person, names.key(person), "采购", "t", "{}", 1, at)
        self._owned(id_, None, owner.id, at, "imported" if door == "import" else "created")
        record = self._records(id_, owner, at, 75)
        self._tags(id_, at, 1.6)
        if self._happens(25):
            left = self._later(record or at)
            self._owned(id_, owner.id, None, left, "returned")
            self._customer(number, id_, at, None, record=record, pooled=left)
        elif self._happens(1):
            self._customer(number, id_, at, None, record=record, discarded=self._later(at))
        else:
            self._customer(number, id_, at, owner, record=record)

    def _owned(self, id_: str, former: str | None, owner: str | None, at: datetime, reason: str) -> None:
        source = self._any()
        self._add("customer_owner_change", id_, former, owner, source, reason, at)
        self._add("timeline", self._id(at), id_, at, reason, source)

    def _customer(
        self,
        number: int,
        id_: str,
        at: datetime,
        owner: Colleague | None,
        *,
        following: bool = False,
        record: datetime | None,
        pooled: datetime | None = None,
        discarded: datetime | None = None,
    ) -> None:
        until, chance = self._world.until, self._random.random
        next_contact = until + timedelta(days=60 * chance() - 20) if owner and record and self._happens(20) else None
        due = (until + timedelta(days=60 * chance() - 20)).date() if owner and record and self._happens(5) else None
        reason = "returned" if pooled else None
        active = (record or at) if owner or pooled else None
        owner_id = owner.id if owner else None
        since = (active, next_contact, due, pooled, reason, discarded, at)
        self._add("customer", id_, number, owner_id, following, "f", *since)

    def _profile(self, id_: str, at: datetime, nature: str, name: str, *, birthday: date | None = None) -> None:
        draw, (province, city) = self._random.choices, words.place(self._random)
        [stage], [level] = draw(_STAGES, _STAGE_WEIGHTS), draw(_LEVELS, _LEVEL_WEIGHTS)
        party = "prospect" if stage in {"new", "interested"} else "customer"
        if nature == "business" and self._happens(10):
            party = self._random.choice(("partner", "agent", "supplier"))
        gender = None if nature == "business" else self._random.choice(("male", "female"))
        industry = self._random.choice(words.INDUSTRIES) if nature == "business" else None
        status = "active" if self._happens(93) else "paused"
        self._add(
            *("customer_profile", id_, nature, party, status, stage, name, names.key(name), gender, birthday, level),
            *(industry, province, city, words.address(self._random, city), at, "{}", self._custom(at), 1, at, at),
        )
        if stage != "new":
            self._add("customer_stage_change", id_, "new", stage, self._any(), self._later(at))

    def _custom(self, at: datetime) -> str:
        chance, fields, held = self._random.random, self._world.fields, dict[str, Any]()
        if self._happens(40):
            held[fields["option"]] = str(self._random.randrange(len(USES)) + 1)
        if self._happens(10):
            held[fields["number"]] = int(10 ** (2 + 4 * chance()))
        if self._happens(10):
            held[fields["date"]] = str((at + timedelta(days=int(900 * chance()))).date())
        return orjson.dumps(held).decode()

    def _phone(self, number: int, id_: str, at: datetime, door: str, *, verified: bool) -> None:
        # Some businesses have the number of another customer.
        whose = self._random.randrange(1, number + 1) if not verified and self._happens(5) else number
        mobile = (whose * _STRIDE + self._world.seed) % _MOBILES
        text = f"+86{_PREFIXES[mobile // 10**8]}{mobile % 10**8:08}"
        self._add("customer_phone", self._id(at), id_, "mobile", text, door, at if verified else None, at)

    def _tags(self, id_: str, at: datetime, most: float) -> None:
        tags = self._world.tags
        draws = range(round(most * self._random.random() * 2))
        for tag in sorted({tags[int(len(tags) * self._random.random() ** 4)] for _ in draws}):
            self._add("customer_tag", id_, tag, at)

    def _records(self, id_: str, owner: Colleague | None, at: datetime, share: float) -> datetime | None:
        """Notes of the owner and what else was done with the customer; when that was last."""
        last = None
        while owner and self._happens(share):
            last = when = self._later(last or at)
            source = self._id(when)
            if self._happens(70):
                kind = self._random.choice(("phone", "wechat", "visit"))
                note = words.note(self._random)
                self._add("follow_up", source, id_, owner.id, kind, note, "[]", None, when, when)
                self._add("sales_record", id_, owner.id, "follow_up", source, when)
            else:
                self._add("sales_record", id_, owner.id, self._random.choice(("chat", "order")), source, when)
        return last
