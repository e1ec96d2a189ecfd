"""Commands around people: the first administrator, and the one who lost the way in."""

import click
from pydantic import ValidationError

from app.commands.running import problems, with_database


@click.group()
def staff() -> None:
    """Staff."""


@staff.command("add")
@click.argument("username")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(["manager", "admin"]), default="admin", show_default=True)
@click.password_option(envvar="GUANXI_NEW_PASSWORD")
@with_database
async def add_staff(username: str, name: str, role: str, password: str) -> None:
    """Add a manager or an administrator, the first one above all; the first department and post are made for it."""
    from core.organisation import service
    from core.organisation.people.schemas import StaffIn
    from core.permissions.rules import READY_MADE, RoleKey

    ready_made = READY_MADE[RoleKey(role)]
    post = await service.first_post("总部", ready_made.name)
    values = {"role_id": ready_made.id, "department_id": post.department_id, "post_id": post.id}
    try:
        checked = StaffIn.model_validate({"name": name, "username": username, "password": password} | values)
    except ValidationError as error:
        raise click.ClickException(problems(error)) from error
    added = await service.add_staff(**checked.model_dump())
    click.echo(f"{added.role} {added.username} {added.id}")


@staff.command("reset")
@click.argument("username")
@with_database
async def reset_staff(username: str) -> None:
    """Let somebody in again who lost password or second factor; prints a password that is changed at log-in."""
    from core.organisation.account.new_passwords import let_in_again

    password = await let_in_again(username)
    click.echo(f"{username} 的新密码（登录后须修改）：{password}")
