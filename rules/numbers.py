"""Numbers that carry their own check: ID card (GB 11643), credit code (GB 32100), organisation code (GB 11714).

Each has a strict reader of one value (`id_number`, `credit_code`, `organisation_code`: the number in its one written
form, or None) and a finder over free text, which tolerates the spaces and line breaks that people and OCR put in.
Nothing is ever returned whose check character is wrong.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date

#: GB/T 2260, first two digits
_PROVINCES = frozenset((
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
    "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83",
))  # fmt: skip
#: GB 32100 table 1: the authority that registers, and the kinds of body that it registers
_KINDS = {
    "1": "12359", "2": "19", "3": "123459", "4": "19", "5": "12349", "6": "129", "7": "129", "8": "19",
    "9": "1239", "A": "129", "G": "19", "N": "1239", "Y": "1",
}  # fmt: skip
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
#: letters that GB 32100 leaves out because they look like digits
_LOOKALIKES = str.maketrans("IOSZ", "1052")
_CROSSES = str.maketrans({"×": "X", "✕": "X", "╳": "X", "Х": "X", "х": "X", "乂": "X"})
_DASHES = re.compile("[-‐‑‒–—―−_]")
_IGNORED = re.compile(r"[\s'\"‘’“”`·.,;:]")


def id_number(raw: str, today: date | None = None) -> str | None:
    """The 18-character ID number that `raw` is, or None (GB 11643: MOD 11-2, birth day, province).

    Tolerates full-width characters, spaces, dashes and a lower-case x. A 15-digit number of the first generation is
    converted. With `today`, a day of birth after it is refused too.
    """
    text = _DASHES.sub("", _IGNORED.sub("", _plain(raw)))
    if re.fullmatch(r"\d{15}", text):
        # 19 and 20 are no years of birth of people alive, but the head of 1985 or 2001: three digits were lost
        if text[6:8] in ("19", "20"):
            return None
        text = _lengthen(text)
    if not re.fullmatch(r"\d{17}[\dX]", text) or text[:2] not in _PROVINCES:
        return None
    born = birth_date(text)
    if born is None or (today is not None and born > today):
        return None
    return text if id_check(text[:17]) == text[17] else None


def birth_date(number: str) -> date | None:
    """Day of birth in an 18-character ID number, or None where no such day exists (1900 to 2099)."""
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return born if 1900 <= born.year < 2100 else None


def id_check(first17: str) -> str:
    """Check character of an ID number (ISO 7064 MOD 11-2)."""
    remainder = 0
    for digit in first17:
        remainder = (remainder + int(digit)) * 2 % 11
    return "0123456789X"[(12 - remainder) % 11]


def credit_code(raw: str) -> str | None:
    """The 18-character unified social credit code that `raw` is, or None (GB 32100: MOD 31).

    Tolerates full-width characters, lower case, spaces and dashes.
    """
    text = _DASHES.sub("", _IGNORED.sub("", _plain(raw)))
    if len(text) != 18 or any(character not in _CREDIT_ALPHABET for character in text):
        return None
    if text[1] not in _KINDS.get(text[0], "") or not text[2:8].isdigit() or text[8:17] == "0" * 9:
        return None
    return text if credit_check(text[:17]) == text[17] else None


def credit_check(first17: str) -> str:
    """Check character of a credit code (GB 32100 section 5.4)."""
    total = sum(_CREDIT_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(first17))
    return _CREDIT_ALPHABET[-total % 31]


def organisation_code(raw: str) -> str | None:
    """The organisation code that `raw` is, written `XXXXXXXX-X`, or None (GB 11714)."""
    text = _DASHES.sub("", _IGNORED.sub("", _plain(raw)))
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", text) or text == "0" * 9:
        return None
    return f"{text[:8]}-{text[8]}" if organisation_check(text[:8]) == text[8] else None


def organisation_check(first8: str) -> str:
    """Check character of an organisation code (GB 11714: weights 3 7 9 10 5 8 4 2, MOD 11)."""
    total = sum(int(character, 36) * weight for character, weight in zip(first8, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def organisation_code_of(code: str) -> str:
    """The organisation code inside a credit code: its characters 9 to 17, written `XXXXXXXX-X`."""
    return f"{code[8:16]}-{code[16]}"


def find_id_numbers(text: str) -> tuple[str, ...]:
    """Every valid 18-character ID number in `text`, each once, in order; 15-digit ones are too weak to be found."""
    pieces = r"\d+X?(?![0-9A-WYZ])|X(?![0-9A-Z])"
    return _found(_plain(text), pieces, lambda run: id_number(run) if len(run) == 18 else None)


def find_credit_codes(text: str) -> tuple[str, ...]:
    """Every valid credit code in `text`, each once, in order.

    Characters that the standard leaves out because they look alike (I O S Z) are taken for the digits they resemble.
    An 18-digit number that is a valid ID number is left to `find_id_numbers`.
    """
    return _found(_plain(text), r"[0-9A-Z]+", _credit_in_text)


def find_organisation_codes(text: str) -> tuple[str, ...]:
    """Every valid organisation code in `text`, each once, in order.

    Nine characters are a weak sign: they count when written with the hyphen, or right after 代码 or 代码证号.
    """
    plain = _plain(text)
    hyphened = re.finditer(r"(?<![0-9A-Z-])([0-9A-Z]{8}\s?[-‐‑‒–—―−_]\s?[0-9X])(?![0-9A-Z-])", plain)
    labelled = re.finditer(r"代\s?码(?:证?号?码?)[\s:]{0,3}((?:[0-9A-Z]\s?){8}[0-9X])(?![0-9A-Z])", plain)
    ordered = sorted([*hyphened, *labelled], key=lambda match: match.start(1))
    return tuple(dict.fromkeys(code for match in ordered if (code := organisation_code(match[1]))))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_CROSSES).upper()


def _lengthen(digits15: str) -> str:
    # Sequences 996 to 999 were kept for people born before 1900 (GB 11643-1989): nobody bears one any more.
    first17 = digits15[:6] + "19" + digits15[6:]
    return first17 + id_check(first17)


def _credit_in_text(run: str) -> str | None:
    if len(run) != 18 or id_number(run):
        return None
    # The registering authority of a rural collective is N, of the army A: both stay; no code begins with I, O, S or Z.
    return credit_code(run) or credit_code(run.translate(_LOOKALIKES))


def _found(plain: str, pattern: str, read: Callable[[str], str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(number for run in _runs(plain, pattern) if (number := read(run))))


def _runs(plain: str, pattern: str) -> Iterator[str]:
    """Every piece matching `pattern`, alone and joined to the next few, when only white space or a dash parts them."""
    pieces = list(re.finditer(pattern, plain))
    for first, piece in enumerate(pieces):
        run = piece[0]
        yield run
        for left, right in zip(pieces[first:], pieces[first + 1 :]):
            gap = plain[left.end() : right.start()]
            if len(run) >= 18 or len(gap) > 3 or not re.fullmatch(r"[\s·.-]*", gap):
                break
            run += right[0]
            yield run
