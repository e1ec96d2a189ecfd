"""`guanxi backup`, `guanxi backups`, `guanxi restore`: the database and its files at one moment, and back again."""

import os
from pathlib import Path

import click

from app.commands.running import check_settings, json_line, local, with_database
from infra.settings import settings

_MEBIBYTE = 1_048_576


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Instead of GUANXI_BACKUP_FOLDER.")
@with_database
async def backup(folder: Path | None) -> None:
    """Make a backup now."""
    from app.backups.service import make

    made = await make(folder)
    contents, files = made.manifest.contents, made.manifest.files
    rows = sum(table.rows for table in contents.tables.values())
    click.echo(f"{made.path}  {made.size / _MEBIBYTE:.1f} MiB，{len(contents.tables)} 张表共 {rows} 行")
    where = "已备份" if files.inside else "在对象存储中，未复制"
    click.echo(f"文件 {files.count} 个（{where}），缺失 {files.missing} 个；审计链 {contents.audit.seq} 条")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@with_database
async def backups(*, as_json: bool) -> None:
    """The last backups, also those that failed."""
    from app.backups.queries import page

    found = await page(None, 50)
    for one in found:
        if as_json:
            click.echo(json_line(one.model_dump(mode="json")))
            continue
        state = one.error or (f"{(one.size or 0) / _MEBIBYTE:.1f} MiB，{one.rows} 行" if one.finished_at else "进行中")
        click.echo(f"{local(one.started_at)}  {one.name}  {state}")
    if not found and not as_json:
        click.echo("还没有备份")


@click.command()
@click.argument("path", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--into", metavar="URL", envvar="GUANXI_RESTORE_URL", help="Instead of GUANXI_DATABASE_URL.")
def restore(path: Path, into: str | None) -> None:
    """Restore a backup into an empty database that exists (createdb), and check it against what was counted then."""
    if into:
        os.environ["GUANXI_DATABASE_URL"] = into
        settings.cache_clear()
    check_settings()
    _restore(path)


@with_database
async def _restore(path: Path) -> None:
    from app.backups.restoring import restore

    restored = await restore(path)
    contents = restored.manifest.contents
    rows = sum(table.rows for table in contents.tables.values())
    click.echo(f"已恢复 {local(restored.manifest.made_at)} 的备份：{len(contents.tables)} 张表共 {rows} 行")
    click.echo("表的行数与校验和一致" if not restored.tables else f"与备份清单不一致的表：{'、'.join(restored.tables)}")
    chain = restored.chain
    told = "完整" if chain.intact else f"不完整（{chain.fault}，位置 {chain.place}）"
    click.echo(f"审计链{told}，共 {chain.head.seq} 条")
    click.echo(f"文件：放回 {restored.files_put} 个，缺失 {restored.files_missing} 个")
    if not restored.is_whole:
        raise click.ClickException("恢复的内容与备份清单不一致")
