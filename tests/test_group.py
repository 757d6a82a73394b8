"""One mail, its registrants."""

import pytest
from build_facts import (
    HEAD,
    IN_TIME,
    OWNER,
    SURVEY,
    UNIT,
    card,
    certificate,
    credit_code,
    field,
    file,
    id_number,
    individual_form,
    invalid,
    own_card,
    reading,
    unit_form,
    without,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.complete import judge
from rules.group import Claim, claims, new_papers, numbered
from rules.submission import Facts, HeldPaper

OTHER = "衡东县白石镇卫生院"
OTHER_HEAD = "陈一鸣"


def found(*files, body=()) -> tuple[Claim, ...]:
    return claims(reading(*files, body=body), SURVEY)


def judged(claim: Claim):
    """The claim as if it were a whole submission."""
    return judge(Facts(claim.accounts, claim.papers, claim.unread, claim.doubts, IN_TIME), SURVEY)


def other_unit(**values):
    return unit_form(
        **{"name": "白石卫生", "handle": "bsws", "unit_name": OTHER, "legal_representative": OTHER_HEAD} | values
    )


def other_certificate(**changes):
    return certificate(OTHER, credit_code(2), **changes)


def other_card(**changes):
    return card(OTHER_HEAD, id_number(5), **changes)


def test_an_empty_mail_has_no_registrant():
    """Nor has one with files that say nothing."""
    assert found() == ()
    assert found(file("照片.jpg")) == ()


def test_one_unit_with_its_papers_is_one_claim():
    """The commonest mail."""
    (claim,) = found(file("登记表.docx", unit_form()), file("证书.jpg", certificate()), file("身份证.jpg", card()))
    assert (claim.category, len(claim.accounts), len(claim.papers), claim.files) == ("unit", 1, 2, (0, 1, 2))
    assert judged(claim).status == "complete"


def test_three_accounts_of_one_unit_are_one_claim():
    """However its name is written."""
    (claim,) = found(
        file("1.docx", unit_form()),
        file("2.docx", unit_form(name="乙", handle="yi", unit_name="湖南省" + UNIT)),
        file("3.docx", unit_form(name="丙", service_type="新浪微博", platform="新浪微博", unit_name="青石镇中心小学")),
        file("证.pdf", certificate(), card()),
    )
    assert [account.value("name") for account in claim.accounts] == ["青石小学之声", "乙", "丙"]
    assert judged(claim).status == "complete"


def test_two_units_and_their_papers_are_told_apart_by_their_names():
    """Each gets its own certificate and card."""
    one, two = found(
        file("a.docx", unit_form()),
        file("b.docx", other_unit()),
        file("1.jpg", other_certificate()),
        file("2.jpg", certificate()),
        file("3.jpg", card()),
        file("4.jpg", other_card()),
    )
    assert (one.files, two.files) == ((0, 3, 4), (1, 2, 5))
    assert [judged(claim).status for claim in (one, two)] == ["complete", "complete"]


def test_two_individuals_of_one_name_are_told_apart_by_their_numbers():
    """Namesakes keep their own cards."""
    one, two = found(
        file("a.docx", individual_form()),
        file("b.docx", individual_form(name="另一账号", handle="other", owner_id_number=id_number(2))),
        file("1.jpg", own_card(number=id_number(2))),
        file("2.jpg", own_card()),
    )
    assert [judged(claim).status for claim in (one, two)] == ["complete", "complete"]
    assert (one.files, two.files) == ((0, 3), (1, 2))


def test_forms_of_one_person_belong_together_when_one_lacks_the_number():
    """Same name and nothing that contradicts."""
    (claim,) = found(
        file("a.docx", individual_form()), file("b.docx", individual_form(name="乙", handle="yi", owner_id_number=None))
    )
    assert len(claim.accounts) == 2


def test_a_form_without_number_between_two_namesakes_is_for_a_person():
    """It may be either's."""
    mail = found(
        file("a.docx", individual_form()),
        file("b.docx", individual_form(name="乙", handle="yi", owner_id_number=id_number(2))),
        file("c.docx", individual_form(name="丙", handle="bing", owner_id_number=None)),
    )
    assert len(mail) == 3
    assert [bool(claim.doubts) for claim in mail] == [False, False, True]


def test_a_form_that_names_no_registrant_joins_the_only_one():
    """The second form of a unit whose name was left out there."""
    (claim,) = found(file("a.docx", unit_form()), file("b.docx", unit_form(name="乙", handle="yi", unit_name=None)))
    assert len(claim.accounts) == 2
    assert [m.code for m in judged(claim).missing if m.code.startswith("field")] == ["field:unit_name"]


def test_a_form_that_names_no_registrant_stands_alone_among_several():
    """With a sentence for a person."""
    mail = found(
        file("a.docx", unit_form()),
        file("b.docx", other_unit()),
        file("c.docx", unit_form(name="丙", handle="bing", unit_name=None)),
    )
    assert len(mail) == 3 and mail[2].doubts


def test_an_individuals_form_beside_a_units_form_is_another_registrant():
    """The head's own account is his own."""
    unit, person = found(
        file("a.docx", unit_form()),
        file("b.docx", individual_form(owner_name=HEAD, owner_id_number=id_number(9))),
        file("证.jpg", certificate()),
        file("身份证.jpg", card()),
    )
    assert (unit.category, person.category) == ("unit", "individual")
    # his card proves both
    assert [judged(claim).status for claim in (unit, person)] == ["complete", "complete"]


def test_both_kinds_of_form_for_the_same_account_are_one_claim_for_a_person():
    """Which of the two counts, nobody can guess."""
    same = {"name": "青石小学之声", "handle": "qsxx2019"}
    (claim,) = found(file("a.docx", unit_form()), file("b.docx", individual_form(**same)))
    assert claim.category is None
    assert (judged(claim).category, judged(claim).status) == ("unknown", "review")


def test_the_same_form_in_word_and_as_a_scan_is_one_account():
    """Both files are remembered; the typed one is believed; what it lacks comes from the other."""
    scan = unit_form(reading={"method": "ocr", "confidence": 0.93}, admin_name="周晓三", address="青石镇一号")
    (claim,) = found(file("扫描.pdf", scan), file("登记表.docx", unit_form(), role="unit_form"))
    (account,) = claim.accounts
    assert (account.attachment_id, claim.copies, claim.files) == (1, ((0, 0),), (0, 1))
    assert account.value("admin_name") == "周晓兰"
    assert account.get("address").attachment_id == 0
    assert claim.doubts == ()


def test_a_scan_whose_names_were_misread_makes_no_phantom_registrant():
    """Name of unit and account each wrong by one character: still the scan of the typed form, and a person is told."""
    scan = unit_form(
        reading={"method": "ocr", "confidence": 0.93},
        name="青石小学之户",
        handle="qsxx20l9",
        unit_name="衡东县青右镇中心小学",
    )
    (claim,) = found(
        file("登记表.docx", unit_form()), file("盖章扫描.jpg", scan), file("证.pdf", certificate(), card())
    )
    assert (len(claim.accounts), claim.copies) == (1, ((0, 1),))
    assert claim.keys.form_names == frozenset({"unit:青石镇中心小学"})
    assert "同一份登记表" in claim.doubts[0]


def test_a_scan_whose_units_name_was_misread_is_a_plain_copy():
    """The account is the same: nothing to ask."""
    scan = unit_form(reading={"method": "ocr", "confidence": 0.93}, unit_name="衡东县青右镇中心小学")
    (claim,) = found(
        file("盖章扫描.jpg", scan), file("登记表.docx", unit_form()), file("证.pdf", certificate(), card())
    )
    assert (len(claim.accounts), claim.doubts, judged(claim).status) == (1, (), "complete")


@pytest.mark.parametrize(
    "values",
    [
        {"name": "青石小学之友", "handle": "friends", "registered_on": "2018-03-05"},
        {"name": "青石小学之友", "handle": "qsxx2018", "registered_on": "2019-01-01"},
        {"service_type": "新浪微博", "platform": "新浪微博"},
    ],
    ids=["another handle", "another day", "another platform"],
)
def test_the_scan_of_another_account_is_an_account(values):
    """It is not swallowed by one with a similar name."""
    scan = unit_form(reading={"method": "ocr", "confidence": 0.93}, **values)
    (claim,) = found(file("登记表.docx", unit_form()), file("二.jpg", scan))
    assert len(claim.accounts) == 2


def test_two_typed_forms_of_one_account_that_differ_are_for_a_person():
    """Which of them counts?"""
    (claim,) = found(file("a.docx", unit_form()), file("b.docx", unit_form(admin_phone="13907340099")))
    assert len(claim.accounts) == 1
    assert "管理员手机号码不一致" in claim.doubts[0] and "13907340099" not in claim.doubts[0]


def test_two_accounts_under_one_telephone_number_stay_two():
    """The form itself suggests a telephone number as the account."""
    (claim,) = found(
        file("a.docx", unit_form(handle="13907340001")),
        file("b.docx", unit_form(name="青石党建", handle="13907340001")),
    )
    assert len(claim.accounts) == 2


def test_papers_without_a_form_are_one_claim_of_the_unit():
    """Certificate and card together."""
    (claim,) = found(file("1.jpg", certificate()), file("2.jpg", card()))
    assert (claim.category, len(claim.papers)) == ("unit", 2)
    assert [m.code for m in judged(claim).missing] == ["unit_form"]


def test_an_id_card_alone_is_a_claim_of_nobody_known():
    """Front and back are one person's."""
    (claim,) = found(file("1.jpg", card()), file("2.jpg", card(side="back")))
    assert (claim.category, len(claim.papers), claim.keys.people) == (None, 2, frozenset({HEAD}))


def test_cards_of_several_people_without_forms_are_several_claims():
    """One per evident registrant."""
    assert len(found(file("1.jpg", card()), file("2.jpg", own_card()))) == 2


def test_papers_of_two_units_without_forms_are_joined_by_the_head_that_the_certificate_names():
    """The card goes where its holder is named."""
    one, two = found(
        file("1.jpg", certificate(principal=HEAD)),
        file("2.jpg", other_certificate(principal=OTHER_HEAD)),
        file("3.jpg", other_card()),
        file("4.jpg", card()),
    )
    assert (one.files, two.files) == ((0, 3), (1, 2))


def test_a_paper_that_names_another_goes_to_the_only_registrant_and_contradicts():
    """So a person looks, and nothing is called missing."""
    (claim,) = found(file("a.docx", unit_form()), file("1.jpg", other_certificate()), file("2.jpg", card()))
    assert (judged(claim).status, judged(claim).missing) == ("review", ())


def test_a_paper_that_could_be_anybodys_is_a_doubt_of_everybody():
    """It is not counted for one by guess."""
    mail = found(
        file("a.docx", unit_form()),
        file("b.docx", other_unit()),
        file("1.jpg", certificate()),
        file("2.jpg", other_certificate()),
        file("3.jpg", card("王小二", id_number(7))),
    )
    for claim in mail:
        assert (judged(claim).status, judged(claim).missing) == ("review", ())
        assert any("不能确定" in reason for reason in judged(claim).review_reasons)


@pytest.mark.parametrize(
    "names",
    [
        ("青石/表.docx", "白石/表.docx", "青石/证.jpg"),
        ("a.docx", "b.docx", "青石镇中心小学营业执照.jpg"),
        ("青石.docx", "白石.docx", "青石(1).jpg"),
    ],
    ids=["same folder", "its name in the file's name", "same stem"],
)
def test_an_illegible_paper_goes_where_its_place_or_name_leads(names):
    """Folder, file name, stem."""
    one, two = found(file(names[0], unit_form()), file(names[1], other_unit()), file(names[2], certificate(None, None)))
    assert (one.files, two.files) == ((0, 2), (1,))


def test_a_picture_inside_a_document_belongs_to_the_forms_of_that_document():
    """The card pasted under the form."""
    one, two = found(
        file("a.docx", unit_form()), file("b.docx", other_unit()), file("image1.png", card(None, None), parent=1)
    )
    assert (one.files, two.files) == ((0,), (1, 2))


def test_two_archives_are_two_registrants_files():
    """One archive per unit."""
    one, two = found(
        file("甲.zip", role="container"),
        file("乙.zip", role="container"),
        file("表.docx", unit_form(), parent=0),
        file("表.docx", other_unit(), parent=1),
        file("x.jpg", card(None, None), parent=1),
    )
    assert (one.files, two.files) == ((2,), (3, 4))


def test_an_unread_file_belongs_to_everybody_or_to_its_neighbours():
    """It may be anyone's form, unless it lies in one's folder."""
    one, two = found(
        file("甲/a.docx", unit_form()),
        file("乙/b.docx", other_unit()),
        file("c.wps", problem="unsupported"),
        file("乙/d.rar", problem="encrypted"),
    )
    assert [[f.filename for f in claim.unread] for claim in (one, two)] == [["c.wps"], ["c.wps", "乙/d.rar"]]


def test_only_unread_files_make_a_claim_without_material():
    """Whether that opens a submission is not decided here."""
    (claim,) = found(file("登记表.wps", problem="unsupported"))
    assert not claim.has_material and len(claim.unread) == 1


def test_a_signature_picture_that_could_not_be_read_is_nobodys():
    """It stands inline in the mail."""
    (claim,) = found(file("a.docx", unit_form()), file("image001.png", problem="unreadable", inline=True))
    assert claim.unread == ()


def test_a_blank_form_is_no_account():
    """It was sent along untouched."""
    (claim,) = found(
        file("a.docx", unit_form()),
        file("空表.docx", without(unit_form(), *[f.name for f in unit_form().fields]), role="blank_form"),
    )
    assert len(claim.accounts) == 1


def test_a_form_in_the_mails_body_has_no_file():
    """attachment_id is None."""
    (claim,) = found(file("1.jpg", own_card()), body=(individual_form(),))
    assert claim.accounts[0].attachment_id is None and judged(claim).status == "complete"


def test_an_invalid_number_groups_nobody():
    """Only valid numbers are keys."""
    forms = [
        individual_form(owner_name=name, name=name, handle=name, owner_id_number=invalid("owner_id_number", "4304"))
        for name in ("甲一", "乙二")
    ]
    assert len(found(file("a.docx", forms[0]), file("b.docx", forms[1]))) == 2


def test_indices_become_rows():
    """Once the attachments are stored."""
    form = unit_form(address=field("address", "青石镇", attachment_id=1))
    (claim,) = found(file("a.docx", form), file("证.jpg", certificate()))
    stored = numbered(claim, {0: 70, 1: 71})
    assert (stored.accounts[0].attachment_id, stored.papers[0].attachment_id, stored.files) == (70, 71, (70, 71))
    assert stored.accounts[0].get("address").attachment_id == 71


def test_a_paper_sent_again_is_nothing_new():
    """Another scan of the same card."""
    had = (HeldPaper(card(), 3, "a.jpg"),)
    again = (
        HeldPaper(card(), 9, "b.jpg"),
        HeldPaper(card(side="back"), 9, "b.jpg"),
        HeldPaper(card(side="back"), 10, "c.jpg"),
    )
    assert new_papers(had, again) == again[1:2]


PIECES = [
    unit_form(),
    other_unit(),
    individual_form(),
    individual_form(name="乙", handle="yi", owner_id_number=None),
    unit_form(name="丙", handle="bing", unit_name=None),
    certificate(),
    other_certificate(),
    certificate(None, None),
    card(),
    other_card(),
    own_card(),
    card("王小二", id_number(7)),
    card(side="back"),
]


def outline(claim: Claim) -> tuple:
    """The claim by what it holds, without places."""
    return (
        claim.category,
        sorted(repr(account.value("name")) for account in claim.accounts),
        sorted(repr(held.paper) for held in claim.papers),
        sorted(claim.doubts),
    )


@settings(max_examples=150)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=6, unique_by=id), data=st.data())
def test_the_order_of_the_files_changes_nothing(pieces, data):
    """Any permutation gives the same registrants with the same things."""
    files = [file(f"{chr(97 + PIECES.index(piece))}.bin", piece) for piece in pieces]
    mixed = data.draw(st.permutations(files))
    assert sorted(map(outline, found(*files))) == sorted(map(outline, found(*mixed)))


@settings(max_examples=150)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=6))
def test_no_form_and_no_paper_is_lost(pieces):
    """Every file that says something belongs to some registrant."""
    files = [file(f"{index}.bin", piece) for index, piece in enumerate(pieces)]
    assert sorted(
        {index for claim in found(*files) for index in (*claim.files, *(i for _, i in claim.copies))}
    ) == list(range(len(files)))


def test_the_owner_of_a_form_is_a_key():
    """And an ID card in a unit's claim is not the unit's number."""
    (unit,) = found(file("a.docx", unit_form()), file("b.jpg", card()))
    (person,) = found(file("a.docx", individual_form()))
    assert unit.keys.id_numbers == frozenset() and HEAD in unit.keys.people
    assert person.keys.id_numbers == frozenset({id_number(1)}) and person.keys.form_names == frozenset(
        {f"person:{OWNER}"}
    )
