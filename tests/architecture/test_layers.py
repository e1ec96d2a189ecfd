"""Who imports whom: the contracts of `.importlinter`, models and handlers at home, libraries in their rooms."""

import configparser
import re

import pytest
from importlinter.cli import lint_imports

from tests.architecture.sources import PACKAGES, ROOT, sources

# A library and the only files that may import it (architecture §2).
ROOMS = {
    "wechatpy": r"(wechat|miniprogram)/.*",
    "celery": r"workers/.*",
    "kombu": r"workers/.*",
    "billiard": r"workers/.*",
    "fastapi": r"api/.*|.*/(routes|dependencies|openapi)\.py",
    "starlette": r"api/.*|.*/(routes|dependencies|openapi)\.py|core/notices/streams\.py",
    "fastapi_offline": r"api/.*",
    "PIL": r"infra/images\.py",
    "segno": r"infra/images\.py",
    "geopy": r"infra/geo\.py",
    "aiobotocore": r"infra/files/s3\.py",
    "botocore": r"infra/files/s3\.py",
    "filetype": r"infra/files/kinds\.py",
    "redis": r"infra/redis\.py",
    "structlog": r"infra/logging\.py",
    "prometheus_client": r"infra/metrics\.py",
    "httpx": r"none",
    "requests": r"none",
    "tests": r"none",
    "simulator": r"none",
}


def test_the_contracts_hold(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True) == 0, capsys.readouterr().out


def test_every_package_stands_in_the_contracts():
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    assert sorted(config["importlinter"]["root_packages"].split()) == PACKAGES
    layers = config["importlinter:contract:house"]["layers"].replace("|", " ").split()
    assert sorted([*layers, "simulator"]) == PACKAGES


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_stays_in_its_room(library):
    outside = [
        source.path
        for source in sources()
        if any(name.split(".")[0] == library for name in source.imports())
        and not re.fullmatch(ROOMS[library], source.path)
    ]
    assert outside == []


def _context(module):
    """The context a dotted name belongs to: a folder of core, or else the package."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "core" else parts[0]


@pytest.mark.parametrize("room", ["models", "handlers"])
def test_models_and_handlers_are_imported_inside_their_context_only(room):
    outside = []
    for source in sources():
        here = _context(source.path.removesuffix(".py").replace("/", "."))
        for name in source.imports():
            parts = name.split(".")
            if room in parts[1:] and parts[0] != "tortoise" and _context(name) != here:
                outside.append((source.path, name))
    allowed = {"app/contexts.py"} if room == "handlers" else set()
    assert [found for found in outside if found[0] not in allowed] == []


def test_schemas_know_no_database():
    knowing = [
        (source.path, name)
        for source in sources()
        if source.name == "schemas.py"
        for name in source.imports()
        if name.split(".")[-1] == "models" or name.split(".")[0] in {"tortoise", "asyncpg"} or "infra.database" in name
    ]
    assert knowing == []


def test_rules_do_no_input_or_output():
    rooms = {"infra.database", "infra.redis", "infra.clock", "tortoise", "asyncpg", "aiohttp", "redis", "asyncio", "os"}
    for source in sources():
        if source.name == "rules.py":
            assert not any(name == room or name.startswith(f"{room}.") for name in source.imports() for room in rooms)
            assert "async def" not in source.text, source.path


def test_queries_do_not_write():
    for source in sources():
        if source.name == "queries.py":
            sql = " ".join(source.strings())
            assert not re.search(
                r"\b(INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|FOR\s+UPDATE)\b", sql, re.IGNORECASE
            ), source
            assert not re.search(r"\.(create|save|bulk_create|update_or_create|get_or_create)\(", source.text), source


def test_services_know_neither_http_nor_celery():
    for source in sources():
        if source.name in {"service.py", "queries.py", "rules.py", "handlers.py", "jobs.py"}:
            assert not any(name.split(".")[0] in {"fastapi", "starlette", "celery"} for name in source.imports()), (
                source
            )
