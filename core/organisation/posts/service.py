"""Use cases around posts; they change in turn with the tree of departments."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.organisation import places
from core.organisation.departments.service import hold, hold_tree
from core.organisation.errors import PostNotFound
from core.organisation.models import Post
from core.organisation.posts.errors import PostInUse, PostNameTaken
from core.organisation.queries import Colleague
from infra import audit, clock
from infra.database import constraint_errors, retry_on_conflict, transaction
from infra.ids import new_id

_CONSTRAINTS = {"post_name_key": PostNameTaken}
_HOLD_PEOPLE = "SELECT id FROM staff WHERE post_id = $1 ORDER BY id FOR NO KEY UPDATE"
_HOLDERS = "SELECT count(*) FROM staff WHERE post_id = $1 AND left_at IS NULL"
# Who moves to another department is no head any more.
_DROP_HEADSHIPS = "UPDATE department SET head_id = NULL WHERE head_id IN (SELECT id FROM staff WHERE post_id = $1)"


async def add(by: Colleague, department_id: UUID, name: str) -> UUID:
    """A new post. Raises DepartmentNotFound, PostNameTaken."""
    with constraint_errors(_CONSTRAINTS):
        async with transaction() as connection:
            await hold_tree(connection)
            await hold(by, department_id)
            added = await Post.create(id=new_id(), department_id=department_id, name=name, created_at=clock.now())
            await audit.note("post.added", "post", added.id, {"name": name, "department_id": department_id})
    return added.id


@retry_on_conflict
async def change(by: Colleague, post_id: UUID, values: Mapping[str, Any]) -> None:
    """Rename a post or put it into another department, with the people who hold it.

    Raises PostNotFound, DepartmentNotFound, PostNameTaken.
    """
    with constraint_errors(_CONSTRAINTS):
        async with transaction() as connection:
            await hold_tree(connection)
            await connection.execute(_HOLD_PEOPLE, post_id)
            if (department_id := values.get("department_id")) is not None:
                await hold(by, department_id)
            post = await _hold(by, post_id)
            changed = {key: new for key, new in values.items() if new is not None and getattr(post, key) != new}
            if not changed:
                return
            if "department_id" in changed:
                await connection.execute(_DROP_HEADSHIPS, post_id)
            details = {key: [getattr(post, key), value] for key, value in changed.items()}
            # The composite foreign key takes the people along.
            await Post.filter(id=post_id).update(**changed)
            action = "post.moved" if "department_id" in changed else "post.renamed"
            await audit.note(action, "post", post_id, details)


@retry_on_conflict
async def delete(by: Colleague, post_id: UUID) -> None:
    """Delete a post that nobody holds who hasn't left. Raises PostNotFound, PostInUse."""
    async with transaction() as connection:
        await hold_tree(connection)
        post = await _hold(by, post_id)
        people = await connection.fetchval(_HOLDERS, post_id)
        if people:
            raise PostInUse({"people": people})
        await Post.filter(id=post_id).update(deleted_at=clock.now())
        await audit.note("post.deleted", "post", post_id, {"name": post.name, "department_id": post.department_id})


async def _hold(by: Colleague, post_id: UUID) -> Post:
    post = await Post.select_for_update(no_key=True).get_or_none(id=post_id, deleted_at=None)
    if post is None or not await places.department_in_reach(by, post.department_id):
        raise PostNotFound
    return post
