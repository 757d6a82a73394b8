"""Documents for the reading benchmark, drawn from seeds: the same seed gives the same document for ever."""

import io
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import build_forms as forms
import build_other_pictures as others
import build_people as people
import build_pictures as draw
import build_scans as scans
import picture_effects as effects
from build_docx import HANDS, paragraphs_form
from build_habits import described, filled, sheet_docx
from build_legacy import LegacyDoc
from build_ofd import HANDS as OFD_HANDS
from build_ofd import ofd_form
from build_pdf import acroform_pdf, scanned_pdf
from build_rtf import PROGRAMS
from build_rtf import form as rtf_form
from build_sheets import LAYOUTS, WRITERS, Sheet, html_page, laid_out, xlwt_book, xmlss_book
from office_files import converted
from PIL import Image

_WHITE = (255, 255, 255)
#: what scanners do
SCANS: dict[str, Callable] = {
    "clean": lambda page, rng: page,
    "skewed, grey, squeezed": lambda page, rng: effects.jpeg(effects.grey(effects.skew(page, rng.uniform(-2, 2), _WHITE)), 60),
    "turned": lambda page, rng: effects.rotate(effects.skew(page, rng.uniform(-2, 2), _WHITE), rng.choice((90, 180, 270))),
    "fax": lambda page, rng: effects.bitonal(effects.noise(effects.skew(page, rng.uniform(-1.5, 1.5), _WHITE), 20, rng.randrange(99)), 140),
    "100 dpi": lambda page, rng: effects.low_resolution(page, 0.67),
}  # fmt: skip
#: what phones do
PHOTOS: dict[str, Callable] = {
    "photo": lambda page, rng: effects.jpeg(effects.noise(effects.shadow(
        effects.perspective(page, 0.04, rng.randrange(999)), rng.uniform(0.5, 0.8), rng.randrange(99)), 8, rng.randrange(99)), 75),
    "photo on its side": lambda page, rng: effects.rotate(effects.jpeg(effects.shadow(
        effects.perspective(page, 0.03, rng.randrange(999)), 0.7, rng.randrange(99)), 70), rng.choice((90, 270))),
    "dim and blurred": lambda page, rng: effects.jpeg(effects.noise(effects.blur(effects.shadow(
        effects.perspective(page, 0.06, rng.randrange(999)), 0.45, rng.randrange(99)), 1.2), 12, rng.randrange(99)), 45),
}  # fmt: skip
_OTHERS = (others.driving_licence, others.vehicle_licence, others.bank_card, others.social_card, others.household_page,
           others.student_card, others.press_card, others.passport, others.residence_permit, others.marriage_certificate,
           others.invoice, others.contract, others.register_printout, others.account_permit, others.food_permit,
           others.authorisation, others.article, others.landscape, others.logo, others.qr_code, others.chat_screenshot,
           others.stamp_page, others.checklist, others.degree, scans.price_list)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """One document with its truth."""

    name: str
    #: what was done to it
    trouble: str
    #: `intake.reading.filetype.kind_of`
    kind: str
    data: bytes
    #: DATA.md's attachments.role that is right for it
    role: str
    #: column → value for a form; None for anything else
    truth: dict | None = None
    #: name and number of a paper
    holder: str = ""
    number: str = ""
    #: what `data` still is, where LibreOffice has to make `kind` of it
    source: str = ""


def samples(name: str, seeds: Iterable[int]) -> Iterator[Sample]:
    """The documents of one format; what LibreOffice has to save goes through it in one call."""
    drawn = [FORMATS[name](seed, random.Random(f"{name} {seed}")) for seed in seeds]
    waiting = {f"{number}.{sample.source}": sample for number, sample in enumerate(drawn) if sample.source}
    saved = converted({file: sample.data for file, sample in waiting.items()}, name) if waiting else {}
    for number, sample in enumerate(drawn):
        yield replace(sample, data=saved[f"{number}.{sample.source}"]) if sample.source else sample


def _of_form(name: str, trouble: str, kind: str, made: Callable[[str, dict], bytes], seed: int, source: str = "") -> Sample:
    role, truth = people.truth(seed)
    return Sample(f"{name} {seed} ({described(seed) if 'habits' in trouble else trouble})", trouble, kind, made(role, truth), role, truth,
                  source=source)  # fmt: skip


#: hands that LibreOffice does not save as they are: it brings deleted rows back, and what it writes is no longer strict
_SAVED_HANDS = [hand for hand in HANDS if hand not in ("tracked", "strict")]
#: a text box of no size is not printed, the state of a check box of a form is not written
_LOST_IN = {"pdf": ("text_boxes",), "rtf": ("legacy", "text_boxes")}


def _word(role: str, truth: dict, hand: str) -> bytes:
    return {"unit_form": forms.unit_docx, "individual_form": forms.individual_docx}[role](truth, hand)


def _saved(name: str, kind: str, seed: int, *, habits: bool) -> Sample:
    """What LibreOffice makes of a Word document."""
    if habits:
        return _of_form(name, "habits, LibreOffice", kind, lambda role, truth: sheet_docx(filled(truth, role, seed)), seed, "docx")
    hands = [hand for hand in _SAVED_HANDS if hand not in _LOST_IN.get(name, ())]
    hand = hands[seed // 2 % len(hands)]
    return _of_form(name, "LibreOffice", kind, lambda role, truth: _word(role, truth, hand), seed, "docx")


def _docx(seed: int, rng: random.Random) -> Sample:
    if seed % 3 == 2:
        return _of_form("docx", "habits", "docx", lambda role, truth: sheet_docx(filled(truth, role, seed)), seed)
    if seed % 9 == 0:
        return _saved("docx", "docx", seed, habits=seed % 2 == 0)
    hand = list(HANDS)[seed % len(HANDS)]
    return _of_form("docx", hand, "docx", lambda role, truth: _word(role, truth, hand), seed)


def _doc(seed: int, rng: random.Random) -> Sample:
    if seed % 4 == 3:
        return _of_form("doc", "written", "doc", lambda role, truth: _written_doc(role, truth, rng), seed)
    return _saved("doc", "doc", seed, habits=seed % 2 == 0)


def _wps(seed: int, rng: random.Random) -> Sample:
    """Kingsoft's own: Word's format under another name."""
    if seed % 2:
        return _of_form("wps", "written", "wps", lambda role, truth: _written_doc(role, truth, rng), seed)
    return replace(_saved("doc", "doc", seed, habits=seed % 4 == 0), kind="wps")


def _written_doc(role: str, truth: dict, rng: random.Random) -> bytes:
    """Byte by byte, as Word leaves it after many saves."""
    labels = forms.unit_labels() if role == "unit_form" else forms.individual_labels()
    document = LegacyDoc(packed=rng.random() < 0.5, scattered=rng.random() < 0.5, huge=rng.random() < 0.5)
    document.paragraph("衡东县新媒体账号调查摸底登记表" + ("(单位)" if role == "unit_form" else "(个人)"))
    rows = [[label.replace("\n", "\x0b"), paragraphs_form(name, truth.get(name)).replace("\n", "\x0b")] for name, label in labels]
    document.table(rows, [0, 2400, 9000])
    document.paragraph("")
    return document.build()


def _rtf(seed: int, rng: random.Random) -> Sample:
    if seed % 2:
        program = PROGRAMS[seed // 2 % len(PROGRAMS)]
        return _of_form("rtf", program, "rtf", lambda role, truth: rtf_form(role, _pairs(role, truth), program), seed)
    return _saved("rtf", "rtf", seed, habits=seed % 4 == 0)


def _pairs(role: str, truth: dict) -> list[tuple[str, str]]:
    labels = forms.unit_labels() if role == "unit_form" else forms.individual_labels()
    return [(label, paragraphs_form(name, truth.get(name))) for name, label in labels]


def _odt(seed: int, rng: random.Random) -> Sample:
    return _saved("odt", "odt", seed, habits=seed % 2 == 0)


def _pdf(seed: int, rng: random.Random) -> Sample:
    if seed % 3 == 2:
        return _saved("pdf", "pdf", seed, habits=seed % 2 == 0)
    hand = ("drawn", "characters", "overlaid", "two columns", "unruled", "acroform")[seed % 6]
    if hand == "acroform":
        return _of_form("pdf", hand, "pdf", lambda role, truth: acroform_pdf(truth, role), seed)
    how = {"two columns": {"columns": 2}, "unruled": {"ruled": False}}.get(hand, {"boxes": hand})
    return _of_form("pdf", hand, "pdf", lambda role, truth: forms.form_pdf(truth, role, **how), seed)


def _xlsx(seed: int, rng: random.Random) -> Sample:
    writer = rng.choice(list(WRITERS))
    if seed % 2:
        source = "xlsx" if seed % 4 == 3 else ""
        writer = "openpyxl" if source else writer
        return _of_form("xlsx", f"habits{', LibreOffice' * bool(source)}", "xlsx",
                        lambda role, truth: WRITERS[writer](_in_words(filled(truth, role, seed))), seed, source)  # fmt: skip
    layout = list(LAYOUTS)[seed // 2 % len(LAYOUTS)]
    return _of_form("xlsx", layout, "xlsx", lambda role, truth: WRITERS[writer](laid_out(truth, role, layout)), seed)


def _xls(seed: int, rng: random.Random) -> Sample:
    if seed % 4 == 3:
        return _of_form("xls", "habits, LibreOffice", "xls", lambda role, truth: WRITERS["openpyxl"](_in_words(filled(truth, role, seed))),
                        seed, "xlsx")  # fmt: skip
    if seed % 2:
        return _of_form("xls", "habits", "xls", lambda role, truth: xlwt_book(_in_words(filled(truth, role, seed))), seed)
    layout = list(LAYOUTS)[seed // 2 % len(LAYOUTS)]
    return _of_form("xls", layout, "xls", lambda role, truth: xlwt_book(laid_out(truth, role, layout)), seed)


def _ofd(seed: int, rng: random.Random) -> Sample:
    hand = list(OFD_HANDS)[seed // 2 % len(OFD_HANDS)]
    if seed % 2:
        return _of_form("ofd", f"habits, {hand}", "ofd", lambda role, truth: ofd_form(_in_words(filled(truth, role, seed)), hand), seed)
    return _of_form("ofd", hand, "ofd", lambda role, truth: ofd_form(laid_out(truth, role, "four_columns"), hand), seed)


def _html(seed: int, rng: random.Random) -> Sample:
    if seed % 3 == 2:
        return _saved("html", "html", seed, habits=seed % 2 == 0)
    layout = list(LAYOUTS)[seed // 3 % len(LAYOUTS)]
    if seed % 3 == 1:
        return _of_form("html", "habits", "html", lambda role, truth: html_page(_in_words(filled(truth, role, seed))), seed)
    return _of_form("html", layout, "html", lambda role, truth: html_page(laid_out(truth, role, layout), controls=seed % 2 == 0), seed)


def _xmlss(seed: int, rng: random.Random) -> Sample:
    layout = list(LAYOUTS)[seed % len(LAYOUTS)]
    return _of_form("xmlss", layout, "xmlss", lambda role, truth: xmlss_book(laid_out(truth, role, layout)), seed)


def _in_words(sheet: Sheet) -> Sheet:
    """The sheet with the boxes that only a Word document writes as symbols of a font."""
    plain = {place: str(value).replace("\ue003", "☑").replace("\ue002", "□") for place, value in sheet.cells.items()}
    return replace(sheet, cells=plain)


def _text(seed: int, rng: random.Random) -> Sample:
    style = ("colons", "numbered", "lines", "tabs", "crowded")[seed % 5]
    return _of_form("text", style, "txt", lambda role, truth: forms.typed_form(truth, role, style).encode("gb18030"), seed)


def _page(role: str, truth: dict, seed: int, rng: random.Random) -> Image.Image:
    hand, ticks = list(scans.HANDS)[seed % len(scans.HANDS)], rng.choice(scans.TICKS)
    stamp = truth.get("unit_name", "") if rng.random() < 0.3 else ""
    return scans.scanned_form(truth, role, hand, ticks, seed=seed, stamp=stamp)


def _troubled(name: str, troubles: dict[str, Callable], seed: int, rng: random.Random) -> Sample:
    role, truth = people.truth(seed)
    trouble = list(troubles)[(seed // len(scans.HANDS) + seed) % len(troubles)]
    picture = troubles[trouble](_page(role, truth, seed, rng), rng)
    jpg = name == "photo"
    return Sample(f"{name} {seed}", trouble, "jpg" if jpg else "png", effects.as_jpeg(picture) if jpg else effects.as_png(picture),
                  role, truth)  # fmt: skip


def _scan(seed: int, rng: random.Random) -> Sample:
    return _troubled("scan", SCANS, seed, rng)


def _photo(seed: int, rng: random.Random) -> Sample:
    return _troubled("photo", PHOTOS, seed, rng)


def _scanned(seed: int, rng: random.Random) -> Sample:
    """A scan in a PDF, as copiers mail it."""
    role, truth = people.truth(seed)
    page = _page(role, truth, seed, rng)
    return Sample(f"scanned pdf {seed}", "scanned pdf", "pdf", scanned_pdf(effects.as_jpeg(page, 80)), role, truth)


def _paper(seed: int, rng: random.Random) -> Sample:
    person, number = people.person(rng), draw.invented_id(birth=f"19{rng.randint(60, 99)}0{rng.randint(1, 9)}1{rng.randint(0, 9)}",
                                                          seq=rng.randrange(1000))  # fmt: skip
    unit = people.truth(seed)[1].get("unit_name") or "衡东县实验小学"
    kind = rng.choice(("card", "page", *draw.CERTIFICATES))
    trouble, change = rng.choice(list({**SCANS, **PHOTOS}.items()))
    if kind in ("card", "page"):
        picture = draw.id_card_front(person, number) if kind == "card" else draw.id_card_page(person, number)
        return Sample(f"paper {kind} {seed}", trouble, "png", effects.as_png(change(picture, rng)), "id_card", None, person, number)
    code = draw.invented_organisation_code(seed, "00") if kind == "organisation_code" else draw.invented_credit_code(seed, draw._KINDS[kind][1])
    layout = rng.choice(("portrait", "landscape", "plain"))
    picture = draw.certificate(kind, unit, code, person, layout=layout)
    return Sample(f"paper {kind} {seed}", trouble, "png", effects.as_png(change(picture, rng)), "org_certificate", None, unit, code)


def _other(seed: int, rng: random.Random) -> Sample:
    made = _OTHERS[seed % len(_OTHERS)]
    change = rng.choice([*SCANS.values(), *PHOTOS.values()])
    stream = io.BytesIO()
    change(made(), rng).convert("RGB").save(stream, "PNG")
    return Sample(f"other {made.__name__} {seed}", "not a material", "png", stream.getvalue(), "other")


#: name → how one document is drawn
FORMATS: dict[str, Callable[[int, random.Random], Sample]] = {
    "docx": _docx, "doc": _doc, "wps": _wps, "rtf": _rtf, "odt": _odt, "pdf": _pdf, "xlsx": _xlsx, "xls": _xls, "xmlss": _xmlss,
    "ofd": _ofd, "html": _html, "text": _text, "scan": _scan, "photo": _photo,
    "scanned-pdf": _scanned, "paper": _paper, "other": _other,
}  # fmt: skip
