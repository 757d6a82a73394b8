"""The OCR engine: a picture in, its lines out, upright. The only user of rapidocr.

rapidocr ships its models in its wheel and needs no network. Nothing heavy is imported before the first call; then the
engine (about a second) is kept for the life of the process. It has one thread, because processes run side by side,
and one caller: it is not safe for threads. How a picture is read is told in `intake.ocr_steps`.
"""

import functools
from typing import TYPE_CHECKING, Any

from rules.document import Line

if TYPE_CHECKING:
    from numpy import ndarray
    from PIL.Image import Image

    from intake.ocr_steps import Glyph, Seen


def lines(image: "Image", page: int = 1) -> tuple[Line, ...]:
    """Every line of text in `image` from top to bottom; boxes in pixels of the upright, level picture.

    A picture that lies on its side or stands on its head is turned first. Any picture that Pillow could open gives
    lines, or none.
    """
    from intake import ocr_steps

    return ocr_steps.read(image, page, engine())


def look(image: "Image") -> "Seen":
    """`image` upright, with every line on it as it lies there and the place of every character."""
    from intake import ocr_steps

    return ocr_steps.look(image, engine())


def again(cuts: "list[ndarray]") -> "list[tuple[str, float, tuple[Glyph, ...]]]":
    """(text, confidence, characters) of each cut-out line (BGR): to look twice at what was unclear."""
    from intake import ocr_steps

    return ocr_steps.recognised(cuts, engine())


def probe() -> None:
    """Load the engine now; raises ImportError where rapidocr or onnxruntime is missing (for `intake doctor`)."""
    engine()


@functools.cache
def engine() -> Any:
    """The one engine of this process, loaded when first asked for."""
    from rapidocr import RapidOCR

    one_thread = {f"EngineConfig.onnxruntime.{name}_op_num_threads": 1 for name in ("intra", "inter")}
    # It would warn of every picture without text, in colour, on standard error.
    # With the place of every character, by which ticks are found and lines are cut at the rules of a table.
    return RapidOCR(params={"Global.log_level": "critical", "Global.return_word_box": True, **one_thread})
