"""Pictures read once per run: recognition takes half a second to two, and the engine lives as long as the process."""

import functools
from types import SimpleNamespace

from intake.config import ReadLimits
from intake.readers import image
from rules.document import Document
from rules.identity import read_papers
from rules.reading import Paper

SURVEY = SimpleNamespace(categories=(), places=("洣水镇", "衡东"), papers=())


@functools.cache
def document_of(data: bytes) -> Document:
    """What the reader makes of a picture's bytes."""
    return image.read(data, ReadLimits())


def papers_in(data: bytes) -> tuple[Paper, ...]:
    """The identity papers in a picture's bytes."""
    return read_papers(document_of(data), SURVEY)
