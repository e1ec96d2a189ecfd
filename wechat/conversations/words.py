"""Banned words: the list, and finding them in what people write (behaviour 20).

A file of its own: whoever shows or says something asks it. Compared are letters and digits alone, folded (NFKC) and
without case, so that neither spaces nor punctuation between them hide a word.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from core.organisation.queries import Colleague
from infra import audit, clock, database
from infra.cache import Cache
from infra.database import constraint_errors, transaction
from infra.ids import new_id
from infra.parameters import Parameter
from wechat.conversations.errors import (
    BannedWordEmpty,
    BannedWordExists,
    BannedWordInText,
    BannedWordNotFound,
    BannedWordsUsedUp,
)
from wechat.conversations.models import BannedWord
from wechat.outbound.contents import Content, MiniProgramContent, NewsContent, TextContent

MOST_WORDS = Parameter(
    name="chat.banned_words",
    default=2_000,
    least=1,
    most=20_000,
    help="违禁词的最大个数",
    english="The most banned words there may be",
)

# Two at once may not pass the limit together.
_COUNT = "SELECT count(*) FROM (SELECT FROM banned_word LIMIT $1) AS held"
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('banned words', 0))"


def key(text: str) -> str:
    """A text as it is compared."""
    return "".join(one for one in unicodedata.normalize("NFKC", text).casefold() if one.isalnum())


@dataclass(frozen=True, slots=True)
class Words:
    """The list: words by key, and by their first character how long those are. What a text costs, they don't."""

    by_key: Mapping[str, str]
    lengths: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, words: Iterable[str]) -> Self:
        """Keys are not empty."""
        by_key = {key(word): word for word in words}
        lengths = defaultdict[str, set[int]](set)
        for one in by_key:
            lengths[one[0]].add(len(one))
        return cls(by_key, {first: tuple(sorted(found)) for first, found in lengths.items()})

    def find(self, text: str) -> str | None:
        """The first word of the list that stands in a text."""
        if not self.by_key:
            return None
        compared = key(text)
        for start, first in enumerate(compared):
            for length in self.lengths.get(first, ()):
                word = self.by_key.get(compared[start : start + length])
                if word is not None:
                    return word
        return None

    def find_in(self, *contents: Content) -> str | None:
        """The first word of the list in what is about to be said."""
        return next((found for content in contents if (found := self.find("\n".join(_texts(content))))), None)


async def _read(_key: str) -> Words:
    return Words.of(row["word"] for row in await database.fetch("SELECT word FROM banned_word"))


_words = Cache("banned words", _read)


async def known() -> Words:
    """The list, at most a moment old."""
    return await _words.get()


def forget() -> None:
    """Read anew next time (after a change in this process, and between tests)."""
    _words.clear()


async def refuse_banned(*contents: Content) -> None:
    """What a colleague is about to say. Raises BannedWordInText with the word."""
    if found := (await known()).find_in(*contents):
        raise BannedWordInText({"word": found})


def _texts(content: Content) -> tuple[str, ...]:
    match content:
        case TextContent():
            return (content.text,)
        case NewsContent():
            return content.title, content.description
        case MiniProgramContent():
            return (content.title,)
    return ()


async def add(by: Colleague, word: str) -> BannedWord:
    """Ban a word. Raises BannedWordEmpty, BannedWordExists (also for another spelling), BannedWordsUsedUp."""
    compared, most = key(word), await MOST_WORDS.get()
    if not compared:
        raise BannedWordEmpty
    with constraint_errors({"banned_word_key": BannedWordExists}):
        async with transaction() as connection:
            await connection.execute(_ALONE)
            if await connection.fetchval(_COUNT, most) >= most:
                raise BannedWordsUsedUp({"most": most})
            added = await BannedWord.create(
                id=new_id(), word=word, compared=compared, added_by_id=by.id, created_at=clock.now()
            )
            await audit.note("banned_word.added", "banned_word", added.id, {"word": word})
    forget()
    return added


async def remove(word_id: UUID) -> None:
    """Allow a word again. Raises BannedWordNotFound."""
    async with transaction():
        word = await BannedWord.get_or_none(id=word_id)
        if word is None or not await BannedWord.filter(id=word_id).delete():
            raise BannedWordNotFound
        await audit.note("banned_word.removed", "banned_word", word_id, {"word": word.word})
    forget()
