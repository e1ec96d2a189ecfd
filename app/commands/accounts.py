"""`guanxi account`: connecting official accounts and mini-programs, step by step."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import click
from pydantic import Secret, ValidationError

from app.commands.asking import keys_of_server, secret_of, value_of
from app.commands.running import at_a_terminal, json_line, problems, tells_everything, with_database

_KINDS = click.Choice(["official", "mini"])
_MODES = click.Choice(["plain", "compatible", "safe"])


@click.group()
def account() -> None:
    """Official accounts and mini-programs."""


@account.command("add")
@click.option("--app-id", envvar="GUANXI_ACCOUNT_APP_ID")
@click.option("--original-id", envvar="GUANXI_ACCOUNT_ORIGINAL_ID")
@click.option("--name", envvar="GUANXI_ACCOUNT_NAME")
@click.option("--kind", type=_KINDS, default="official", show_default=True, envvar="GUANXI_ACCOUNT_KIND")
@click.option("--mode", type=_MODES, default="safe", show_default=True, envvar="GUANXI_ACCOUNT_MODE")
@click.option("--forward-url", envvar="GUANXI_ACCOUNT_FORWARD_URL", help="Another system that gets every push too.")
@click.option("--live", is_flag=True, help="Send from the first moment; without it the account starts in shadow mode.")
@click.option("--anyway", is_flag=True, help="Take an AppID or original id of unusual looks.")
@tells_everything
@with_database
async def add_account(*, live: bool, anyway: bool, **options: str | None) -> None:
    """Connect an account, step by step.

    Scripted: give the options (or GUANXI_ACCOUNT_…); secrets come from GUANXI_ACCOUNT_SECRET, …_TOKEN, …_AES_KEY only.
    Without a terminal nothing is asked: Token and key are made and printed once when their variables are empty.
    """
    from app.commands.doctor import examine_account
    from wechat.accounts import service
    from wechat.accounts.schemas import AccountIn

    click.echo("接入账号：下面逐项填写，每项都说明在哪里找。")
    for field in ("app_id", "original_id", "name"):
        options[field] = value_of(field, options[field], anyway=anyway)
    secret = secret_of("secret")
    if at_a_terminal():
        await _try(str(options["app_id"]), secret)
    keys, generated = keys_of_server()
    entered = {name: value for name, value in (options | keys).items() if value is not None}
    checked = _checked(AccountIn, entered | {"secret": secret, "shadow": not live})
    added = await service.add_account(**checked)
    click.echo(f"\n已添加：{added.name}（{added.app_id}），{_state(added)}。")
    _explain_server_page(added.app_id, added.mode, generated)
    await examine_account(added.app_id)
    if not live:
        click.echo(
            "\n账号处于观察模式：接收全部推送，不发送、不改动平台上的任何东西。"
            f"\n确认粉丝与推送都正常后运行：guanxi account shadow off {added.app_id}"
        )


@account.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@with_database
async def list_accounts(*, as_json: bool) -> None:
    """All accounts."""
    from wechat.accounts import queries

    for found in await queries.page(None, 1000):
        if as_json:
            click.echo(_json(found))
        else:
            imported = "已导入" if found.imported_at else "未导入"
            click.echo(f"{found.app_id}  {found.name}  {found.kind}  {found.mode}  {_state(found)}  {imported}")


@account.command("show")
@click.argument("app_id", metavar="APPID")
@with_database
async def show_account(app_id: str) -> None:
    """An account with its push address, as JSON; its secrets are never shown."""
    from infra.settings import settings
    from wechat.accounts import queries
    from wechat.onboarding.rules import push_url

    found = await queries.account(app_id)
    click.echo(_json(found, push_url=push_url(settings().public_url, app_id)))


@account.command("set")
@click.argument("app_id", metavar="APPID")
@click.option("--name")
@click.option("--mode", type=_MODES)
@click.option("--secret", is_flag=True, help="A new AppSecret: asked for, or from GUANXI_ACCOUNT_SECRET.")
@click.option("--keys", is_flag=True, help="A new Token and EncodingAESKey: asked for, from the environment, or made.")
@with_database
async def set_account(app_id: str, *, name: str | None, mode: str | None, secret: bool, keys: bool) -> None:
    """Change an account. After new keys the former pair still opens pushes for some days."""
    changes: dict[str, str | None] = {"name": name, "mode": mode}
    generated = dict[str, str]()
    if secret:
        changes["secret"] = secret_of("secret")
    if keys:
        new, generated = keys_of_server()
        changes |= new
    changed = await _change(app_id, **changes)
    click.echo("已修改")
    if keys or mode:
        _explain_server_page(app_id, changed.mode, generated)


@account.command("shadow")
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.argument("app_id", metavar="APPID")
@click.option("--yes", is_flag=True, help="Go live whatever the checks find.")
@tells_everything
@with_database
async def shadow_account(switch: str, app_id: str, *, yes: bool) -> None:
    """Shadow mode: everything is received, nothing is sent. Before it ends the account is checked."""
    if switch == "off" and not yes:
        await _be_sure(app_id)
    await _change(app_id, shadow=switch == "on")
    click.echo("观察模式：只接收，不发送" if switch == "on" else "已上线：开始生成二维码、发送欢迎语")


@account.command("disable")
@click.argument("app_id", metavar="APPID")
@click.confirmation_option(prompt="停用后不再调用微信接口，确定吗？")
@with_database
async def disable_account(app_id: str) -> None:
    """Call the platform no more for this account; nothing is deleted."""
    await _change(app_id, disabled=True)
    click.echo("已停用")


@account.command("enable")
@click.argument("app_id", metavar="APPID")
@with_database
async def enable_account(app_id: str) -> None:
    """Take a disabled account into use again."""
    await _change(app_id, disabled=False)
    click.echo("已启用")


@account.command("forward")
@click.argument("app_id", metavar="APPID")
@click.argument("url", metavar="URL|off|retry")
@with_database
async def forward(app_id: str, url: str) -> None:
    """Hand every push on to another system too; `retry` sends again what was given up."""
    if url == "retry":
        from wechat.forwards.service import retry_failed

        click.echo(f"{await retry_failed(app_id)} 条将重新转发")
        return
    changed = await _change(app_id, forward_url="" if url == "off" else url)
    click.echo(f"推送同时转发到 {changed.forward_url}" if changed.forward_url else "不再转发")


@account.command("import")
@click.argument("app_id", metavar="APPID")
@with_database
async def import_account(app_id: str) -> None:
    """Read menu, tags and followers from the platform again, now."""
    from wechat.accounts import queries
    from wechat.onboarding import service

    await service.import_account(await queries.credentials(app_id))
    click.echo("菜单与标签已导入，粉丝名单在后台核对")


@account.command("verify-file")
@click.argument("file", type=click.File("rb"), metavar="PATH")
@with_database
async def add_verify_file(file: BinaryIO) -> None:
    """Serve a downloaded MP_verify_….txt at the root of our address."""
    from infra.settings import settings
    from wechat.onboarding import service
    from wechat.onboarding.schemas import VerifyFileIn

    name, text = Path(file.name).name, file.read(1000).decode("utf-8", "replace")
    await service.put_verify_file(**_checked(VerifyFileIn, {"name": name, "content": text}))
    click.echo(f"已可访问：{settings().public_url or ''}/{name}")


async def _change(app_id: str, **changes: Any) -> Any:
    from wechat.accounts import queries, service
    from wechat.accounts.schemas import AccountChange

    found = await queries.account(app_id)
    given = {name: value for name, value in changes.items() if value is not None}
    return await service.change_account(found.id, **_checked(AccountChange, given))


async def _be_sure(app_id: str) -> None:
    """An account that fails a check goes live only when somebody wants it so."""
    from app.commands.doctor import examine_account

    failed = await examine_account(app_id)
    if failed:
        _want(f"\n有 {failed} 项检查不通过，仍要上线吗？", otherwise="未上线；不顾检查结果上线请加 --yes")


async def _try(app_id: str, secret: str) -> None:
    """Ask the platform for a token before the account is written; what it refuses is explained."""
    from wechat.onboarding.account_checks import refusal_of

    refused = await refusal_of(app_id, secret)
    if refused is None:
        click.echo("\nAppID 与 AppSecret 有效，本机 IP 已被微信接受。")
        return
    click.echo(f"\n{refused.words}\n    → {refused.hint}")
    _want("这不影响先添加账号。仍要添加吗？", otherwise="未添加")


def _want(question: str, *, otherwise: str) -> None:
    """Raises ClickException when the answer is no, or nobody is there to be asked."""
    if not (at_a_terminal() and click.confirm(question)):
        raise click.ClickException(otherwise)


def _checked(schema: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the schema wants them, secrets opened. Raises ClickException without repeating them."""
    try:
        checked: dict[str, Any] = schema.model_validate(values).model_dump(exclude_none=True)
    except ValidationError as error:
        raise click.ClickException(problems(error)) from error
    return {name: value.get_secret_value() if isinstance(value, Secret) else value for name, value in checked.items()}


def _explain_server_page(app_id: str, mode: str, generated: Mapping[str, str]) -> None:
    from infra.settings import settings
    from wechat.onboarding.rules import push_url

    words = {"plain": "明文模式", "compatible": "兼容模式", "safe": "安全模式"}[mode]
    click.echo("\n请在“设置与开发 → 基本配置 → 服务器配置 → 修改配置”填写：")
    click.echo(f"  服务器地址(URL)  {push_url(settings().public_url, app_id)}")
    if "token" in generated:
        click.echo(f"  令牌(Token)      {generated['token']}    （只显示这一次）")
    if "aes_key" in generated:
        click.echo(f"  EncodingAESKey   {generated['aes_key']}    （只显示这一次）")
    click.echo(f"  消息加解密方式    {words}")
    click.echo("提交时微信会立即访问这个地址，通过后再点“启用”。启用后，公众平台网页上的自动回复与菜单将由我们接管。")


def _state(found: Any) -> str:
    return "已停用" if found.disabled_at else "观察模式" if found.shadow else "已上线"


def _json(found: Any, **more: object) -> str:
    from wechat.accounts.schemas import AccountOut

    return json_line(AccountOut.model_validate(found).model_dump(mode="json") | more)
