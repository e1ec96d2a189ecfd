"""A search as SQL: terms that the index finds, and conditions that look again.

A file of its own: lists, counts and rule tags ask alike. `c` is a customer, `s` its row of the index.
"""

from collections.abc import Iterable, Sequence

from core.customers import indexing
from core.customers.ownership import Place
from core.customers.search.schemas import CustomerFilters, FieldCondition
from core.customers.search.terms import Asked, Span, birthdays, folded, magnitudes, pairs
from core.organisation.scopes import Put
from infra import clock

_PLACES = {
    None: "c.discarded_at IS NULL",
    Place.OWNED: "c.guide_id IS NOT NULL",
    Place.POOL: "c.pooled_at IS NOT NULL",
    Place.TRASH: "c.discarded_at IS NOT NULL",
    Place.NOBODY: "c.guide_id IS NULL AND c.pooled_at IS NULL AND c.discarded_at IS NULL",
}

# Party, status, stage, nature; a phone, WeChat, doors: many customers have each.
_OF_FEW_KINDS = ("p:", "s:", "g:", "y:", "h:", "w:", "a:")

_FEW_TERMS = 16
# The signature is looked at for no more than so many alternatives.
_FEW_SIGNED = 4

_PROFILE = "SELECT FROM customer_profile p WHERE p.customer_id = c.id"
_MNEMONIC = indexing.folded("p.mnemonic")
_NAMED = f"""(EXISTS ({_PROFILE} AND (strpos(p.name_key, {{0}}) > 0 OR strpos({_MNEMONIC}, {{0}}) > 0))
    OR EXISTS (SELECT FROM contact_person o
        WHERE o.customer_id = c.id AND o.removed_at IS NULL AND strpos(o.name_key, {{0}}) > 0))"""
_HAS_NUMBER = "EXISTS (SELECT FROM customer_phone h WHERE h.customer_id = c.id AND h.number = {})"


class Conditions:
    """What filters ask for, each value handed to `put` (scopes.Values) for one statement.

    `terms` must all be there, and one of each of `choices`; of each of `hints` and of `broad` (which many have) one is
    there too, but the columns are looked at anyway. `columns` are on `c` alone. What may be a name or something else is
    in none of them.
    """

    def __init__(self, filters: CustomerFilters, put: Put) -> None:
        self.terms: list[str] = []
        self.choices: list[list[str]] = []
        self.hints: list[list[str]] = []
        self.broad: list[list[str]] = []
        self.columns: list[str] = []
        self._filters, self._put = filters, put
        self._today = clock.business_day()
        self._sql = ["NOT c.is_staff", "c.merged_into_id IS NULL", _PLACES[filters.place]]
        self._exact: list[str] = []
        self._record()
        self._times()
        for condition in filters.fields or ():
            self._field(condition)
        if filters.q is not None:
            self._words(Asked.of(filters.q))

    @property
    def known(self) -> bool:
        """Whether the index can find any of it."""
        return bool(self.terms or self.choices or self.hints or self.broad)

    @property
    def narrow(self) -> bool:
        """Whether what the index can find may be little: of one thing that everybody is one of few of, it never is."""
        asked = [*([term] for term in self.terms), *self.choices, *self.hints]
        return len(asked) > 1 or any(not terms or not terms[0].startswith(_OF_FEW_KINDS) for terms in asked)

    def matching(self) -> str:
        """All of it, on `c` and `s`."""
        return " AND ".join(filter(None, [self.found(), self.rest()]))

    def found(self) -> str:
        """What the row of the index says, on `s`; to look for one of many terms costs more than what comes next."""
        conditions = [f"s.terms @> {self._put(self.terms)}::text[]"] if self.terms else []
        choices = [*self.choices, *(hint for hint in self.hints if len(hint) <= _FEW_TERMS)]
        return " AND ".join([*conditions, *(f"s.terms && {self._put(choice)}::text[]" for choice in choices)])

    @property
    def signable(self) -> bool:
        """Whether the signature of the terms soon tells some of it."""
        return bool(self.terms or self._short)

    def signed(self) -> str:
        """What the signature of the terms says, on `s`: those who pass may be too many."""
        conditions = [self._signed(self.terms)] if self.terms else []
        conditions += [f"({' OR '.join(self._signed([term]) for term in choice)})" for choice in self._short]
        return " AND ".join(conditions)

    def rest(self) -> str:
        """What is left to look at, on `c` and sometimes `s`."""
        return " AND ".join([*self._sql, *self.columns, *self._exact])

    def indexed(self) -> str:
        """What is narrow of what the index can find, on `s`.

        The planner is not told how common terms are: whatever they are, it is to ask the index.
        """
        conditions = [f"s.terms @> (SELECT {self._put(self.terms)}::text[])"] if self.terms else []
        return " AND ".join([*conditions, *map(self._one_of, (*self.choices, *self.hints))])

    def indexed_in(self, bucket: str) -> str:
        """All that the index can find of a bucket, on `s`."""
        conditions = [f"s.terms @> ((SELECT {self._put(self.terms)}::text[]) || ('k:' || {bucket}))"]
        return " AND ".join([*conditions, *map(self._one_of, (*self.choices, *self.hints, *self.broad))])

    def dated_in(self, block: str, bits: int) -> str | None:
        """What the index finds of a block of 2^`bits` buckets, on `s`; None: where it needn't be asked, or not so.

        Each condition is looked for alone here, which is dear where two common terms exclude each other.
        """
        if not self.broad or len(self.terms) > 1:
            return None
        buckets = f"generate_series({block} << {bits}, (({block} + 1) << {bits}) - 1)"
        terms = [self.terms] if self.terms else []
        conditions = [self._one_of(one) for one in (*terms, *self.choices, *self.hints, *self.broad)]
        return " AND ".join([f"s.terms && ARRAY(SELECT 'k:' || bucket FROM {buckets} AS bucket)", *conditions])

    @property
    def _short(self) -> list[list[str]]:
        return [choice for choice in (*self.choices, *self.hints) if len(choice) <= _FEW_SIGNED]

    def _signed(self, terms: list[str]) -> str:
        signature = f"(SELECT customer_search_signature({self._put(terms)}::text[]))"
        return f"s.signature & {signature} = {signature}"

    def _one_of(self, choice: list[str]) -> str:
        return f"s.terms && (SELECT {self._put(choice)}::text[])"

    def _record(self) -> None:
        filters = self._filters
        chosen: dict[str, Sequence[object] | None] = {
            "p": filters.parties,
            "s": filters.statuses,
            "g": filters.stages,
            "y": filters.natures,
        }
        chosen |= {"l": filters.levels, "i": filters.industries, "v": filters.provinces, "c": filters.cities}
        chosen |= {"a": filters.doors, "t": filters.tags_any}
        for prefix, values in chosen.items():
            if values:
                self._any(f"{prefix}:{value}" for value in values)
        self.terms += [f"t:{tag}" for tag in filters.tags_all or ()]
        firsts = {"xs": filters.first_store_id, "xc": filters.first_channel_id, "xq": filters.first_code_id}
        self.terms += [f"{prefix}:{id_}" for prefix, id_ in firsts.items() if id_]
        if filters.tags_none:
            self._sql.append(f"NOT s.terms && {self._put([f't:{tag}' for tag in filters.tags_none])}::text[]")
        if filters.has_phone is not None:
            self.terms += ["h:"] if filters.has_phone else []
            self._sql += [] if filters.has_phone else ["NOT s.terms @> '{h:}'"]
        if filters.following is not None:
            self.terms += ["w:"] if filters.following else []
            self.columns.append("c.following" if filters.following else "NOT c.following")
        if filters.birthday:
            days = birthdays(filters.birthday, self._today)
            self._hint([f"b:{day}" for day in days])
            self._exact.append(f"EXISTS ({_PROFILE} AND to_char(p.birthday, 'MMDD') = ANY({self._put(days)}::text[]))")

    def _times(self) -> None:
        filters = self._filters
        registered = "SELECT p.registered_at FROM customer_profile p WHERE p.customer_id = c.id"
        touched = "SELECT x.occurred_at FROM touch x WHERE x.customer_id = c.id AND x.is_first"
        followed_up = "SELECT max(u.occurred_at) FROM follow_up u WHERE u.customer_id = c.id"
        for days, moment, prefix in (
            (filters.created, "c.created_at", "d"),
            (filters.registered, f"({registered})", "r"),
            (filters.first_touch, f"({touched})", "x"),
            (filters.followed_up, f"({followed_up})", "u"),
            (filters.last_record, "c.active_at", None),
            (filters.next_contact, "c.next_contact_at", None),
        ):
            if days is None:
                continue
            span = Span.of(days, self._today)
            # Nearly everybody has never, or long ago: such terms would narrow nothing down.
            if prefix and not span.or_never:
                self._within(span, span.terms(prefix, days=prefix != "u"))
            (self.columns if moment.startswith("c.") else self._exact).append(self.between(moment, span))

    def between(self, moment: str, span: Span) -> str:
        """A moment lies in a span of business days."""
        conditions = [f"{moment} IS NOT NULL"]
        first, last = span.moments
        conditions += [f"{moment} >= {self._put(first)}"] if first else []
        conditions += [f"{moment} < {self._put(last)}"] if last else []
        within = " AND ".join(conditions)
        return f"({within} OR {moment} IS NULL)" if span.or_never else f"({within})"

    def _field(self, condition: FieldCondition) -> None:
        name, key = f"f:{condition.field_id}", str(condition.field_id)
        if condition.any_of:
            self._any(f"{name}:{one[: indexing.VALUE_LENGTH]}" for one in condition.any_of)
            if any(len(one) >= indexing.VALUE_LENGTH for one in condition.any_of):
                held = f"p.custom -> {self._put(key)} ?| {self._put(condition.any_of)}::text[]"
                self._exact.append(f"EXISTS ({_PROFILE} AND {held})")
        if condition.contains is not None:
            words = folded(condition.contains)
            self.terms += [f"{name}~{pair}" for pair in pairs(words)]
            text = indexing.custom_text(f"(p.custom -> {self._put(key)})")
            self._exact.append(f"EXISTS ({_PROFILE} AND strpos({text}, {self._put(words)}) > 0)")
        if condition.least is not None or condition.most is not None:
            self._hint([f"{name}#{one}" for one in magnitudes(condition.least, condition.most)])
            value = f"(p.custom -> {self._put(key)})"
            number = f"CASE jsonb_typeof({value}) WHEN 'number' THEN {value}::float8 END"
            between = [f"{number} >= {self._put(condition.least)}"] if condition.least is not None else []
            between += [f"{number} <= {self._put(condition.most)}"] if condition.most is not None else []
            self._exact.append(f"EXISTS ({_PROFILE} AND {' AND '.join(between)})")
        if condition.days:
            self._day(name, f"(p.custom ->> {self._put(key)})", Span.of(condition.days, self._today))

    def _day(self, name: str, day: str, span: Span) -> None:
        if not span.or_never:
            self._within(span, span.terms(name))
        within = [f"{day} IS NOT NULL"]
        within += [f"{day} >= {self._put(span.first.isoformat())}"] if span.first else []
        within += [f"{day} <= {self._put(span.last.isoformat())}"] if span.last else []
        found = f"EXISTS ({_PROFILE} AND {' AND '.join(within)})"
        never = f"NOT EXISTS ({_PROFILE} AND {day} IS NOT NULL)"
        self._exact.append(f"({found} OR {never})" if span.or_never else found)

    def _words(self, asked: Asked) -> None:
        if asked.is_name:
            self.terms += asked.name_terms
            if len(asked.name_terms) > 1:
                self._exact.append(_NAMED.format(self._put(asked.name)))
            return
        ways = [_NAMED.format(self._put(asked.name))] if asked.name else []
        ways += [f"c.number = {self._put(asked.number)}::bigint"] if asked.number else []
        ways += [_HAS_NUMBER.format(self._put(asked.phone))] if asked.phone else []
        ways.append(f"s.terms @> {self._put([f'e:{asked.key}'])}::text[]")
        # In the pool nobody may find out a number by trying its end.
        hidden = "c.pooled_at IS NULL AND c.discarded_at IS NULL"
        ways += [f"(s.terms @> {self._put([f'm:{asked.end}'])}::text[] AND {hidden})"] if asked.end else []
        self._exact.append(f"({' OR '.join(ways)})")

    def _within(self, span: Span, terms: list[str]) -> None:
        if span.broad:
            self.broad.append(terms)
        else:
            self._hint(terms)

    def _hint(self, terms: list[str]) -> None:
        self.hints += [terms] if len(terms) != 1 else []
        self.terms += terms if len(terms) == 1 else []

    def _any(self, terms: Iterable[str]) -> None:
        choice = list(dict.fromkeys(terms))
        # One choice is none.
        self.choices += [choice] if len(choice) != 1 else []
        self.terms += choice if len(choice) == 1 else []


def meant(asked: Asked, put: Put, most: int) -> str:
    """SQL of the numbers of customers who may be meant by words that aren't just a name, `most` of each way."""
    ways = [f"SELECT number FROM customer WHERE number = {put(asked.number)}::bigint"] if asked.number else []
    if asked.phone:
        holders = f"SELECT customer_id FROM customer_phone WHERE number = {put(asked.phone)}"
        ways.append(f"SELECT number FROM customer WHERE id IN ({holders})")
    ways += [
        f"(SELECT number FROM customer_search s WHERE s.terms @> (SELECT {put(terms)}::text[]) LIMIT {most})"
        for terms in asked.alternatives
    ]
    return " UNION ".join(ways)
