"""Open sessions."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class Session(Model):
    """A token's digest and whose it is; `kind` is the sort of principal (staff).

    `way` is how the person proved to be that one (password, wechat); `seen_at` the last use, to the minute; `address`
    and `device` are what the opener's connection said.
    """

    id = fields.UUIDField(primary_key=True)
    token_digest = fields.BinaryField()
    kind = fields.CharField(max_length=20)
    principal_id = fields.UUIDField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    seen_at = fields.DatetimeField(null=True)
    way = fields.CharField(max_length=20, db_default="password")
    address = fields.CharField(max_length=45, db_default="")
    device = fields.CharField(max_length=200, db_default="")

    class Meta:
        table = "session"
        constraints: ClassVar = (UniqueConstraint(fields=("token_digest",), name="session_token_digest_key"),)
        indexes: ClassVar = (Index(fields=("kind", "principal_id"), name="session_principal"),)
