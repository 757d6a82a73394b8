"""Makes the files of this folder with LibreOffice (7.4 or newer) from our own builders: `python tests/files/sheets/make.py`.

They are kept, because LibreOffice is needed to write them and not to read them; truth.json says what each must yield.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from build_forms import individual_fields, unit_docx, unit_fields
from build_sheets import accounts_sheet, laid_out, openpyxl_book

_NEW, _OLD = "xlsx:Calc MS Excel 2007 XML", "xls:MS Excel 97"
_PAGE, _TEXT = "html:HTML (StarCalc)", "csv:Text - txt - csv (StarCalc):44,34,76,1"
ACCOUNTS = [unit_fields(), unit_fields(name="衡东文旅", handle="hdwl", service_type="抖音", registered_on="2019-01-15")]


def sources() -> dict[str, tuple[bytes, str, str, str, list[dict]]]:
    """Name → (source, its suffix, LibreOffice's filter, kind, truth of each form)."""
    unit, person = unit_fields(), individual_fields()
    return {
        "typed.xlsx": (openpyxl_book(laid_out(unit, "unit_form", "typed")), "xlsx", _NEW, "unit_form", [unit]),
        "four_columns.xlsx": (openpyxl_book(laid_out(person, "individual_form", "four_columns")), "xlsx", _NEW, "individual_form", [person]),
        "typed.xls": (openpyxl_book(laid_out(person, "individual_form", "typed", "yyyy/m/d")), "xlsx", _OLD, "individual_form", [person]),
        "option_cells.xls": (openpyxl_book(laid_out(unit, "unit_form", "option_cells")), "xlsx", _OLD, "unit_form", [unit]),
        "accounts.xls": (openpyxl_book(accounts_sheet(ACCOUNTS)), "xlsx", _OLD, "unit_form", ACCOUNTS),
        "above.xls": (openpyxl_book(laid_out(unit, "unit_form", "above")), "xlsx", _OLD, "unit_form", [unit]),
        "sheet.html": (openpyxl_book(laid_out(person, "individual_form", "four_columns")), "xlsx", _PAGE, "individual_form", [person]),
        "words.csv": (openpyxl_book(laid_out(unit, "unit_form", "words")), "xlsx", _TEXT, "unit_form", [unit]),
        "writer.html": (unit_docx(unit, "official"), "docx", "html", "unit_form", [unit]),
        "two_columns.ods": (openpyxl_book(laid_out(unit, "unit_form", "two_columns")), "xlsx", "ods", "unit_form", [unit]),
        "american.ods": (openpyxl_book(laid_out(person, "individual_form", "typed", "m/d/yy")), "xlsx", "ods", "individual_form", [person]),
        "option_cells.ods": (openpyxl_book(laid_out(unit, "unit_form", "option_cells")), "xlsx", "ods", "unit_form", [unit]),
        "boxes.xlsx": ((HERE / "boxes.fods").read_bytes(), "fods", _NEW, "", []),
        "boxes.xls": ((HERE / "boxes.fods").read_bytes(), "fods", _OLD, "", []),
    }  # fmt: skip


def main() -> None:
    """Write every file and truth.json."""
    truth = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (data, suffix, form, kind, fields) in sources().items():
            source = Path(folder, f"{Path(name).stem}.{suffix}")
            source.write_bytes(data)
            out = Path(folder, "out")
            subprocess.run(["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", form,
                            "--outdir", str(out), str(source)], check=True, capture_output=True, timeout=120)  # fmt: skip
            made = next(path for path in out.iterdir() if path.suffix == Path(name).suffix)
            (HERE / name).write_bytes(made.read_bytes())
            made.unlink()
            truth[name] = {"kind": kind, "forms": fields}
    (HERE / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()
