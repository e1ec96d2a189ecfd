"""Tables from anywhere: CSV in every usual form, XLSX row by row, and what is refused."""

import io
import tracemalloc

import pytest
import xlsxwriter

from infra.csv import CsvUnreadable
from infra.tables import TableRefused, read
from infra.xlsx import Limits, SpreadsheetUnreadable
from tests.infra.test_spreadsheets import altered, book

LIMITS = Limits(unpacked=64 * 1024 * 1024, elements=5_000_000)
ROWS = "姓名,手机\n张三,13800138000\n李四,13900139000\n"
READ = (["姓名", "手机"], [(2, ["张三", "13800138000"]), (3, ["李四", "13900139000"])])


def table(content, *, most_columns=200, most_rows=1000, limits=LIMITS):
    found = read(io.BytesIO(content), limits, most_columns=most_columns, most_rows=most_rows)
    return list(found.headers), [(row.number, list(row.cells)) for row in found.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_csv_in_every_usual_form_is_the_same_table(encoding, separator, ending):
    content = ROWS.replace(",", separator).replace("\n", ending).encode(encoding)
    assert table(content) == READ


def test_quotes_hold_separators_line_breaks_and_quotes():
    content = '姓名,备注\n"张,三","第一行\n""第二行"""\n李四,\n'.encode()
    assert table(content)[1] == [(2, ["张,三", '第一行\n"第二行"']), (3, ["李四", ""])]


def test_separators_inside_quotes_of_the_header_dont_count():
    assert table('"姓,名";手机\na;b\n'.encode())[0] == ["姓,名", "手机"]


def test_empty_rows_are_left_out_and_rows_keep_the_numbers_of_the_spreadsheet():
    assert table(b"\n\na,b\n\n1,2\n ,\n3,4")[1] == [(5, ["1", "2"]), (7, ["3", "4"])]


def test_a_row_may_be_shorter_and_one_that_is_wider_is_marked():
    found = read(io.BytesIO(b"a,b\n1\n1,2,3\n1,2,\n"), LIMITS, most_columns=5, most_rows=5)
    assert [(row.cells, row.is_too_wide) for row in found.rows] == [
        (["1", ""], False),
        (["1", "2"], True),
        (["1", "2"], False),
    ]


def test_xlsx_gives_the_same_as_csv():
    assert table(book(["张三", 13800138000], ["李四", "13900139000"])) == READ


def test_columns_without_a_header_in_between_keep_their_place():
    assert table(b"a,,c\n1,2,3")[0] == ["a", "", "c"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b" , \n", book()[:0]])
def test_an_empty_table_is_refused(content):
    with pytest.raises(TableRefused) as refused:
        table(content)
    assert refused.value.details == {"reason": "empty"}


def test_too_many_columns_and_rows_are_refused():
    with pytest.raises(TableRefused) as refused:
        table(b"a,b,c\n", most_columns=2)
    assert refused.value.details == {"reason": "too_many_columns", "most": 2}
    assert len(table(b"a\n1\n2\n", most_rows=2)[1]) == 2
    with pytest.raises(TableRefused) as refused:
        table(b"a\n1\n2\n3\n", most_rows=2)
    assert refused.value.details == {"reason": "too_many_rows", "most": 2}


def test_what_is_in_no_encoding_of_ours_is_refused():
    with pytest.raises(CsvUnreadable) as refused:
        table("姓名,手机\n".encode() + b"\xff\xff\n")
    assert refused.value.details == {"reason": "encoding"}


def test_a_quote_that_never_ends_is_refused_and_its_row_named():
    with pytest.raises(CsvUnreadable) as refused:
        table(b'a,b\n1,2\n"3,4\n' + b"5,6\n" * 50_000)
    assert refused.value.details == {"reason": "format", "row": 3}


def test_a_bomb_is_refused_before_it_is_unpacked():
    bomb = altered(book(["x"]), lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + b" " * 80_000_000))
    tracemalloc.start()
    with pytest.raises(SpreadsheetUnreadable) as refused:
        table(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.value.details == {"reason": "too_large"}
    assert peak < 5_000_000


def test_a_tag_that_never_ends_is_refused():
    endless = altered(
        book(["x"]), lambda xml: xml.replace(b"<sheetData>", b"<sheetData a='" + b"x" * 3_000_000 + b"'>")
    )
    with pytest.raises(SpreadsheetUnreadable) as refused:
        table(endless)
    assert refused.value.details == {"reason": "too_large"}


def test_rows_that_go_backwards_are_refused():
    turned = altered(book(["a"], ["b"]), lambda xml: xml.replace(b'r="3"', b'r="2"'))
    with pytest.raises(SpreadsheetUnreadable):
        table(turned)


@pytest.mark.prove
@pytest.mark.parametrize("shared", [True, False])
def test_a_hundred_thousand_rows_are_read_with_little_memory(tmp_path, shared):
    path = tmp_path / "many.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": not shared}) as written:
        sheet = written.add_worksheet()
        for number in range(100_001):
            sheet.write_row(number, 0, [f"顾客{number}", f"138{number:08d}", "上海市浦东新区", f"备注{number}"])
    tracemalloc.start()
    with path.open("rb") as file:
        found = read(file, Limits(512 * 1024 * 1024, 40_000_000), most_columns=10, most_rows=100_000)
        assert sum(1 for _ in found.rows) == 100_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000
