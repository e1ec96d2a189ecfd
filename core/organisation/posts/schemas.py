"""What administrators send and see about posts."""

from uuid import UUID

from infra.schemas import Input, Name, Output


class PostIn(Input):
    name: Name


class PostChange(Input):
    """What is left out stays as it is; whoever holds the post goes into its new department with it."""

    name: Name = ""
    department_id: UUID | None = None


class PostOut(Output):
    """`people` hold it and haven't left."""

    id: UUID
    department_id: UUID
    name: str
    people: int
