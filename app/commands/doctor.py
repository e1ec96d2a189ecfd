"""`guanxi doctor`: what connecting a real account needs, checked and explained."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import orjson

from app.commands.running import tells_everything, with_database

if TYPE_CHECKING:
    from wechat.onboarding.rules import Finding

_COLOURS = {"passed": "green", "failed": "red", "by_hand": "yellow"}


@click.command()
@click.argument("app_id", metavar="[APPID]", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@tells_everything
@click.pass_context
def doctor(context: click.Context, app_id: str | None, *, as_json: bool) -> None:
    """Check this installation and its accounts (or one); exit code 1 when something fails."""
    context.exit(int(_examine(app_id, as_json=as_json) > 0))


@with_database
async def _examine(app_id: str | None, *, as_json: bool) -> int:
    from app.migrations import pending
    from wechat.onboarding import checks, service

    found = await checks.installation(pending)
    if any(finding.name == "postgresql" and finding.verdict == "failed" for finding in found):
        return _tell(found, as_json=as_json)
    return _tell([*found, *await service.examine(app_id)], as_json=as_json)


async def examine_account(app_id: str) -> int:
    """Check one account and tell; returns how many checks failed."""
    from wechat.onboarding import service

    click.echo("\n检查：")
    return _tell(await service.examine(app_id), as_json=False)


def _tell(findings: "Sequence[Finding]", *, as_json: bool) -> int:
    if as_json:
        for finding in findings:
            click.echo(orjson.dumps(finding).decode())
    else:
        _print(findings)
    return sum(finding.verdict == "failed" for finding in findings)


def _print(findings: "Sequence[Finding]") -> None:
    subject: str | None = None
    for finding in findings:
        if finding.app_id != subject:
            subject = finding.app_id
            click.echo(f"\n{subject}")
        click.echo(f"{click.style(f'[{finding.verdict.word}]', fg=_COLOURS[finding.verdict])} {finding.words}")
        if finding.hint:
            click.echo(f"    → {finding.hint}")
    counts = [sum(f.verdict == verdict for f in findings) for verdict in _COLOURS]
    click.echo("\n{} 项通过，{} 项不通过，{} 项需人工确认".format(*counts))
