"""`guanxi generate` and `guanxi reindex`: made-up customers, and what is indexed of all."""

import click

from app.commands.running import with_database


@click.command()
@click.option("--customers", default=1_000_000, show_default=True, type=click.IntRange(1, 20_000_000))
@click.option("--seed", default=7, show_default=True, help="The same one makes the same rows.")
@with_database
async def generate(customers: int, seed: int) -> None:
    """Fill an empty database with a made-up organisation and its customers; never a production."""
    from app.generator.service import generate as make

    await make(customers, seed, tell=lambda done: click.echo(f"\r已生成 {done} 位客户", nl=False))
    click.echo(f"\n已生成 {customers} 位客户，门店、员工、标签、跟进和三年的往来都在内")


@click.command()
@with_database
async def reindex() -> None:
    """Index all customers anew; searches go on meanwhile."""
    from core.customers import indexing

    click.echo(f"已重建 {await indexing.rebuild()} 位客户的搜索索引")
