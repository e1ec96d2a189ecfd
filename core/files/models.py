"""Stored files. The bytes lie in a folder or an S3 bucket under their digest (infra.files)."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class Blob(Model):
    """Bytes, once each. `digest` is their SHA-256 in hex; `media_type` was judged by the content; sizes in pixels.

    `thumbnail_digest` names another row (by hand: a key onto itself). `idle_since` is set while perhaps nothing refers
    to the row, `removing_at` once its bytes are being removed (files.blobs).
    """

    digest = fields.CharField(max_length=64, primary_key=True)
    size = fields.BigIntField()
    media_type = fields.CharField(max_length=100)
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    thumbnail_digest = fields.CharField(max_length=64, null=True)
    created_at = fields.DatetimeField()
    idle_since = fields.DatetimeField(null=True)
    removing_at = fields.DatetimeField(null=True)

    class Meta:
        table = "file_blob"
        indexes: ClassVar = (Index(fields=("thumbnail_digest",), name="file_blob_thumbnail"),)


class StoredFile(Model):
    """A name for bytes, and whose they are. `purpose` says which context decides who sees it.

    `kept_at` is set when something refers to it; what nobody keeps within a day is dropped.
    """

    id = fields.UUIDField(primary_key=True)
    blob: fields.ForeignKeyRelation[Blob] = fields.ForeignKeyField(
        "models.Blob", related_name=False, on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=200)
    purpose = fields.CharField(max_length=30)
    owner: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    created_at = fields.DatetimeField()
    kept_at = fields.DatetimeField(null=True)
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "stored_file"
        indexes: ClassVar = (
            Index(fields=("blob_id",), name="stored_file_blob"),
            Index(fields=("owner_id", "id"), name="stored_file_owner"),
        )


class LibraryImage(Model):
    """A picture of the library that marketers and administrators share (K-05).

    `digest` is its file's: among those not deleted no picture stands twice.
    """

    id = fields.UUIDField(primary_key=True)
    file: fields.ForeignKeyRelation[StoredFile] = fields.ForeignKeyField(
        "models.StoredFile", related_name=False, on_delete=fields.RESTRICT
    )
    digest = fields.CharField(max_length=64)
    title = fields.CharField(max_length=100)
    tags: fields.Field[list[str]] = fields.JSONField()
    added_by: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    version = fields.IntField()
    created_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "library_image"
        constraints: ClassVar = (UniqueConstraint(fields=("file_id",), name="library_image_file_key"),)
