"""Custom fields: everybody who sees customers reads what there is, administrators define it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.custom_fields import definitions, queries
from core.custom_fields.rules import Subject
from core.custom_fields.schemas import FieldChange, FieldIn, FieldOrder, FieldOut
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague

router = APIRouter(prefix="/staff/v1/fields", tags=["custom fields"])
Reader = Annotated[Colleague, RequirePermission("fields:read")]
Writer = Annotated[Colleague, RequirePermission("fields:write")]


async def _present(subject: Subject) -> list[FieldOut]:
    queries.forget()
    return [FieldOut.model_validate(field) for field in await queries.fields(subject)]


@router.get("")
async def list_fields(_by: Reader, subject: Subject, *, deleted: bool = False) -> list[FieldOut]:
    """The fields of a subject in the order of the form; with `deleted` those that were deleted come last."""
    found = await (queries.known(subject) if deleted else queries.fields(subject))
    return [FieldOut.model_validate(field) for field in found]


@router.post("", status_code=201)
async def add_field(body: FieldIn, _by: Writer, once: Once) -> FieldOut:
    """A new field, the last one of the form."""

    async def act() -> FieldOut:
        return FieldOut.model_validate(await definitions.add(body.model_dump()))

    return await once.run(act, FieldOut)


@router.put("/order")
async def order_fields(subject: Subject, body: FieldOrder, _by: Writer) -> list[FieldOut]:
    """Put all fields of a subject in order."""
    await definitions.order(subject, body.ids)
    return await _present(subject)


@router.patch("/{field_id}")
async def change_field(field_id: UUID, body: FieldChange, _by: Writer) -> FieldOut:
    """Change a field; refused where records hold values that would be lost."""
    values = body.model_dump(exclude_unset=True, exclude={"version"})
    return FieldOut.model_validate(await definitions.change(field_id, body.version, values))


@router.delete("/{field_id}", status_code=204)
async def delete_field(field_id: UUID, _by: Writer) -> None:
    """Take a field off forms and lists; its values are kept."""
    await definitions.delete(field_id)


@router.post("/{field_id}/restore")
async def restore_field(field_id: UUID, _by: Writer) -> FieldOut:
    """Bring a deleted field back with its values, at the end of the form."""
    return FieldOut.model_validate(await definitions.restore(field_id))
