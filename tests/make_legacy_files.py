"""Makes tests/files/legacy/: forms that LibreOffice saved as .doc, .rtf and .odt, with the truth beside them.

Run by hand where LibreOffice is installed (apt-get install libreoffice-writer-nogui); the tests only read what it made:
    .venv/bin/python tests/make_legacy_files.py
"""

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent)]

from build_forms import individual_docx, individual_fields, invented_id, unit_docx, unit_fields
from build_pictures import id_card_front

FOLDER = Path(__file__).parent / "files" / "legacy"
#: (hand, kind, formats)
_FILES = (
    ("official", "unit_form", "doc rtf odt"), ("two_columns", "individual_form", "doc"), ("symbols", "individual_form", "doc odt"),
    ("legacy", "unit_form", "doc odt"), ("tracked", "individual_form", "doc rtf"), ("text_boxes", "unit_form", "doc odt"),
    ("wps", "individual_form", "doc rtf"), ("nested", "unit_form", "rtf"),
)  # fmt: skip
#: what LibreOffice loses on the way: the row that was deleted with tracking comes back
_LOST = {"tracked": ("followers",)}


def main() -> None:
    """Convert, and write down what must be read."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    truth = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (hand, kind, formats) in enumerate(_FILES, 1):
            fields = _fields(kind, number)
            source = Path(folder) / f"{hand}.docx"
            build = unit_docx if kind == "unit_form" else individual_docx
            source.write_bytes(build(fields, hand, [_card()] if number == 1 else ()))
            for suffix in formats.split():
                _convert(source, suffix, folder)
                kept = {name: value for name, value in fields.items() if name not in _LOST.get(hand, ())}
                truth[f"{hand}.{suffix}"] = {"kind": kind, "fields": kept, "pictures": int(number == 1)}
    (FOLDER / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _card() -> bytes:
    buffer = io.BytesIO()
    id_card_front("向文军", invented_id(27, "19900817")).save(buffer, "JPEG", quality=50)
    return buffer.getvalue()


def _fields(kind: str, number: int) -> dict:
    if kind == "unit_form":
        return unit_fields(
            name=f"衡东发布{number}号",
            followers=1000 * number,
            scope=("便民服务", "其他"),
            news_license=bool(number % 2),
        )
    return individual_fields(name=f"洣水河畔{number}", followers=None, formats=("语音",), news_license=bool(number % 2))


def _convert(source: Path, suffix: str, folder: str) -> None:
    subprocess.run(["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", suffix,
                    "--outdir", str(FOLDER), str(source)], check=True, capture_output=True, timeout=120)  # fmt: skip


if __name__ == "__main__":
    main()
