"""Conversations, and media on their way. The messages are partitioned and exist by migration only."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from wechat.conversations.rules import Author, MediaState


class Conversation(Model):
    """The thread of one person in one account (`identity`), and who serves it now.

    `staff` has it; without one it waits in the line of `store`, without a store in that of the agents. `case_id` is
    the open case of service, null when nobody is wanted. `waiting_since` is the fan's first message that no person has
    answered; `unread` counts what colleagues have not looked at. `last_…` is the newest message, for the list: its
    text goes when the person is forgotten. Messages are numbered under the row's lock, without gaps: who has read
    number n has seen all before it. `version` goes up with whatever colleagues decide.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    identity: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Identity", related_name=False, on_delete=fields.RESTRICT
    )
    staff: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    store: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Store", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    case_id = fields.UUIDField(null=True)
    waiting_since = fields.DatetimeField(null=True)
    unread = fields.IntField(db_default=0)
    last_number = fields.IntField()
    last_author = fields.CharEnumField(Author, max_length=10, null=True)
    last_text = fields.CharField(max_length=100, null=True)
    last_at = fields.DatetimeField()
    version = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "conversation"
        constraints: ClassVar = (UniqueConstraint(fields=("identity_id",), name="conversation_identity_key"),)
        indexes: ClassVar = (
            Index(fields=("last_at", "id"), name="conversation_newest"),
            Index(fields=("staff_id", "last_at", "id"), name="conversation_staff"),
            Index(fields=("store_id", "last_at", "id"), name="conversation_store"),
        )


class ChatMedia(Model):
    """Bytes of a message (`number`, written at `message_at`) to be fetched from the platform: a claim is a lease."""

    id = fields.UUIDField(primary_key=True)
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "models.Conversation", related_name=False, on_delete=fields.RESTRICT
    )
    number = fields.IntField()
    message_at = fields.DatetimeField()
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    media_id = fields.CharField(max_length=300)
    name = fields.CharField(max_length=60)
    state = fields.CharEnumField(MediaState, max_length=10)
    attempts = fields.SmallIntField()
    next_at = fields.DatetimeField()
    file: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.StoredFile", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    error = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "chat_media"
        constraints: ClassVar = (
            UniqueConstraint(fields=("conversation_id", "number", "name"), name="chat_media_message_key"),
        )


class BannedWord(Model):
    """A word that no message of fans shows unasked, and that we don't say; `compared` is its folded form."""

    id = fields.UUIDField(primary_key=True)
    word = fields.CharField(max_length=50)
    compared = fields.TextField()
    added_by: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    created_at = fields.DatetimeField()

    class Meta:
        table = "banned_word"
        constraints: ClassVar = (UniqueConstraint(fields=("compared",), name="banned_word_key"),)
