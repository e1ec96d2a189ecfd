"""Open sessions."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class Session(Model):
    """A token's digest and whose it is; `kind` is the sort of principal (staff)."""

    id = fields.UUIDField(primary_key=True)
    token_digest = fields.BinaryField()
    kind = fields.CharField(max_length=20)
    principal_id = fields.UUIDField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "session"
        constraints: ClassVar = (UniqueConstraint(fields=("token_digest",), name="session_token_digest_key"),)
        indexes: ClassVar = (Index(fields=("kind", "principal_id"), name="session_principal"),)
