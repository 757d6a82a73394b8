"""A form scanned on two pages: what is on the second page belongs to the account of the first.

A scanned PDF, or two photos, come as one picture for each page. Where a page with a ruled table is no form by itself, and
right after a page that is one makes that form fuller, both are one form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rules.document import Document, Table
from rules.reading import FileReading, Form
from rules.survey import Survey


def continued(
    readings: Sequence[FileReading], pages: Mapping[str, Document], survey: Survey
) -> tuple[FileReading, ...]:
    """The readings, forms that run over two pages whole; `pages`: SHA-256 → what a picture says.

    The form stands with the file of its first page; the second is a file without a form of its own.
    """
    found = list(readings)
    for index in range(1, len(found)):
        first, second = found[index - 1], found[index]
        if first.parent != second.parent or not first.forms or second.forms or second.papers:
            continue
        before, after = pages.get(first.sha256 or ""), pages.get(second.sha256 or "")
        if before and after and _has_table(after):
            found[index - 1] = _with_next_page(first, before, after, survey)
    return tuple(found)


def _has_table(document: Document) -> bool:
    return any(isinstance(block, Table) for block in document.blocks)


def _with_next_page(first: FileReading, before: Document, after: Document, survey: Survey) -> FileReading:
    from rules.form import read_forms

    later = [replace(block, page=before.pages + block.page) for block in after.blocks]
    whole = replace(before, blocks=(*before.blocks, *later), pages=before.pages + after.pages)
    forms = read_forms(whole, survey)
    if len(forms) != len(first.forms) or _filled(forms) <= _filled(first.forms):
        return first
    kinds = [form.kind for form in forms if form.kind]
    return replace(first, forms=forms, role=kinds[0] if kinds else first.role)


def _filled(forms: Sequence[Form]) -> int:
    return sum(field.value is not None for form in forms for field in form.fields)
