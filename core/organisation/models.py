"""Departments, posts and the people who log in as staff."""

from typing import ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.permissions.rules import Scope


class Department(Model):
    """A node of the tree; `position` orders it among its siblings, `head_id` is a colleague (by hand: a cycle of keys).

    A deleted or merged one stays as a row, for what refers to it.
    """

    id = fields.UUIDField(primary_key=True)
    parent: fields.ForeignKeyNullableRelation["Department"] = fields.ForeignKeyField(
        "models.Department", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    parent_id: UUID | None
    name = fields.CharField(max_length=50)
    position = fields.IntField()
    head_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "department"
        indexes: ClassVar = (Index(fields=("parent_id", "position"), name="department_parent"),)


class Post(Model):
    """A post in a department; whoever holds it works there, also after the post moved to another department."""

    id = fields.UUIDField(primary_key=True)
    department: fields.ForeignKeyRelation[Department] = fields.ForeignKeyField(
        "models.Department", related_name=False, on_delete=fields.RESTRICT
    )
    department_id: UUID
    name = fields.CharField(max_length=50)
    created_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "post"
        constraints: ClassVar = (UniqueConstraint(fields=("id", "department_id"), name="post_id_department_key"),)
        indexes: ClassVar = (Index(fields=("department_id",), name="post_department"),)


class Staff(Model):
    """`left_at` is set for good when a person leaves, `disabled_at` while one may not log in; the row stays.

    `is_guide`: has a code and a place in the ranking, and a store. `scope` and `special_rights` are the person's own:
    the scope instead of the role's, the rights besides the role's. `totp_secret` is ciphertext; `totp_step` is the
    newest one used, so that a code opens once. `password_hash` is empty for who can't log in by password yet.
    """

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=50)
    username = fields.CharField(max_length=50)
    password_hash = fields.CharField(max_length=200)
    role: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Role", related_name=False, on_delete=fields.RESTRICT
    )
    role_id: UUID
    department: fields.ForeignKeyRelation[Department] = fields.ForeignKeyField(
        "models.Department", related_name=False, on_delete=fields.RESTRICT
    )
    department_id: UUID
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField(
        "models.Post", related_name=False, on_delete=fields.RESTRICT
    )
    post_id: UUID
    store: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Store", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    store_id: UUID | None
    is_guide = fields.BooleanField(db_default=False)
    scope = fields.CharEnumField(Scope, max_length=20, null=True)
    special_rights: fields.Field[list[str]] = fields.JSONField()
    phone = fields.CharField(max_length=30, db_default="")
    email = fields.CharField(max_length=200, db_default="")
    must_change_password = fields.BooleanField(db_default=False)
    password_changed_at = fields.DatetimeField(null=True)
    totp_secret = fields.BinaryField(null=True)
    totp_confirmed_at = fields.DatetimeField(null=True)
    totp_step = fields.BigIntField(null=True)
    version = fields.IntField(db_default=1)
    created_at = fields.DatetimeField()
    disabled_at = fields.DatetimeField(null=True)
    left_at = fields.DatetimeField(null=True)

    class Meta:
        table = "staff"
        constraints: ClassVar = (UniqueConstraint(fields=("username",), name="staff_username_key"),)
        indexes: ClassVar = (
            Index(fields=("store_id",), name="staff_store"),
            Index(fields=("department_id", "id"), name="staff_department"),
            Index(fields=("post_id",), name="staff_post"),
            Index(fields=("role_id",), name="staff_role"),
        )


class DepartmentGrant(Model):
    """A further department whose data a colleague sees, besides the own one (部门权限)."""

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    department: fields.ForeignKeyRelation[Department] = fields.ForeignKeyField(
        "models.Department", related_name=False, on_delete=fields.RESTRICT
    )

    class Meta:
        table = "staff_department_grant"
        constraints: ClassVar = (
            UniqueConstraint(fields=("staff_id", "department_id"), name="staff_department_grant_key"),
        )


class FormerPassword(Model):
    """A password hash of before, so that it is not taken again."""

    id = fields.BigIntField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    password_hash = fields.CharField(max_length=200)
    replaced_at = fields.DatetimeField()

    class Meta:
        table = "staff_former_password"
        indexes: ClassVar = (Index(fields=("staff_id", "id"), name="staff_former_password_staff"),)


class StaffWechat(Model):
    """An openid that belongs to a colleague: its bearer is never counted as a fan. `digest` is keyed.

    `openid` is null for who was bound before it was kept, until the person is seen again.
    """

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    app_id = fields.CharField(max_length=32, null=True)
    openid = fields.CharField(max_length=64, null=True)
    digest = fields.BinaryField()
    bound_at = fields.DatetimeField()

    class Meta:
        table = "staff_wechat"
        constraints: ClassVar = (UniqueConstraint(fields=("digest",), name="staff_wechat_digest_key"),)
        indexes: ClassVar = (Index(fields=("staff_id",), name="staff_wechat_staff"),)


class BindingCode(Model):
    """A one-time code that binds whoever scans it to a colleague; the key is in the code, here is its keyed digest."""

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    key_digest = fields.BinaryField()
    made_by = fields.CharField(max_length=100)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "staff_binding_code"
        constraints: ClassVar = (UniqueConstraint(fields=("key_digest",), name="staff_binding_code_key"),)
        indexes: ClassVar = (Index(fields=("staff_id",), name="staff_binding_code_staff"),)


class HandOver(Model):
    """What one colleague held was given to another: how much of each kind, by whom."""

    id = fields.UUIDField(primary_key=True)
    source: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    target: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    parts: fields.Field[dict[str, int]] = fields.JSONField()
    reason = fields.CharField(max_length=200)
    made_by = fields.CharField(max_length=100)
    made_at = fields.DatetimeField()

    class Meta:
        table = "hand_over"
        indexes: ClassVar = (
            Index(fields=("source_id", "id"), name="hand_over_source"),
            Index(fields=("target_id", "id"), name="hand_over_target"),
        )
