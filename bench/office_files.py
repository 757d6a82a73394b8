"""Many files through LibreOffice in one call: starting it costs more than saving a form."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

#: extension → filter, where the extension leaves a choice
_FILTERS = {"doc": "doc:MS Word 97", "docx": "docx:MS Word 2007 XML", "html": "html:HTML (StarWriter)", "xls": "xls:MS Excel 97",
            "xlsx": "xlsx:Calc MS Excel 2007 XML", "wps": "doc:MS Word 97"}  # fmt: skip
_SECONDS = 300
#: files of one call
_BATCH = 60


def converted(files: Mapping[str, bytes], suffix: str) -> dict[str, bytes]:
    """Name → bytes of each file saved as `suffix`; raises RuntimeError where one was not saved."""
    found: dict[str, bytes] = {}
    names = list(files)
    for start in range(0, len(names), _BATCH):
        found |= _batch({name: files[name] for name in names[start : start + _BATCH]}, suffix)
    if missing := files.keys() - found.keys():
        raise RuntimeError(f"LibreOffice did not save {len(missing)} files as {suffix}: {sorted(missing)[:3]}")
    return found


def _batch(files: Mapping[str, bytes], suffix: str) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in"), Path(folder, "out")
        source.mkdir()
        for name, data in files.items():
            (source / name).write_bytes(data)
        form = _FILTERS.get(suffix, suffix)
        command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", form, "--outdir", str(target),
                   *(str(source / name) for name in files)]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
        saved = {path.stem: path.read_bytes() for path in target.iterdir()} if target.exists() else {}
        return {name: saved[Path(name).stem] for name in files if Path(name).stem in saved}
