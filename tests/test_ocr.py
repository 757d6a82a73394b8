"""The engine on drawn papers: upright whatever way they lie, level, bounded, and with nothing loaded before it is asked.

Every call costs about a second: few pictures, each with several troubles at once.
"""

import itertools
import subprocess
import sys

import build_other_pictures as others
import build_pictures as draw
import pytest
from picture_reading import document_of, papers_in
from PIL import Image

from intake import ocr, ocr_steps

pytest.importorskip("rapidocr", reason="rapidocr is not installed")
NUMBER = draw.invented_id(birth="19770923", seq=18)
UNIT, CODE = "衡东县洣水镇融媒体服务中心", draw.invented_credit_code(12, "12")


def test_nothing_heavy_is_loaded_before_it_is_asked_for():
    """The daemon imports the readers too, and stays small."""
    code = "import sys, intake.ocr, intake.readers.image; print([m for m in ('numpy', 'cv2', 'rapidocr') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_card_photographed_askew_on_a_table_is_read():
    """Slanted, shadowed, grainy and squeezed: name and number are exact, the words of a row stand level."""
    photo = draw.on_table(draw.skew(draw.id_card_front("向梓萱", NUMBER), -7), width=0.8)
    (paper,) = papers_in(draw.as_jpeg(draw.noise(draw.shadow(photo, 0.6), 10), 60))
    assert (paper.holder, paper.number, paper.side, paper.doubts) == ("向梓萱", NUMBER, "front", ())


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_comes_out_upright(degrees):
    """Both sides of a card on one page, scanned lying or on its head."""
    page = draw.id_card_page("谭志远", NUMBER, note="此件与原件一致")
    document = document_of(draw.as_jpeg(draw.rotate(page, degrees)))
    (paper,) = papers_in(draw.as_jpeg(draw.rotate(page, degrees)))
    assert (paper.holder, paper.number, paper.side) == ("谭志远", NUMBER, "both")
    tops = [line.box[1] for line in document.lines]
    assert tops == sorted(tops) or max(a - b for a, b in itertools.pairwise(tops)) < 30
    assert all(line.box[2] <= 1260 and line.box[3] <= 1770 for line in document.lines)


def test_a_certificate_is_read_though_it_fills_a_small_part_of_a_photo():
    """Looking again where print was seen finds what the first glance at twelve million pixels overlooks."""
    photo = draw.on_table(
        draw.certificate("institution", UNIT, CODE, layout="landscape"), (3000, 4000), (0.3, 0.6), 1, 0.25
    )
    (paper,) = papers_in(draw.as_jpeg(photo, 80))
    assert (paper.holder, paper.number) == (UNIT, CODE)


def test_a_driving_licence_is_no_id_card():
    """It bears name, sex, address and the ID number."""
    assert papers_in(draw.as_jpeg(others.driving_licence("欧阳明山", NUMBER))) == ()


def test_a_long_screenshot_is_read_in_strips():
    """Every line once, in order, also where two strips overlap."""
    chat = others.chat_screenshot()
    long = Image.new("RGB", (chat.width, chat.height * 3))
    for number in range(3):
        long.paste(chat, (0, number * chat.height))
    text = [line.text for line in ocr.lines(long)]
    assert sum("欧阳明山" in line for line in text) == 3
    assert sum("好的收到" in line for line in text) == 3


def test_extreme_shapes_stay_bounded():
    """A strip would be blown up to 29,440 pixels by the detector's rule for short sides."""
    picture, _ = ocr_steps._bounded(ocr_steps.np.zeros((12, 9000, 3), "uint8"))
    assert max(picture.shape[:2]) <= 4 * min(picture.shape[:2]) and max(picture.shape[:2]) <= ocr_steps.READ_SIDE
    assert ocr.lines(Image.new("RGB", (900, 3), "white")) == ()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS and /proc are Linux's")
def test_reading_fits_the_confined_workers_address_space():
    """The default limit of a reader is 2048 MB of address space; resident memory stays under 1 GB."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2048 << 20,) * 2)\n"
        "from intake.config import ReadLimits\nfrom intake.readers import image\n"
        "lines = image.read(sys.stdin.buffer.read(), ReadLimits()).lines\n"
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print(len(lines), int(peak.split()[1]) // 1024)"
    )
    photo = draw.as_jpeg(draw.certificate("institution", UNIT, CODE).resize((4960, 7016)), 80)
    result = subprocess.run([sys.executable, "-c", code], input=photo, capture_output=True, check=True)
    lines, megabytes = (int(part) for part in result.stdout.split())
    assert lines > 15 and megabytes < 1024
