"""Posters of many codes: a ZIP and a PDF, who is in them and who is left out."""

import io
import re
import zipfile
import zlib

import pytest
from PIL import Image
from PIL.PdfParser import PdfParser

from core.stores.models import Store
from infra import database, images, parameters
from infra.ids import new_id
from tests import factories as make
from tests.doors import error_of
from wechat.accounts.rules import Kind
from wechat.codes import pictures, posters, queries, service
from wechat.codes.queries import CodeFilter
from wechat.codes.rules import Life, TargetKind

ZIP, PDF = "/staff/v1/codes/posters.zip", "/staff/v1/codes/posters.pdf"


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


@pytest.fixture
async def account(http):
    return await make.account()


async def _zip(http, boss, query=""):
    answer = await http.get(f"{ZIP}{query}", headers=boss)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    file = zipfile.ZipFile(io.BytesIO(answer.content))
    assert file.testzip() is None
    return {name: file.read(name) for name in file.namelist()}, answer.headers["x-codes-left-out"]


def _pages(content):
    """Width, height and compressed rows of the picture on each page, found by an independent reader."""
    parser = PdfParser(buf=content)
    pages = [parser.read_indirect(page) for page in parser.pages]
    pictures_ = [parser.read_indirect(page[b"Resources"][b"XObject"][b"P"]) for page in pages]
    return [(picture.dictionary[b"Width"], picture.dictionary[b"Height"], picture.buf) for picture in pictures_]


async def _season_code(account, target, name):
    """One more code of a store or channel, issued."""
    offered = await service.offer(account.app_id, Life.TEMPORARY)
    kind = TargetKind.STORE if isinstance(target, Store) else TargetKind.CHANNEL
    code_id = await service.add_code(offered, kind=kind, target_id=target.id, name=name)
    await database.execute("UPDATE wechat_code SET state = 'issued', url = $2 WHERE id = $1", code_id, "http://q/1")
    return code_id


async def test_a_zip_holds_a_poster_of_each_code_under_its_names(http, boss, account):
    stores = [await make.store(name) for name in ("南京路店", "陆家嘴店")]
    codes = [await make.code(account, store) for store in stores]
    season = await _season_code(account, stores[0], "新茶季")
    codes.append(await queries.code(season))
    files, left_out = await _zip(http, boss)
    names = ["南京路店-长期-0001", "陆家嘴店-长期-0002", "南京路店-新茶季-0003"]
    assert (list(files), left_out) == ([f"公众号1-{name}.png" for name in names], "0")
    for code, content in zip(codes, files.values(), strict=True):
        assert content == await pictures.poster_png(code)
        assert Image.open(io.BytesIO(content)).size == (750, 1200)


async def test_names_lead_nowhere_and_are_unique(http, boss, account):
    # Some were let in before names were refused that break a line or turn the direction of writing.
    names = [
        "../../etc/passwd",
        'a\\b:c*?"<>|',
        "...",
        " . ",
        "一店",
        "/",
        "\t换行\n",
        "gnp.\u202eexe",
        "店" * 50,
        "𠮷" * 50,
    ]
    for name in names:
        await _season_code(account, await make.channel(name), name)
    await _season_code(account, await make.store("一店"), "一店")
    files, _ = await _zip(http, boss)
    assert len(files) == len(names) + 1
    for name in files:
        assert re.fullmatch(r'公众号1-[^\\/:*?"<>|\x00-\x1f\u202a-\u202e]+-\d{4}\.png', name), name
        assert len(name.encode()) <= 255


async def test_what_is_not_issued_is_counted_and_noted_with_the_reason(http, boss, account):
    await make.code(account, await make.store())
    for _ in range(2):
        await make.code(account, await make.store(), issued=False)
    given_up = await make.code(account, await make.store(), issued=False)
    await database.execute("UPDATE wechat_code SET state = 'failed' WHERE id = $1", given_up.id)
    shadow = await make.account(2)
    await database.execute("UPDATE wechat_account SET shadow = true WHERE app_id = $1", shadow.app_id)
    await make.code(shadow, await make.store(), issued=False)
    files, left_out = await _zip(http, boss)
    assert (len(files), left_out) == (2, "4")
    lines = files["未生成.txt"].decode().splitlines()
    assert [line.split("个")[0] for line in lines] == ["公众号1：等待微信 2 ", "公众号2：观察模式 1 "]
    assert "已放弃 1 个" in lines[0]
    assert (await http.get(PDF, headers=boss)).headers["x-codes-left-out"] == "4"
    assert list((await _zip(http, boss, "?state=failed"))[0]) == ["未生成.txt"]


async def test_where_there_is_nothing_to_hang_up_that_is_said(http, boss, account):
    await make.code(account, await make.store(), issued=False)
    for path in (f"{ZIP}?kind=guide", f"{PDF}?kind=guide", PDF):
        assert error_of(await http.get(path, headers=boss)) == (404, "no_posters")
    assert (await http.get(PDF, headers=boss)).json()["error"]["details"] == {"left_out": 1}


async def test_leavers_closed_stores_and_stopped_codes_are_left_out(http, boss, account):
    guide, closed, stays, stopped = await make.guide(), await make.store(), await make.store("留下"), await make.store()
    codes = [await make.code(account, target) for target in (guide, closed, stays, stopped)]
    await http.post(f"/staff/v1/staff/{guide.id}/leave", headers=boss)
    await http.post(f"/staff/v1/stores/{closed.id}/close", headers=boss)
    await service.stop(codes[-1].id)
    files, left_out = await _zip(http, boss)
    assert (list(files), left_out) == (["公众号1-留下-长期-0001.png"], "0")
    assert len((await _zip(http, boss, "?stopped=true"))[0]) == 1
    assert len(_pages((await http.get(PDF, headers=boss)).content)) == 1


async def test_the_filters_of_the_list_hold_and_more_than_one_page_of_codes_is_drawn(http, boss, account):
    for number in range(23):
        await make.code(account, await make.channel(f"渠道之{number:02d}"))
    await make.code(account, await make.store())
    files, _ = await _zip(http, boss, "?kind=channel")
    assert list(files) == [f"公众号1-渠道之{number:02d}-长期-{number + 1:04d}.png" for number in range(23)]
    assert list((await _zip(http, boss, "?text=之07"))[0]) == ["公众号1-渠道之07-长期-0001.png"]


async def test_both_files_are_sent_while_they_are_drawn(http, account):
    for _ in range(23):
        await make.code(account, await make.channel())
    wanted = CodeFilter()
    for chunks in ([c async for c in posters.archive(wanted)], [c async for c in posters.document(wanted)]):
        assert len(chunks) == 24
        assert max(map(len, chunks)) < 2 * sum(map(len, chunks)) / len(chunks)


async def test_a_pdf_has_one_poster_a_page_point_for_point(http, boss, account):
    codes = [await make.code(account, await make.store(name)) for name in ("一店", "二店")]
    answer = await http.get(PDF, headers=boss)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    pages = _pages(answer.content)
    assert len(pages) == 2
    for code, (width, height, data) in zip(codes, pages, strict=True):
        poster = await pictures.poster_png(code)
        assert (width, height) == (750, 1200)
        assert len(zlib.decompress(data)) == height * (1 + 3 * width)
        assert _joined(poster) == data


def _joined(png):
    """The compressed rows of a PNG."""
    at, data = 8, b""
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        data += png[at + 8 : at + 8 + length] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += length + 12
    return data


async def test_too_many_for_a_pdf_are_refused_with_the_numbers_while_the_zip_takes_them(http, boss, account):
    await parameters.change("wechat.posters_most", 2, expected_version=0, by="test")
    for _ in range(3):
        await make.code(account, await make.store())
    answer = await http.get(PDF, headers=boss)
    assert error_of(answer) == (422, "too_many_posters")
    assert answer.json()["error"]["details"] == {"count": 3, "most": 2}
    assert len((await _zip(http, boss))[0]) == 3


async def test_a_mini_programs_poster_shows_the_platforms_picture(http, boss):
    mini, store = await make.account(kind=Kind.MINI), await make.store("一店")
    offered = await service.offer(mini.app_id, Life.PERMANENT)
    code_id = await service.add_code(offered, kind=TargetKind.STORE, target_id=store.id, name="活动")
    await database.execute("UPDATE wechat_code SET state = 'issued' WHERE id = $1", code_id)
    await database.execute(
        "INSERT INTO wechat_code_picture (id, code_id, image) VALUES ($1, $2, $3)",
        new_id(), code_id, images.qr_png("https://mp.weixin.qq.com/a/~x"),
    )  # fmt: skip
    files, left_out = await _zip(http, boss)
    [(name, content)] = files.items()
    assert (name, left_out) == ("公众号1-一店-活动-0001.png", "0")
    poster = Image.open(io.BytesIO(content))
    assert {poster.getpixel((x, 500))[0] < 100 for x in range(150, 600)} == {True, False}
