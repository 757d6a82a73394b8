"""The workbook: one row an account, real dates and numbers, nothing that runs as a formula, no ID number."""

import shutil
import stat
import subprocess
import time
import zipfile
from datetime import date, datetime

import pytest
from build_store import (
    ID_NUMBER,
    PHONE,
    add_account,
    add_submission,
    at,
    empty_store,
    multiply,
    shipped_survey,
)
from openpyxl import load_workbook

from intake.office import ledger
from intake.office.ledger_masking import Masking


@pytest.fixture
def store(tmp_path):
    """An empty database."""
    database = empty_store(tmp_path)
    yield database
    database.close()


@pytest.fixture
def written(store, tmp_path):
    """The workbook of the database as it stands."""

    def write(**options):
        ledger.write(store, tmp_path / "out" / "台账.xlsx", shipped_survey(), at("2019-08-02 08:30"), **options)
        return load_workbook(tmp_path / "out" / "台账.xlsx")

    return write


def column(sheet, title: str) -> list:
    """The cells under a head."""
    found = next(cell for cell in sheet[1] if cell.value == title)
    return [row[found.column - 1] for row in sheet.iter_rows(min_row=2)]


def test_each_account_is_a_row_of_its_category(store, written):
    """A submission without an account keeps a row too."""
    unit = add_submission(store, number="HD2019-0001")
    add_account(store, unit)
    add_account(store, unit, name="衡东头条", platform="今日头条号")
    add_submission(store, number="HD2019-0002", category="individual", status="incomplete", missing=["individual_form"])
    book = written()
    assert book.sheetnames == ["单位", "个人", "缺少材料", "统计"]
    assert [cell.value for cell in column(book["单位"], "登记编号")] == ["HD2019-0001", "HD2019-0001"]
    assert [cell.value for cell in column(book["单位"], "账号名称")] == ["衡东发布", "衡东头条"]
    assert [cell.value for cell in column(book["个人"], "状态")] == ["待补正"]


def test_a_submission_of_unknown_category_has_a_sheet_of_its_own(store, written):
    """Nobody is left out because the category is not known."""
    add_account(store, add_submission(store, category="unknown", status="review", review_reasons=["类别相互矛盾。"]))
    book = written()
    assert [cell.value for cell in column(book["未能判定"], "待核验原因")] == ["类别相互矛盾"]


def test_withdrawn_submissions_are_left_out(store, written):
    """The register shows what stands."""
    add_submission(store, status="withdrawn")
    assert written()["单位"].max_row == 1


def test_dates_are_dates_and_counts_are_numbers(store, written):
    """So that a sheet can sort them; what is not known exactly stays as written."""
    submission = add_submission(store, opened="2019-08-01 09:30")
    add_account(store, submission, registered_on="2018-05-01", followers=12000)
    add_account(store, submission, registered_on="2018-05", followers="很多")
    sheet = written()["单位"]
    assert [cell.value for cell in column(sheet, "注册日期")] == [datetime(2018, 5, 1), "2018-05"]
    assert [cell.value for cell in column(sheet, "关注量")] == [12000, "很多"]
    assert column(sheet, "收到时间")[0].value == datetime(2019, 8, 1, 9, 30)
    assert column(sheet, "申报期限")[0].value.date() == date(2019, 8, 13)


@pytest.mark.parametrize(
    "text", ["=1+1", '=HYPERLINK("http://x")', "+1", "-1+2", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"]
)
def test_what_a_registrant_wrote_is_never_a_formula(store, written, text):
    """Stored as text and marked as text, also when it is edited later."""
    add_account(store, add_submission(store, registrant=text), name=text, handle=text, introduction=text)
    sheet = written()["单位"]
    for title in ("账号名称", "账号", "功能介绍", "申报人"):
        cell = column(sheet, title)[0]
        assert cell.data_type == "s" and cell.value.strip() == text.strip()
        assert cell.quotePrefix


def test_no_formula_stands_in_the_file(store, written, tmp_path):
    """No <f> element in any sheet."""
    add_account(store, add_submission(store), name="=1+1")
    written()
    with zipfile.ZipFile(tmp_path / "out" / "台账.xlsx") as archive:
        assert not any(b"<f>" in archive.read(name) or b"<f " in archive.read(name) for name in archive.namelist())


def test_characters_that_a_sheet_cannot_hold_are_left_out(store, written):
    """Control characters, and more text than a cell takes."""
    add_account(store, add_submission(store), name="衡东\x00\x0b发布", introduction="长" * 40_000)
    sheet = written()["单位"]
    assert column(sheet, "账号名称")[0].value == "衡东发布"
    assert len(column(sheet, "功能介绍")[0].value) == 32_767


def test_id_numbers_are_masked_unless_asked_for(store, written):
    """Also those that are written wrongly; telephone numbers stay, the office must call."""
    reasons = [f"身份证号{ID_NUMBER}与证件不同。"]
    submission = add_submission(
        store, category="individual", id_number=ID_NUMBER, status="review", review_reasons=reasons
    )
    add_account(
        store,
        submission,
        form_kind="individual_form",
        owner_name="谭晓明",
        owner_id_number=ID_NUMBER,
        owner_phone=PHONE,
    )
    add_account(store, submission, form_kind="individual_form", owner_id_number=ID_NUMBER[:-1])
    values = [str(cell.value) for row in written()["个人"].iter_rows() for cell in row]
    assert not any(ID_NUMBER[6:14] in value for value in values)
    assert PHONE in values and "430424********0419" in values
    values = [str(cell.value) for row in written(masking=Masking(id_numbers=False))["个人"].iter_rows() for cell in row]
    assert ID_NUMBER in values


def test_what_is_missing_is_listed_item_by_item(store, written):
    """With whom to ask."""
    add_account(store, add_submission(store, status="incomplete", missing=["org_certificate", "field:admin_phone"]))
    sheet = written()["缺少材料"]
    assert [cell.value for cell in column(sheet, "缺少的材料")] == ["单位证书", "登记表「管理员手机号码」一栏"]
    assert [cell.value for cell in column(sheet, "管理员电话")] == [PHONE, PHONE]


def test_the_figures_add_up(store, written):
    """Totals by status equal the number of submissions, by platform that of accounts."""
    for category, status in (("unit", "complete"), ("unit", "review"), ("individual", "incomplete")):
        add_account(store, add_submission(store, category=category, status=status), platform="抖音号")
    rows = [[cell.value for cell in row] for row in written()["统计"].iter_rows()]
    assert [row for row in rows if row[0] == "合计"] == [["合计", 2, 1, 3]] * 3
    assert ["抖音号", 2, 1, 3] in rows


def test_the_sheets_are_set_up_for_reading_and_printing(store, written):
    """Frozen head, filter, A4 landscape, head on every page."""
    add_account(store, add_submission(store))
    sheet = written()["单位"]
    assert sheet.freeze_panes == "C2" and sheet.auto_filter.ref.startswith("A1:")
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert sheet.print_title_rows in ("1:1", "$1:$1") and sheet.column_dimensions["B"].width > 15


def test_an_empty_database_makes_an_empty_register(written):
    """Heads and zeros."""
    book = written()
    assert book["单位"].max_row == 1 and book["缺少材料"].max_row == 1


def test_a_failed_write_leaves_the_old_workbook(store, tmp_path, monkeypatch):
    """The file is replaced as a whole, readable by its owner only."""
    path = tmp_path / "台账.xlsx"
    ledger.write(store, path, shipped_survey())
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("intake.office.ledger.os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        ledger.write(store, path, shipped_survey())
    assert path.read_bytes() == before and [file.name for file in tmp_path.glob(".*xlsx*")] == []


def test_ten_thousand_accounts_are_written_within_seconds(store, tmp_path):
    """A register of a province."""
    submission = add_submission(store)
    account = add_account(store, submission)
    multiply(store, "submissions", submission, 9_999, number="'HD2020-' || n")
    multiply(store, "accounts", account, 9_999, submission_id="n + 1")
    begun = time.perf_counter()
    assert ledger.write(store, tmp_path / "big.xlsx", shipped_survey()) == 10_000
    assert time.perf_counter() - begun < 30


def test_a_real_office_program_opens_it(store, tmp_path, installed_soffice):
    """LibreOffice reads back what was written, as text and not as a formula's result."""
    add_account(store, add_submission(store), name="=1+1", handle="0012")
    ledger.write(store, tmp_path / "book.xlsx", shipped_survey())
    subprocess.run(
        [
            installed_soffice,
            f"-env:UserInstallation=file://{tmp_path}/profile",
            "--headless",
            "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1",
            "--outdir",
            str(tmp_path),
            str(tmp_path / "book.xlsx"),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    text = next(tmp_path.glob("book*.csv")).read_text("utf-8")
    assert "=1+1" in text and "0012" in text and "衡东县" in text


@pytest.fixture
def installed_soffice():
    """LibreOffice, where it is installed."""
    found = shutil.which("soffice")
    if not found:
        pytest.skip("LibreOffice is not installed")
    return found
