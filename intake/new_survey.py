"""`intake new-survey BLANK…`: a survey.yaml drafted from an office's blank forms, for a person to finish."""

import shutil
import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import rules
from intake.config import ReadLimits
from intake.new_survey_blank import Blank, read_blank
from intake.new_survey_draft import MARK, Source, draft
from intake.readers import Unreadable
from intake.reading.documents import READERS, Documents
from intake.reading.filetype import kind_of
from intake.reading.ornaments import PICTURES
from intake.reading.unpack import File
from rules.document import Document
from rules.errors import PermanentError
from rules.survey import Survey, load_survey

_SHIPPED = Path(rules.__file__).parent / "survey.yaml"
#: a form asks more than this
_FEWEST = 3


def add_arguments(one) -> None:
    """The command's arguments."""
    one.add_argument("blanks", nargs="+", metavar="空白表格", type=Path, help="docx、doc、xlsx、pdf 等;每类申报人一张")
    one.add_argument("--out", metavar="survey.yaml", type=Path, default=Path("survey.yaml"), help="写到哪里(默认 survey.yaml)")


def new_survey(arguments: Namespace) -> int:
    """Draft, write, and say what a person has to look at."""
    path: Path = arguments.out
    if path.exists():
        raise PermanentError(f"{path} 已经存在,为免覆盖,请用 --out 写到别处。")
    known = load_survey(_SHIPPED)
    blanks = [_blank(one, known) for one in arguments.blanks]
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "replies").mkdir(exist_ok=True)
    sources = [Source(blank, _beside(one, path.parent)) for one, blank in zip(arguments.blanks, blanks, strict=True)]
    path.write_text(draft(sources, known, date.today()), encoding="utf-8")
    survey = load_survey(path)
    _tell(path, survey, sources)
    return 0


def _blank(path: Path, known: Survey) -> Blank:
    """What the file asks; raises PermanentError where it is no form that can be read."""
    try:
        blank = read_blank(document_of(path, known))
    except Unreadable as error:
        raise PermanentError(f"{path} 不能读取:{error.detail}。") from error
    if len(blank.fields) < _FEWEST:
        raise PermanentError(f"{path} 里没有找到登记表的栏目(表格中一格栏目、旁边一格空白)。请换成 Word 或 Excel 的空白表格。")
    return blank


def document_of(path: Path, known: Survey) -> Document:
    """The file as the mails' attachments are read; raises Unreadable, and OSError where it cannot be opened."""
    data = path.read_bytes()
    kind = kind_of(data, path.name)
    if kind not in READERS or kind in PICTURES:
        raise Unreadable("unsupported", "不是 Word、Excel、PDF、ODF 或 HTML 文件")
    file = File(filename=path.name, media_type="application/octet-stream", data=data, kind=kind)
    return Documents(known, ReadLimits()).read(file, file.sha256)


def _beside(path: Path, folder: Path) -> str:
    """The blank form as the survey names it: where it lies under the survey's folder, else copied into forms/."""
    if path.resolve().is_relative_to(folder.resolve()):
        return path.resolve().relative_to(folder.resolve()).as_posix()
    target = folder / "forms" / path.name
    target.parent.mkdir(exist_ok=True)
    if not target.exists() or target.read_bytes() != path.read_bytes():
        if target.exists():
            raise PermanentError(f"{target} 已经存在而内容不同,请先改名。")
        shutil.copyfile(path, target)
    return target.relative_to(folder).as_posix()


def _tell(path: Path, survey: Survey, sources: Sequence[Source]) -> None:
    options = sum(len(rule.choices) for rule in survey.fields)
    marks = path.read_text("utf-8").count(MARK)
    print(f"已起草 {path}:{len(survey.categories)} 类申报人,{len(survey.fields)} 栏,{options} 个选项。")
    for category, source in zip(survey.categories, sources, strict=True):
        print(f"  {category.label}:{category.form_label},申报人写在“{survey.field(category.registrant_field).label}”一栏,"
              f"{len(source.blank.fields)} 栏")
    print(f"文件中有 {marks} 处注明“{MARK}”,请逐一核对;再写好 service.yaml,运行 intake doctor 检查。", file=sys.stdout)
