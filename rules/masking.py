"""Personal numbers made unreadable: for everything that we quote in mails, digests and logs."""

import re
import unicodedata

# White space, hyphens and their look-alikes may stand between digits; \d takes full-width digits too.
_GAP = r"[\s\u00a0\u3000.\-‐-―－_·]{0,2}"
_RUN = re.compile(r"\d{14,}[\dXxＸｘ×]")
_IDENTITY = re.compile(rf"(?<![\d*])\d(?:{_GAP}\d){{14}}(?:(?:{_GAP}\d){{2}}{_GAP}[\dXxＸｘ×])?(?!{_GAP}\d)")
_SPACED_RUN = re.compile(rf"(?<![\d*])\d(?:{_GAP}\d){{13,}}{_GAP}[\dXxＸｘ×]")
_MOBILE = re.compile(rf"(?<!\d)(?:[+＋]?(?:[0０]{{2}})?[8８][6６]{_GAP})?[1１][3-9３-９](?:{_GAP}\d){{9}}(?!\d)")
_LANDLINE = re.compile(rf"(?<![\d*])[(（]?[0０]\d{{2,3}}[)）]?{_GAP}\d{{3,4}}{_GAP}\d{{4}}(?!\d)")


def mask_personal(text: str) -> str:
    """The text with ID-like numbers as `430424********1234`, mobiles as `138****1234`, landlines as `0734****6196`.

    Takes any run of 15 or more digits (the last may be X) for an ID or card number, whether its check digit is right or
    not; spaces, hyphens and full-width digits do not save a number.
    """
    for pattern, mask in _STEPS:
        text = pattern.sub(lambda match, mask=mask: mask(match[0]), text)
    return text


def mask_id(number: str) -> str:
    """An ID number with its birthday hidden: the first six and the last four characters stay; a short one keeps two."""
    text = _compact(number)
    if len(text) >= 15:
        return f"{text[:6]}{'*' * (len(text) - 10)}{text[-4:]}"
    return text[:2] + "*" * max(len(text) - 2, 0)


def _mobile(number: str) -> str:
    digits = _compact(number)[-11:]
    return f"{digits[:3]}****{digits[-4:]}"


def _landline(number: str) -> str:
    digits = _compact(number)
    return f"{digits[: len(digits) - 7 if len(digits) < 12 else 4]}****{digits[-4:]}"


def _compact(number: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", number) if char.isalnum() or char == "×").upper()


#: unbroken runs first, so that a number beside another is not joined to it; what spaces still part comes last
_STEPS = ((_RUN, mask_id), (_IDENTITY, mask_id), (_MOBILE, _mobile), (_LANDLINE, _landline), (_SPACED_RUN, mask_id))
