"""Render the reply texts, which the office may edit: Jinja2, sandboxed, strict, text and HTML of the same values."""

import re
from functools import lru_cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.environment import TemplateModule
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rules.errors import RuleError

#: texts that an office's own folder lacks are taken from here
_SHIPPED = Path(__file__).parent / "replies"
#: everything that an edited template can make go wrong
_FAULTS = (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError)


def render(folder: Path, name: str, values: dict) -> tuple[str, str]:
    """The text and the HTML of the reply kind `name`; raises `RuleError` with file and line where one is broken."""
    text = _render(folder, f"{name}.txt.j2", values)
    html = _render(folder, f"{name}.html.j2", values)
    return _tidy(text), html.strip() + "\n"


def _render(folder: Path, filename: str, values: dict) -> str:
    try:
        return _environment(folder).get_template(filename).render(values)
    except _FAULTS as error:
        path, line = _place(error, folder)
        what = str(error) or type(error).__name__
        raise RuleError(f"回信文字有误\uff1a{what}", path=path or str(folder / filename), line=line) from error


def _place(error: BaseException, folder: Path) -> tuple[str | None, int | None]:
    """File and line in the template: Jinja2 rewrites the traceback so that its frames point there."""
    if isinstance(error, TemplateSyntaxError):
        return error.filename, error.lineno
    found: tuple[str | None, int | None] = (None, None)
    frame = error.__traceback__
    while frame:
        filename = frame.tb_frame.f_code.co_filename
        if filename.endswith(".j2"):
            found = (filename, frame.tb_lineno)
        frame = frame.tb_next
    return found


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, quicker where templates name the plain values that they are given: `office.name` is a dict's item."""

    def getattr(self, obj: object, attribute: str) -> object:
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        if type(obj) is TemplateModule and attribute[:1] != "_" and attribute in vars(obj):
            return vars(obj)[attribute]  # what the template exports: its macros and settings
        return super().getattr(obj, attribute)


@lru_cache(maxsize=8)
def _environment(folder: Path) -> ImmutableSandboxedEnvironment:
    return _Environment(
        loader=FileSystemLoader([folder, _SHIPPED]), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        autoescape=lambda name: bool(name and name.endswith(".html.j2")), auto_reload=False, cache_size=100)


def _tidy(text: str) -> str:
    """No blanks at line ends, never more than one empty line."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
