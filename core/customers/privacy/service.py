"""What people say about their data: consents and channels, recorded once, at whatever door and however late."""

from collections.abc import Sequence
from uuid import UUID

from core.customers import queries as customers
from core.customers.linking.rules import Door
from core.customers.privacy.errors import ConsentTextMoved, ConsentTextNotFound
from core.customers.privacy.models import ConsentText
from core.customers.privacy.rules import NewChoice, NewConsent
from core.customers.privacy.schemas import ChannelIn, ConsentIn, ConsentTextIn
from core.customers.timeline import Entry, tell
from core.organisation.queries import Colleague
from infra import audit, clock
from infra.database import Connection, constraint_errors, retry_on_conflict, transaction
from infra.ids import new_id

_GIVE = """
INSERT INTO consent (customer_id, purpose, version, given, door, source, occurred_at)
SELECT c.customer_id, c.purpose, c.version, c.given, c.door, c.source, c.occurred_at
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bool[], $5::text[], $6::uuid[], $7::timestamptz[])
    AS c (customer_id, purpose, version, given, door, source, occurred_at)
ORDER BY c.source, c.purpose
ON CONFLICT (source, purpose) DO NOTHING RETURNING source, purpose
"""

_UNKNOWN_TEXTS = """
SELECT t.purpose FROM unnest($1::text[], $2::int[]) AS t (purpose, version)
WHERE NOT EXISTS (SELECT FROM consent_text c WHERE c.purpose = t.purpose AND c.version = t.version)
"""

# Of two words of one moment the refusal counts.
_CHOOSE = """
INSERT INTO channel_choice (customer_id, channel, accepted, door, chosen_at)
SELECT DISTINCT ON (customer_id, channel) customer_id, channel, accepted, door, chosen_at
FROM unnest($1::uuid[], $2::text[], $3::bool[], $4::text[], $5::timestamptz[])
    AS c (customer_id, channel, accepted, door, chosen_at)
ORDER BY customer_id, channel, chosen_at DESC, accepted
ON CONFLICT (customer_id, channel) DO UPDATE
SET accepted = excluded.accepted, door = excluded.door, chosen_at = excluded.chosen_at
WHERE excluded.chosen_at > channel_choice.chosen_at
    OR (excluded.chosen_at = channel_choice.chosen_at AND channel_choice.accepted AND NOT excluded.accepted)
RETURNING customer_id, channel
"""

_LOCK = "SELECT id FROM customer WHERE id = ANY($1::uuid[]) AND merged_into_id IS NULL ORDER BY id FOR NO KEY UPDATE"


async def publish_text(by: Colleague, text: ConsentTextIn) -> UUID:
    """The next version of a purpose's text; returns its id. Raises ConsentTextMoved when `version` isn't the last."""
    with constraint_errors({"consent_text_version_key": ConsentTextMoved}):
        async with transaction() as connection:
            sql = "SELECT COALESCE(max(version), 0) FROM consent_text WHERE purpose = $1"
            present = await connection.fetchval(sql, text.purpose)
            if present != text.version:
                raise ConsentTextMoved({"version": present})
            text_id, version = new_id(), present + 1
            await ConsentText.create(
                id=text_id,
                purpose=text.purpose,
                version=version,
                body=text.body,
                published_by=by.id,
                published_at=clock.now(),
            )
            await audit.note("consent_text.published", "consent_text", text_id, {"purpose": text.purpose})
    return text_id


async def give(connection: Connection, consents: Sequence[NewConsent]) -> int:
    """Write down what people agreed to or took back, in the caller's transaction; returns how many were news.

    The same source again changes nothing, a late one stands only if nothing later was said. Raises
    ConsentTextNotFound.
    """
    if await connection.fetchrow(_UNKNOWN_TEXTS, [c.purpose for c in consents], [c.version for c in consents]):
        raise ConsentTextNotFound
    rows = await connection.fetch(
        _GIVE,
        [one.customer_id for one in consents],
        [one.purpose for one in consents],
        [one.version for one in consents],
        [one.given for one in consents],
        [one.door for one in consents],
        [one.source for one in consents],
        [one.occurred_at for one in consents],
    )
    news = {(row["source"], row["purpose"]) for row in rows}
    await tell(
        connection,
        [
            Entry(
                one.customer_id,
                one.occurred_at,
                "consent_given" if one.given else "consent_withdrawn",
                one.source,
                {"purpose": one.purpose, "version": one.version, "door": one.door},
            )
            for one in consents
            if (one.source, one.purpose) in news
        ],
    )
    return len(news)


async def choose_channels(connection: Connection, choices: Sequence[NewChoice]) -> int:
    """Write down how people want to be reached, in the caller's transaction; returns how many changed.

    The newest word stands, whoever wrote it down: a colleague records what the person said. Locks the customers.
    """
    await connection.execute(_LOCK, [choice.customer_id for choice in choices])
    rows = await connection.fetch(
        _CHOOSE,
        [choice.customer_id for choice in choices],
        [choice.channel.value for choice in choices],
        [choice.accepted for choice in choices],
        [choice.door for choice in choices],
        [choice.chosen_at for choice in choices],
    )
    changed = {(row["customer_id"], row["channel"]) for row in rows}
    await tell(connection, [_entry(one) for one in choices if (one.customer_id, one.channel.value) in changed])
    return len(changed)


def _entry(choice: NewChoice) -> Entry:
    kind = "channel_accepted" if choice.accepted else "channel_refused"
    details = {"channel": choice.channel.value, "door": choice.door}
    return Entry(choice.customer_id, choice.chosen_at, kind, new_id(), details)


@retry_on_conflict
async def record_consent(by: Colleague, customer_id: UUID, said: ConsentIn) -> UUID:
    """What a person said to a colleague. Raises CustomerNotFound, ConsentTextNotFound."""
    async with transaction() as connection:
        standing = await held(connection, customer_id, by)
        consent = NewConsent(
            customer_id=standing,
            purpose=said.purpose,
            version=said.version,
            given=said.given,
            door=Door.STAFF,
            source=new_id(),
            occurred_at=min(said.occurred_at or clock.now(), clock.now()),
        )
        await give(connection, [consent])
        details = {"purpose": said.purpose, "version": said.version, "given": said.given}
        await audit.note("customer.consent_recorded", "customer", standing, details)
    return standing


@retry_on_conflict
async def record_channel(by: Colleague, customer_id: UUID, said: ChannelIn) -> UUID:
    """The same for a channel. Raises CustomerNotFound."""
    async with transaction() as connection:
        standing = await held(connection, customer_id, by)
        choice = NewChoice(
            customer_id=standing,
            channel=said.channel,
            accepted=said.accepted,
            door=Door.STAFF,
            chosen_at=min(said.chosen_at or clock.now(), clock.now()),
        )
        await choose_channels(connection, [choice])
        details = {"channel": said.channel, "accepted": said.accepted}
        await audit.note("customer.channel_chosen", "customer", standing, details)
    return standing


async def held(connection: Connection, customer_id: UUID, by: Colleague) -> UUID:
    """The customer, or whom it was merged into, locked. Raises CustomerNotFound."""
    while True:
        standing = await customers.standing(customer_id, by)
        if await connection.fetchval(_LOCK, [standing]):
            return standing
