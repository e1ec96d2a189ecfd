"""What an account needs, from whoever connects it: given, typed at a terminal, or made."""

import os
import re
import secrets
import string

import click
from pydantic import TypeAdapter, ValidationError

from app.commands.running import at_a_terminal

_LETTERS = string.ascii_letters + string.digits
# Every account has had these so far; the platform promises neither length.
_LOOKS = {
    "app_id": (re.compile(r"wx[0-9a-f]{16}"), "AppID 以 wx 开头，共 18 位，请重新输入"),
    "original_id": (re.compile(r"gh_[0-9a-f]{12}"), "原始ID 以 gh_ 开头，共 15 位，请重新输入"),
}

_STEPS = {
    "app_id": "\n【AppID】登录 https://mp.weixin.qq.com，打开“设置与开发 → 基本配置”，"
    "\n　复制“开发者ID(AppID)”（wx 开头）。",
    "original_id": "\n【原始ID】“设置与开发 → 公众号设置 → 账号详情”最下方的“原始ID”（gh_ 开头）。",
    "name": "\n【名称】员工和粉丝看到的名字，例如公众号的昵称。",
    "secret": "\n【AppSecret】“基本配置 → 开发者密码(AppSecret)”，点“启用”或“重置”；平台只显示一次。"
    "\n　重置会使旧的立即失效：若别的系统也在用这个账号，请向它的负责人要现有的，不要重置。",
    "token": "\n【Token】“基本配置 → 服务器配置”里的令牌，3 到 32 个字母或数字。直接回车由我们生成。",
    "aes_key": "\n【EncodingAESKey】同一页的消息加解密密钥，43 个字母或数字。直接回车由我们生成。",
}


def value_of(field: str, given: str | None, *, anyway: bool) -> str:
    """What was given, or else asked for until it is right."""
    if given is not None:
        return given
    _must_be_asked(f"缺少 --{field.replace('_', '-')}（或环境变量 {_variable(field)}）")
    click.echo(_STEPS[field])
    value: str = click.prompt("请输入", value_proc=lambda text: _fitting(field, text, anyway=anyway))
    return value


def keys_of_server() -> tuple[dict[str, str | None], dict[str, str]]:
    """Token and EncodingAESKey as given, typed or made; and those that were made."""
    keys, generated = dict[str, str | None](), dict[str, str]()
    for field, length in (("token", 32), ("aes_key", 43)):
        asked = os.environ.get(_variable(field)) or at_a_terminal()
        keys[field] = (secret_of(field, may_be_made=True) if asked else "") or _generated(generated, field, length)
    return keys, generated


def secret_of(field: str, *, may_be_made: bool = False) -> str:
    """From the environment, or else asked for without an echo; empty where one may be made."""
    given = os.environ.get(_variable(field))
    if given:
        return given
    _must_be_asked(f"缺少环境变量 {_variable(field)}")
    click.echo(_STEPS[field])
    default = "" if may_be_made else None
    value: str = click.prompt(
        "请输入（不显示）",
        hide_input=True,
        default=default,
        show_default=False,
        value_proc=lambda text: _fitting(field, text) if text else text,
    )
    return value


def _must_be_asked(otherwise: str) -> None:
    if not at_a_terminal():
        raise click.ClickException(otherwise)


def _variable(field: str) -> str:
    return f"GUANXI_ACCOUNT_{field.upper()}"


def _fitting(field: str, text: str, *, anyway: bool = True) -> str:
    from infra.schemas import Name
    from wechat.accounts import schemas

    kinds = {
        "app_id": schemas.AppId,
        "original_id": schemas.AppId,
        "name": Name,
        "secret": schemas.AppSecret,
        "token": schemas.Token,
        "aes_key": schemas.AesKey,
    }
    looks = None if anyway else _LOOKS.get(field)
    if looks and not looks[0].fullmatch(text.strip()):
        raise click.BadParameter(looks[1])
    try:
        TypeAdapter(kinds[field]).validate_python(text.strip())
    except ValidationError as error:
        raise click.BadParameter("格式不对，请核对后重新输入") from error
    return text.strip()


def _generated(made: dict[str, str], field: str, length: int) -> str:
    made[field] = "".join(secrets.choice(_LETTERS) for _ in range(length))
    return made[field]
