"""What a survey declares by itself: documents of other kinds, the thing that is registered, categories of any number."""

import re
from dataclasses import replace

import pytest
from build_drones import EXAMPLE, invoice, licence, page, policy
from build_outcomes import a_file, a_reading
from test_pdf import LIMITS

from intake.readers import pdf
from rules.complete import judge
from rules.errors import RuleError
from rules.form_kind import decide_kind
from rules.group_papers import seed_from_papers
from rules.identity import read_papers
from rules.kind import kind_of
from rules.layout import Title
from rules.match import account_keys
from rules.reading import FieldValue, Paper
from rules.registrant import name_key, registrant_code, registrant_id_number
from rules.submission import Account, Facts, HeldPaper
from rules.survey import load_survey
from rules.withdrawal import asks_withdrawal

DRONES = load_survey(EXAMPLE / "survey.yaml")
TEXT = (EXAMPLE / "survey.yaml").read_text("utf-8")


def papers_of(file: tuple) -> tuple[Paper, ...]:
    """What an electronic document of that name and these bytes is taken for."""
    return read_papers(pdf.read(file[1], LIMITS), DRONES)


@pytest.mark.parametrize(("file", "kind", "holder", "number"), [
    (invoice("163CG7A0010427", "某公司"), "purchase_invoice", None, "163CG7A0010427"),
    (invoice("3Q4-77/AB", "某公司", title="增值税专用发票"), "purchase_invoice", None, "3Q4-77/AB"),
    (policy("PDZA2021", "青禾县农业技术推广站"), "liability_policy", "青禾县农业技术推广站", "PDZA2021"),
    (licence("岑小舟"), "pilot_licence", "岑小舟", "UAS-3601-7788"),
])  # fmt: skip
def test_a_declared_document_is_known_by_its_heading_and_words(file, kind, holder, number):
    """With whose it is and its number."""
    (paper,) = papers_of(file)
    assert (paper.kind, paper.holder, paper.number, paper.doubts) == (kind, holder, number, ())
    assert len(paper.evidence) == 2


@pytest.mark.parametrize(("title", "lines", "found"), [
    ("购销合同", ["购买方:甲", "销售方:乙", "发票代码另附", "开票日期另定", "产品序列号:163CG7A0010427"], 0),
    ("关于索取增值税电子普通发票的函并附各项说明", ["发票代码:1", "发票号码:2", "开票日期:3", "购买方:4"], 0),
    ("江源增值税电子普通发票", ["谢谢惠顾", "产品序列号:163CG7A0010427"], 1),
    ("江源增值税电子普通发票(样张)", ["发票代码:1", "发票号码:2", "开票日期:3", "购买方:4", "产品序列号:163CG7A0010427"], 1),
])  # fmt: skip
def test_what_only_looks_like_one_is_none_or_goes_to_a_person(title, lines, found):
    """Never accepted: no heading is no such document, a heading without the printed words is a doubt."""
    papers = papers_of(("x.pdf", page(title, lines)))
    assert len(papers) == found and all(paper.doubts for paper in papers)


def drone(handle: str, name: str = "大疆 Mavic 2 Pro", **more) -> Account:
    """A filled form of a person."""
    fields = {"name": name, "handle": handle, "service_type": "轻型", "registered_on": "2021-03-02", "takeoff_weight": 907,
              "uses": ("航拍摄影",), "owner_name": "岑小舟", "owner_id_number": "430424199204170188",
              "owner_phone": "13800791102", "admin_name": "岑小舟", "admin_phone": "13800791102", **more}
    return Account("person_form", tuple(FieldValue(key, value, str(value)) for key, value in fields.items() if value is not None))


def held(kind: str, number: str | None, holder: str | None = None, **more) -> HeldPaper:
    """A document as it was read."""
    return HeldPaper(Paper(kind, None, kind, holder, number, **more), None, f"{kind}.pdf")


CARD = held("id_card", "430424199204170188", "岑小舟")
CARD = replace(CARD, paper=replace(CARD.paper, side="front"))


@pytest.mark.parametrize(("accounts", "papers", "status", "missing"), [
    ([drone("A1"), drone("B2")], [CARD, held("purchase_invoice", "A1"), held("purchase_invoice", "B2")], "complete", []),
    ([drone("A1"), drone("B2")], [CARD, held("purchase_invoice", "A1")], "incomplete", ["purchase_invoice"]),
    ([drone("A1")], [CARD, held("purchase_invoice", "A-1")], "complete", []),
    ([drone("A1")], [CARD, held("purchase_invoice", "A2")], "review", []),
    ([drone("A1")], [CARD, held("purchase_invoice", None)], "review", []),
    ([drone("A1")], [CARD, held("purchase_invoice", "A1"), held("purchase_invoice", "C3")], "review", []),
    ([drone("A1")], [CARD, held("purchase_invoice", "A1", doubts=("看不清。",))], "review", []),
    ([drone("A1")], [CARD, held("liability_policy", "A1")], "incomplete", ["purchase_invoice"]),
    ([drone("A1", takeoff_weight=None)], [CARD, held("purchase_invoice", "A1")], "incomplete", ["field:takeoff_weight"]),
    ([drone("A1")], [held("purchase_invoice", "A1")], "incomplete", ["id_card"]),
])  # fmt: skip
def test_every_thing_needs_its_own_proof(accounts, papers, status, missing):
    """And `complete` is said only when each has it."""
    judgement = judge(Facts(accounts=tuple(accounts), papers=tuple(papers)), DRONES)
    assert (judgement.status, [one.code for one in judgement.missing]) == (status, missing), judgement


def test_two_of_one_model_are_two_and_known_by_their_numbers():
    """`identity` says so: the same name does not make them one."""
    from rules.accounts import merge_accounts

    merged, changes = merge_accounts([drone("A1")], [drone("B2"), drone("a-1", takeoff_weight=900)], DRONES)
    assert [account.value("handle") for account in merged][1:] == ["B2"] and len(merged) == 2
    assert {change.name for change in changes} == {"handle", "takeoff_weight"}
    assert account_keys(merged, DRONES) == {"-/handle/a1", "-/handle/b2"}


def test_names_and_numbers_are_those_of_the_category():
    """Organisations of two categories are compared alike; a club has no ID number, a person no code."""
    assert name_key("company", "青禾县航模协会", DRONES) == name_key("club", "航模协会", DRONES) == "unit:航模协会"
    assert name_key("person", "岑小舟", DRONES) == "person:岑小舟" and name_key("unit", "岑小舟", DRONES) is None
    facts = Facts(accounts=(drone("A1"),), papers=(CARD,))
    assert registrant_id_number(facts, "person", DRONES) == "430424199204170188"
    assert registrant_id_number(facts, "club", DRONES) is None and registrant_code(facts, "person", DRONES) is None


def test_papers_without_a_form_are_of_one_registrant_each_by_card_only():
    """An invoice alone names nobody surely."""
    both = [CARD, held("purchase_invoice", "A1"), held("liability_policy", "P1", "某公司")]
    assert [len(group.papers) for group in seed_from_papers(both, DRONES)] == [1]
    assert [len(group.papers) for group in seed_from_papers(both[1:], DRONES)] == [2]
    assert seed_from_papers([], DRONES) == []


def test_with_one_category_every_form_is_of_it():
    """No title need tell."""
    alone = replace(DRONES, categories=DRONES.categories[:1])
    assert decide_kind(None, [], alone)[0] == "company_form"
    assert decide_kind(Title("随便什么表", None), [], alone)[0] == "company_form"
    judgement = judge(Facts(), alone)
    assert judgement.category == "company" and judgement.missing[0].code == "company_form"


@pytest.mark.parametrize(("words", "kind"), [
    ("电子发票已开具,请下载。", "unrelated"), ("发票", "unrelated"), ("无人机登记的购机发票补上", "usable"), ("请查收发票,报送材料", "usable"),
])
def test_an_invoice_is_a_material_only_where_somebody_hands_in(words, kind):
    """Every office gets invoices for printing paper."""
    file = replace(a_file("发票.pdf"), role="purchase_invoice", papers=(held("purchase_invoice", "A1").paper,))
    found = kind_of(a_reading(file, subject="发票", text=words), DRONES, frozenset())
    assert found.kind == kind, found
    assert kind_of(a_reading(file, subject="发票", text=words), DRONES, frozenset(), known_sender=True).kind == "usable"


@pytest.mark.parametrize(("words", "asked"), [
    ("我那架无人机不用了,申请取消登记", True), ("飞机停用了,申请注销", True), ("无人机已停用,请办理", True), ("公众号停用了,请知悉", False)])
def test_giving_up_is_told_by_what_the_thing_is_called(words, asked):
    """`item.called`."""
    assert asks_withdrawal(a_reading(subject="申请", text=words), DRONES) is asked


@pytest.mark.parametrize(("old", "new", "key"), [
    ("  - name: purchase_invoice\n", "  - name: id_card\n", "papers[0].name"),
    ("    number: [产品序列号, 序列号, SN码, 机身编号]\n", "", "papers[0]"),
    ("    least: 4\n    number", "    least: 1\n    number", "papers[0].least"),
    ("      - code: liability_policy\n        paper: liability_policy", "      - code: liability_policy\n        paper: id_card",
     "categories[0].demands[2].paper"),
    ("        clause: 《通告》第四条第2项\n        number: handle\n", "        clause: 《通告》第四条第2项\n", "categories[0].demands[1]"),
    ("        clause: 《通告》第四条第2项\n        number: handle\n", "        clause: 《通告》第四条第2项\n        holder: unit_name\n",
     "categories[0].demands[1]"),
    ("    form: club_form\n", "    form: company_form\n", "categories[1].form"),
    ("  - name: takeoff_weight\n", "  - name: 起飞重量\n", "fields[5].name"),
    ("  - name: owner_id_number\n", "  - name: owner_card\n", "fields[17].kind"),
    ("  - name: name\n", "  - name: model\n", "fields"),
    ("    kind: options\n", "    kind: platform\n", "fields[7].choices"),
])  # fmt: skip
def test_a_mistake_in_what_a_survey_declares_is_named(tmp_path, old, new, key):
    """File, line, key, and a Chinese sentence."""
    assert old in TEXT
    for name in ("forms", "replies"):
        (tmp_path / name).symlink_to(EXAMPLE / name)
    (tmp_path / "survey.yaml").write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(RuleError) as raised:
        load_survey(tmp_path / "survey.yaml")
    assert raised.value.key == key and raised.value.line and re.search("[一-鿿]", str(raised.value))
