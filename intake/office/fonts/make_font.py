"""Make NotoSansSC-GB2312.otf, the font of the charts: the characters of GB 2312 from Debian's fonts-noto-cjk.

Run by hand, with fonttools installed:  python make_font.py /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

FAMILY = "Noto Sans CJK SC"
OUT = Path(__file__).parent / "NotoSansSC-GB2312.otf"
#: the survey names places with rarer characters, such as 洣
SURVEY = Path(__file__).parents[3] / "rules" / "survey.yaml"
#: of no use to a drawing of single lines
TABLES = ["vhea", "vmtx", "VORG", "BASE", "GPOS", "GSUB", "GDEF"]


def characters() -> set[int]:
    """ASCII, every character of GB 2312 (punctuation, both levels of Chinese characters), and those of the survey."""
    rows = (*range(0xA1, 0xA4), *range(0xB0, 0xF8))
    pairs = (bytes((row, cell)) for row in rows for cell in range(0xA1, 0xFF))
    chinese = {ord(char) for pair in pairs for char in pair.decode("gb2312", "ignore")}
    return set(range(32, 127)) | chinese | {ord(char) for char in "—…·" + SURVEY.read_text("utf-8")}


def make(source: str) -> None:
    """Write the subset beside this file."""
    font = next(font for font in TTCollection(source).fonts if font["name"].getDebugName(1) == FAMILY)
    options = subset.Options(layout_features=[], hinting=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    options.drop_tables += TABLES
    maker = subset.Subsetter(options)
    maker.populate(unicodes=characters())
    maker.subset(font)
    font.save(OUT)


if __name__ == "__main__":
    make(sys.argv[1])
