"""Reading XLSX from strangers: what people fill in is read, everything else is refused without harm."""

import io
import random
import resource
import tempfile
import zipfile

import pytest
import xlsxwriter

from infra.spreadsheets import SpreadsheetHeaders, SpreadsheetTooLong, Table, read, template
from infra.xlsx import SpreadsheetUnreadable

HEADERS = ("姓名", "手机")


def book(*rows, **options):
    """A file with rows below the header row; cells of any type."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, options) as written:
        sheet = written.add_worksheet()
        sheet.write_row(0, 0, HEADERS)
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, row)
    return file.getvalue()


def altered(content, changes, *, name="xl/worksheets/sheet1.xml", compression=zipfile.ZIP_DEFLATED):
    """The same file with a member changed by a function."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as former, zipfile.ZipFile(file, "w", compression) as new:
        for info in former.infolist():
            member = former.read(info)
            new.writestr(info.filename, changes(member) if info.filename == name else member)
    return file.getvalue()


def cells(content, most=10):
    return [(row.number, *row.cells.values()) for row in read(content, HEADERS, most)]


def test_texts_numbers_and_booleans_are_read_as_people_write_them():
    content = book(["员工01", 13800138000], [True, 3.5], [" 员工 02 ", "010-1234"])
    assert cells(content) == [(2, "员工01", "13800138000"), (3, "是", "3.5"), (4, "员工 02", "010-1234")]


def test_texts_inside_the_cells_and_with_formats_are_read():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as written:
        sheet = written.add_worksheet()
        sheet.write_row(0, 0, HEADERS)
        sheet.write_rich_string(1, 0, "员", written.add_format({"bold": True}), "工01")
    assert cells(file.getvalue()) == [(2, "员工01", "")]
    in_line = b'<c r="A2" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r><rPh><t>aloud</t></rPh></is></c>'
    content = altered(book(["x"]), lambda xml: xml.replace(b'<c r="A2" t="s"><v>2</v></c>', in_line))
    assert cells(content) == [(2, "ab", "")]


def test_a_formula_counts_as_the_value_stored_with_it():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as written:
        sheet = written.add_worksheet()
        sheet.write_row(0, 0, HEADERS)
        sheet.write_formula(1, 0, '=CONCATENATE("a","b")', value="ab")
        sheet.write_formula(1, 1, "=1+1", value=2)
    assert cells(file.getvalue()) == [(2, "ab", "2")]


def test_empty_rows_and_columns_around_are_left_out_and_numbers_are_those_of_the_sheet():
    assert cells(book([], ["员工01"], [], ["", 1])) == [(3, "员工01", ""), (5, "", "1")]


def test_the_order_of_columns_is_free():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as written:
        sheet = written.add_worksheet()
        sheet.write_row(0, 3, HEADERS[::-1])
        sheet.write_row(1, 3, ["1", "员工01"])
    assert [dict(row.cells) for row in read(file.getvalue(), HEADERS, 10)] == [{"手机": "1", "姓名": "员工01"}]


def test_a_template_is_a_form_without_rows():
    assert read(template(HEADERS, ["说明一"]), HEADERS, 10) == []


@pytest.mark.parametrize(
    ("row", "details"),
    [
        (["姓名"], {"missing": ["手机"], "unknown": []}),
        (["姓名", "手机", "别的"], {"missing": [], "unknown": ["别的"]}),
        (["姓名", "姓名", "手机"], {"missing": ["姓名"], "unknown": []}),
        ([], {"missing": ["姓名", "手机"], "unknown": []}),
    ],
)
def test_other_headers_are_refused_and_named(row, details):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as written:
        written.add_worksheet().write_row(0, 0, row)
    with pytest.raises(SpreadsheetHeaders) as refused:
        read(file.getvalue(), HEADERS, 10)
    assert refused.value.details == details


def test_too_many_rows_are_refused():
    rows = [["员工"]] * 11
    assert len(cells(book(*rows[:10]))) == 10
    with pytest.raises(SpreadsheetTooLong) as refused:
        cells(book(*rows))
    assert refused.value.details == {"most": 10}


def _reason(content):
    with pytest.raises(SpreadsheetUnreadable) as refused:
        read(content, HEADERS, 10)
    return refused.value.details["reason"]


def test_what_is_no_xlsx_is_refused():
    whole = book(["员工01"])
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    for content in (b"", b"PK", b"\x00" * 100, "姓名,手机".encode(), old, whole[:-30], whole[: len(whole) // 2]):
        assert _reason(content) == "not_xlsx"
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "a")
    assert _reason(other.getvalue()) == "not_xlsx"
    assert _reason(altered(whole, lambda xml: xml, compression=zipfile.ZIP_BZIP2)) == "not_xlsx"
    for right, wrong in ((b'r="A2"', b'r="?"'), (b"<v>2</v>", b"<v>9</v>"), (b"</sheetData>", b"")):
        assert _reason(altered(whole, lambda xml, right=right, wrong=wrong: xml.replace(right, wrong))) == "not_xlsx"


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("xl/workbook.xml", b"r:id=", b"r:other="),
        ("xl/workbook.xml", b"UTF-8", b"none-such"),
        ("xl/sharedStrings.xml", b"UTF-8", b"hex"),
        ("xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="-2"'),
        ("xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="99999999999999999999"'),
    ],
)
def test_what_no_program_writes_is_refused(name, right, wrong):
    assert _reason(altered(book(["员工01"]), lambda xml: xml.replace(right, wrong), name=name)) == "not_xlsx"


def test_macros_are_refused():
    content = io.BytesIO(book(["员工01"]))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    assert _reason(content.getvalue()) == "macros"
    named = "[Content_Types].xml"
    assert (
        _reason(altered(book(), lambda xml: xml.replace(b"sheet.main", b"macroEnabled.main"), name=named)) == "macros"
    )


def test_entities_are_refused():
    declared = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    for name in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"):
        bomb = altered(book(["员工01"]), lambda xml: xml.replace(b"?>", b"?>" + declared, 1), name=name)
        assert _reason(bomb) == "not_xlsx"


def test_an_archive_that_unpacks_to_much_is_refused():
    bomb = altered(book(["员工01"]), lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + b" " * 40_000_000))
    assert len(bomb) < 100_000
    assert _reason(bomb) == "too_large"
    many = altered(book(["员工01"]), lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + b"<c/>" * 600_000))
    assert _reason(many) == "too_large"
    crowded = io.BytesIO(book(["员工01"]))
    with zipfile.ZipFile(crowded, "a") as archive:
        for number in range(300):
            archive.writestr(f"xl/{number}", b"")
    assert _reason(crowded.getvalue()) == "too_large"


def test_cells_far_apart_take_no_memory():
    def corner(xml):
        return xml.replace(b'r="B2"', b'r="XFD2"').replace(b'<row r="2"', b'<row r="1048576"')

    far = altered(book(["员工01", "1"]), corner)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert cells(far) == [(1_048_576, "员工01", "")]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_a_damaged_file_is_refused_or_read_never_anything_else():
    whole, luck = book(["员工01", 1], ["员工02", 2]), random.Random(7)
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(luck.randint(1, 6)):
            damaged[luck.randrange(len(damaged))] = luck.randrange(256)
        try:
            read(bytes(damaged), HEADERS, 10)
        except (SpreadsheetUnreadable, SpreadsheetHeaders, SpreadsheetTooLong):
            continue


def test_a_table_left_by_an_error_is_not_put_together_and_leaves_no_files(tmp_path, monkeypatch):
    """Putting it together takes long, and who leaves it so is on the loop."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    file = io.BytesIO()
    with pytest.raises(TypeError), Table(file, ["名称"]) as table:
        table.add([["顾客01"], 1])
    assert (file.getvalue(), list(tmp_path.iterdir())) == (b"", [])
    with Table(file, ["名称"]) as table:
        table.add([["顾客01"]])
    assert (file.getvalue()[:2], list(tmp_path.iterdir())) == (b"PK", [])
