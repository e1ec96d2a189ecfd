"""Commands of whoever runs the house: alerts, calls to the platform, failed events, parameters."""

from datetime import datetime
from typing import Any

import click
import orjson

from app.commands.running import json_line, local, tells_everything, with_database


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--all", "closed", is_flag=True, help="Closed ones too.")
@click.pass_context
def alerts(context: click.Context, *, as_json: bool, closed: bool) -> None:
    """What an operator has to see to: lists what is open."""
    if context.invoked_subcommand is None:
        _list_alerts(as_json=as_json, closed=closed)


@with_database
async def _list_alerts(*, as_json: bool, closed: bool) -> None:
    from infra.alerts import listed

    found = await listed(closed=closed)
    for alert in found:
        click.echo(json_line(alert) if as_json else _told(alert))
    if not found and not as_json:
        click.echo("没有未处理的告警")


def _told(alert: dict[str, Any]) -> str:
    over = f"，已于 {_minute(alert['closed_at'])} 关闭" if alert["closed_at"] else ""
    times = f"{alert['count']} 次，首次 {_minute(alert['first_at'])}，最近 {_minute(alert['last_at'])}{over}"
    return f"{alert['kind']}  {alert['subject']}（{times}）\n    {alert['message']}"


def _minute(text: str) -> str:
    return local(datetime.fromisoformat(text))


@alerts.command("close")
@click.argument("kind")
@click.argument("subject")
@with_database
async def close_alert(kind: str, subject: str) -> None:
    """Close an alert that has been seen to; it opens anew when it happens again."""
    from infra.alerts import close

    if not await close(kind, subject):
        raise click.ClickException("没有这条未处理的告警")
    click.echo("已关闭")


class _ShowByDefault(click.Group):
    """`quota APPID` means `quota show APPID`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["show", *args])


@click.group(cls=_ShowByDefault)
def quota() -> None:
    """Calls to the platform against its limits: `guanxi quota APPID`, `guanxi quota clear APPID`."""


@quota.command("show")
@click.argument("app_id", metavar="APPID")
@click.option("--json", "as_json", is_flag=True)
@with_database
async def show_quota(app_id: str, *, as_json: bool) -> None:
    """Today's calls of an account, by endpoint."""
    from wechat.accounts import queries
    from wechat.platform import quotas

    account = await queries.credentials(app_id)
    today = await quotas.today(account.app_id)
    if as_json:
        click.echo(orjson.dumps({path: {"calls": n, "limit": most} for path, (n, most) in today.items()}).decode())
        return
    for path, (calls, most) in today.items():
        click.echo(f"今天 {calls} 次，{'不限次数' if most is None else f'上限 {most} 次'}  {path}")


@quota.command("clear")
@click.argument("app_id", metavar="APPID")
@click.confirmation_option(prompt="每月只能清零 10 次，确定清零今天的调用次数吗？")
@tells_everything
@with_database
async def clear_quota(app_id: str) -> None:
    """Have the platform start today's counts anew (ten times a month)."""
    from wechat.accounts import queries
    from wechat.platform import limits

    await limits.clear_quota(await queries.credentials(app_id))
    click.echo("已清零")


@click.group()
def deliveries() -> None:
    """Events that a handler gave up."""


@deliveries.command("failed")
@click.option("--handler")
@with_database
async def list_failed(handler: str | None) -> None:
    """List them, one JSON object a line."""
    from infra.deliveries import failed

    for delivery in await failed(handler):
        click.echo(orjson.dumps(delivery).decode())


@deliveries.command("retry")
@click.argument("handler")
@click.argument("event_ids", nargs=-1, type=int)
@with_database
async def retry_failed(handler: str, event_ids: tuple[int, ...]) -> None:
    """Give a handler's failed events (all, or those named) their tries again."""
    from infra.deliveries import retry

    click.echo(f"{await retry(handler, event_ids or None)} 个事件将重新处理")


@click.group()
def parameter() -> None:
    """Parameters an administrator may change."""


@parameter.command("list")
@with_database
async def list_parameters() -> None:
    """Every parameter with its value, version and help."""
    from infra.parameters import in_force

    for entry in await in_force():
        click.echo(f"{entry.parameter.name} = {entry.value} (v{entry.version})  {entry.parameter.help}")


@parameter.command("reset")
@click.argument("name")
@click.option("--version", required=True, type=click.IntRange(0, 2_000_000_000), help="The version you saw.")
@with_database
async def reset_parameter(name: str, version: int) -> None:
    """Put the default in force again."""
    from infra.audit import actor
    from infra.parameters import reset

    click.echo(f"已恢复默认值，版本 {await reset(name, expected_version=version, by=actor())}")


@parameter.command("set")
@click.argument("name")
@click.argument("value")
@click.option(
    "--version", required=True, type=click.IntRange(0, 2_000_000_000), help="The version you saw; 0 for the default."
)
@with_database
async def set_parameter(name: str, value: str, version: int) -> None:
    """Put a new value in force (JSON: 5, true, "text")."""
    from infra.audit import actor
    from infra.parameters import change

    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise click.BadParameter("不是有效的 JSON") from error
    click.echo(f"已修改，版本 {await change(name, parsed, expected_version=version, by=actor())}")
