"""What a code may be, what becomes of it, and whom a scan of it counts for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from core.customers.rules import Credit


class CodeState(StrEnum):
    """It waits for the platform, has been issued, or was given up."""

    PENDING = "pending"
    ISSUED = "issued"
    FAILED = "failed"


class Life(StrEnum):
    """Permanent ones are scarce; temporary ones are renewed before they end (wechat-platform §4.1)."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"


class TargetKind(StrEnum):
    """Whom a code leads to."""

    GUIDE = "guide"
    STORE = "store"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """When a code counts: from `starts_at`, before `ends_at`, until it was stopped."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    stopped_at: datetime | None = None

    def hold(self, at: datetime) -> bool:
        """Whether they hold through the second that begins `at`: WeChat tells no smaller part of time."""
        over = at + timedelta(seconds=1)
        begun = self.starts_at is None or self.starts_at < over
        return begun and all(end is None or end >= over for end in (self.ends_at, self.stopped_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a code is or was, when it counts or counted, and since when the guide or the store is no more."""

    guide_id: UUID | None = None
    guide_left_at: datetime | None = None
    store_id: UUID | None = None
    store_closed_at: datetime | None = None
    channel_id: UUID | None = None
    terms: Terms = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """What a code is, and what it was, each with the moment that ended it, oldest first."""

    code_id: UUID
    owner: Owner
    former: tuple[tuple[datetime, Owner], ...] = ()

    def credit(self, at: datetime) -> Credit:
        """Whom a scan in the second that begins `at` counts for, however late we hear of it.

        A guide who left leads to the store, a closed store to its channel. A code that was stopped or out of season
        then counts for nobody, but the touch names it.
        """
        over = at + timedelta(seconds=1)
        owner = next((owner for until, owner in self.former if until >= over), self.owner)
        if not owner.terms.hold(at):
            return Credit(code_id=self.code_id)
        return Credit(
            code_id=self.code_id,
            guide_id=owner.guide_id if owner.guide_left_at is None or owner.guide_left_at >= over else None,
            store_id=owner.store_id if owner.store_closed_at is None or owner.store_closed_at >= over else None,
            channel_id=owner.channel_id,
        )
