"""Runs of reconciliation. Whom a run has seen is in `wechat_follower_seen`, which exists by migration only."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from wechat.accounts.models import Account
from wechat.followers.rules import RunState


class Run(Model):
    """One reading of an account's follower list; `cursor` is the openid the next page begins after (ciphertext).

    `position` is the identity up to which those we know were compared with the list. `healed` counts follows that no
    push had told of, `missing` those who follow as far as we know and aren't in the list. One run per account is under
    way; `attempts` counts its failures.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    state = fields.CharEnumField(RunState, max_length=10)
    cursor = fields.BinaryField(null=True)
    position = fields.UUIDField(null=True)
    seen = fields.IntField()
    healed = fields.IntField()
    missing = fields.IntField()
    attempts = fields.IntField()
    next_at = fields.DatetimeField()
    error = fields.CharField(max_length=200, null=True)
    started_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "wechat_follower_run"
        indexes: ClassVar = (Index(fields=("account_id", "started_at"), name="wechat_follower_run_account"),)
