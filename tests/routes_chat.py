"""What the inbox adds to the world of all routes (`routes_world`)."""

from itertools import count
from typing import Any
from uuid import UUID

from infra import clock, database
from infra.ids import new_id

_numbers = count(1)


async def conversation(place: Any, customer_id: UUID) -> str:
    """A fan who waits for the person of a place."""
    conversation_id, case_id = new_id(), new_id()
    await database.execute(
        """INSERT INTO conversation (id, account_id, identity_id, staff_id, store_id, case_id, waiting_since, unread,
            last_number, last_author, last_text, last_at, version, created_at)
        SELECT $1, $2, id, $3, $4, $5, $6, 1, 1, 'fan', $7, $6, 1, $6 FROM identity WHERE customer_id = $8""",
        conversation_id,
        place.account.id,
        place.person.id,
        place.store.id,
        case_id,
        clock.now(),
        place.name("问题"),
        customer_id,
    )
    await database.execute(
        """INSERT INTO service_case (id, conversation_id, wanted, staff_id, store_id, opened_at, held_at, answers)
        VALUES ($1, $2, 'no_answer', $3, $4, $5, $5, 0)""",
        case_id,
        conversation_id,
        place.person.id,
        place.store.id,
        clock.now(),
    )
    await database.execute(
        """INSERT INTO chat_message (conversation_id, number, created_at, said_at, author, kind, content, text)
        VALUES ($1, 1, $2, $2, 'fan', 'text', '{}', $3)""",
        conversation_id,
        clock.now(),
        place.name("问题"),
    )
    return str(conversation_id)


async def quick_reply(place: Any) -> str:
    """One of the caller's own."""
    quick_reply_id = new_id()
    await database.execute(
        """INSERT INTO quick_reply (id, staff_id, title, text, position, version, created_at)
        VALUES ($1, $2, $3, '您好', 1, 1, $4)""",
        quick_reply_id,
        place.caller.id,
        place.name("快捷回复"),
        clock.now(),
    )
    return str(quick_reply_id)


async def banned_word(place: Any) -> str:
    """One of the list that everybody shares."""
    word_id = new_id()
    await database.execute(
        "INSERT INTO banned_word (id, word, compared, added_by_id, created_at) VALUES ($1, $2::text, $2::text, $3, $4)",
        word_id,
        place.name("违禁"),
        place.person.id,
        clock.now(),
    )
    return str(word_id)


async def menu(place: Any) -> str:
    """One that was live once."""
    menu_id = new_id()
    await database.execute(
        """INSERT INTO menu_edition (id, account_id, number, state, buttons, personal, version, changed_by_id,
            changed_at, attempts, created_at) VALUES ($1, $2, $3, 'former', '[]', '[]', 1, $4, $5, 0, $5)""",
        menu_id,
        place.account.id,
        next(_numbers),
        place.person.id,
        clock.now(),
    )
    return str(menu_id)
