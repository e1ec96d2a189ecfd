"""The API's document, for whoever makes a client of it."""

import os

import click


@click.command()
def openapi() -> None:
    """Print the OpenAPI document; no server is asked."""
    os.environ.setdefault("GUANXI_ENVIRONMENT", "test")
    # By name: the doors stand above this layer.
    from importlib import import_module

    import orjson

    click.echo(orjson.dumps(import_module("api.app").create_app().openapi(), option=orjson.OPT_SORT_KEYS))
