"""Numbers that carry their own check: read strictly, found in noisy text, never let through when the check is wrong."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import numbers

_DAYS = st.dates(date(1900, 1, 1), date(2025, 12, 31))
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@st.composite
def ids(draw) -> str:
    """An ID number that passes its check."""
    region = draw(st.sampled_from(["430424", "110101", "810000", "650102"]))
    first17 = region + draw(_DAYS).strftime("%Y%m%d") + f"{draw(st.integers(1, 999)):03d}"
    return first17 + numbers.id_check(first17)


@st.composite
def codes(draw) -> str:
    """A credit code that passes its check."""
    kind = draw(st.sampled_from(["11", "12", "51", "52", "53", "91", "92", "93", "N2", "81", "31"]))
    body = draw(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8).filter(lambda text: text != "0" * 8))
    first17 = kind + "430424" + body + numbers.organisation_check(body)
    return first17 + numbers.credit_check(first17)


def test_published_numbers_pass_their_check():
    """Numbers printed in the standards and in public registers."""
    assert numbers.id_number("11010519491231002X") == "11010519491231002X"  # GB 11643-1999, example
    assert numbers.credit_code("91110000802100433B") == "91110000802100433B"
    assert numbers.organisation_code("80210043-3") == "80210043-3"
    assert numbers.organisation_code_of("91110000802100433B") == "80210043-3"


def test_an_id_number_is_read_as_people_write_it():
    """Full-width digits, spaces, dashes, a lower-case x, the quote that Excel puts in front."""
    for raw in (
        "11010519491231002x",
        "110105 19491231 002X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "'11010519491231002X",
        "110105-19491231-002×",
    ):
        assert numbers.id_number(raw) == "11010519491231002X"


def test_a_number_of_the_first_generation_is_lengthened():
    """Fifteen digits without a century and without a check character."""
    assert numbers.id_number("110105491231002") == "11010519491231002X"
    assert numbers.id_number("110105491331002") is None


@pytest.mark.parametrize(
    "raw", ["", "430424", "13800000000", "1101051949123100211", "00010519491231002X", "身份证", "X" * 18]
)
def test_what_is_no_id_number_is_refused(raw):
    """Too short, too long, no such province, no digits."""
    assert numbers.id_number(raw) is None


def test_a_birth_in_the_future_is_refused_when_the_day_is_known():
    """The rules never ask the clock: whoever knows the day hands it in."""
    first17 = "43042420300101001"
    number = first17 + numbers.id_check(first17)
    assert numbers.id_number(number) == number
    assert numbers.id_number(number, today=date(2019, 8, 1)) is None


@given(ids(), st.integers(0, 17), st.integers(1, 9))
@settings(max_examples=150, deadline=None)
def test_one_wrong_digit_in_an_id_number_is_always_noticed(number, place, by):
    """MOD 11-2 finds every single error."""
    if place == 17:
        wrong = number[:17] + "0123456789X"[("0123456789X".index(number[17]) + by) % 11]
    else:
        wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert numbers.id_number(number) == number
    assert numbers.id_number(wrong) is None


@given(codes(), st.integers(8, 17), st.integers(1, 30))
@settings(max_examples=150, deadline=None)
def test_one_wrong_character_in_a_credit_code_is_always_noticed(code, place, by):
    """MOD 31 finds every single error."""
    wrong = code[:place] + _ALPHABET[(_ALPHABET.index(code[place]) + by) % 31] + code[place + 1 :]
    assert numbers.credit_code(code) == code
    assert numbers.credit_code(code.lower()) == code
    assert numbers.credit_code(wrong) is None


@given(codes())
@settings(max_examples=50, deadline=None)
def test_the_organisation_code_inside_a_credit_code_passes_its_own_check(code):
    """Characters 9 to 17 (GB 32100 section 5.2)."""
    inner = numbers.organisation_code_of(code)
    assert numbers.organisation_code(inner) == inner
    assert numbers.organisation_code(inner.replace("-", "")) == inner


@given(
    ids(),
    codes(),
    st.lists(st.integers(1, 17), min_size=0, max_size=3, unique=True),
    st.sampled_from([" ", "\n", " \n", "　"]),
)
@settings(max_examples=150, deadline=None)
def test_numbers_are_found_in_text_however_they_were_broken(number, code, cuts, gap):
    """Spaces and line breaks fall anywhere; the neighbours are a telephone and a date."""

    def broken(text: str) -> str:
        for cut in sorted(cuts, reverse=True):
            text = text[:cut] + gap + text[cut:]
        return text

    text = f"电话13800000000。公民身份号码{broken(number)},统一社会信用代码:{broken(code)}。2019年7月24日"
    assert numbers.find_id_numbers(text) == (number,)
    assert code in numbers.find_credit_codes(text)


@given(st.text("0123456789Xx -\n年月", max_size=80))
@settings(max_examples=200, deadline=None)
def test_only_valid_numbers_are_ever_found(text):
    """Whatever the text, what comes out passes the strict reader."""
    assert all(numbers.id_number(found) == found for found in numbers.find_id_numbers(text))
    assert all(numbers.credit_code(found) == found for found in numbers.find_credit_codes(text))
    assert all(numbers.organisation_code(found) == found for found in numbers.find_organisation_codes(text))


def test_letters_that_resemble_digits_are_mended_in_a_credit_code():
    """I, O, S and Z are never in a credit code (GB 32100 section 5.1)."""
    assert numbers.find_credit_codes("代码 9111OOOO8O21OO433B") == ("91110000802100433B",)


def test_an_organisation_code_needs_its_hyphen_or_its_label():
    """Nine characters alone are a telephone, a date, a word."""
    assert numbers.find_organisation_codes("80210043-3 和 组织机构代码:802100433") == ("80210043-3",)
    assert numbers.find_organisation_codes("编号 802100433") == ()
    assert numbers.find_organisation_codes("91110000802100433B") == ()


def test_an_id_number_is_not_taken_for_a_credit_code():
    """One ID number in 31 would pass the other check too."""
    both = next(
        number
        for seq in range(1000)
        if numbers.credit_code(number := (first := f"11010519491231{seq:03d}") + numbers.id_check(first))
    )
    assert numbers.find_id_numbers(both) == (both,)
    assert numbers.find_credit_codes(both) == ()


@pytest.mark.parametrize("cut", ["430424198506120", "430424200106120", "430424191207150"])
def test_an_id_number_that_lost_three_digits_is_no_number_of_the_first_generation(cut):
    """Fifteen digits with the head of a year where the year stood: 1985, 2001."""
    assert numbers.id_number(cut) is None
