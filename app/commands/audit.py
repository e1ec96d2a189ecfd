"""`guanxi audit`: is the audit log whole, and where does its chain stand?"""

import click

from app.commands.running import with_database


@click.group()
def audit() -> None:
    """The audit log's chain of hashes."""


@audit.command("head")
@with_database
async def show_head() -> None:
    """The newest place and its hash (SEQ:HASH): kept elsewhere, it is an anchor for `verify`."""
    from core.audit.checking import head

    click.echo(str(await head()))


@audit.command("verify")
@click.option("--anchor", "anchors", multiple=True, metavar="SEQ:HASH", help="What `head` said earlier; any number.")
@with_database
async def verify(anchors: tuple[str, ...]) -> None:
    """Compute every hash again, and look for rows removed, changed, or never chained."""
    from core.audit.checking import Anchor, check

    verdict = await check(anchors=[Anchor.of(text) for text in anchors])
    if not verdict.intact:
        raise click.ClickException(f"审计记录不完整：{verdict.fault}，位置 {verdict.place}")
    dropped = f"，其中 {verdict.dropped} 条已过保留期" if verdict.dropped else ""
    click.echo(f"审计记录完整，共 {verdict.rows} 条{dropped}\n{verdict.head}")
