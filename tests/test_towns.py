"""Which town a submission comes from, and that those of older databases are told theirs."""

from dataclasses import replace

import pytest
from build_facts import SURVEY, account, individual_form
from build_store import add_account, add_submission, at, empty_store

from intake.office import towns
from rules.complete import judge
from rules.submission import Facts
from rules.survey import Choice
from rules.towns import town_of

NOW = at("2019-08-02 08:30")
TOWNS = SURVEY.towns


@pytest.mark.parametrize(
    ("texts", "town"),
    [
        (["衡东县石湾镇人民政府"], "石湾镇"),
        (["衡东县 石湾 镇 中心小学"], "石湾镇"),
        (["衡东县石湾中学", "衡东县洣水镇文明西路12号"], "洣水镇"),
        (["衡东县石湾中学", None], "石湾镇"),
        (["衡东县城关镇卫生院"], "洣水镇"),
        (["衡东县教育局", "衡东县洣水镇衡岳北路"], "洣水镇"),
        (["南湾乡卫生院驻草市镇门诊部"], "南湾乡"),
        (["衡东县三樟乡政府"], "三樟镇"),
        (["衡东县教育局", "衡山路3号"], None),
        (["衡阳市石鼓区某公司", 12, None, ""], None),
        ([], None),
    ],
)
def test_the_town_is_read_from_names_and_addresses(texts, town):
    """A whole name anywhere counts before a short one; of two in one text the first."""
    assert town_of(texts, TOWNS) == town


def test_the_survey_lists_the_towns_of_the_county():
    """Seventeen, each once, all of them known to the reader of pictures."""
    names = [town.name for town in TOWNS]
    assert len(names) == len(set(names)) == 17 and set(names) <= set(SURVEY.places)


def test_a_person_who_is_called_like_a_town_comes_from_none():
    """杨林 is a name, too."""
    plain = account(individual_form(owner_name="杨林", admin_name="杨林"))
    assert judge(Facts(accounts=(plain,)), SURVEY).town is None
    employed = account(individual_form(owner_name="杨林", employer="大浦镇中心卫生院"))
    assert judge(Facts(accounts=(employed,)), SURVEY).town == "大浦镇"


def test_a_survey_without_towns_knows_none():
    """Another office may count by none."""
    assert town_of(["石湾镇政府"], ()) is None


def test_older_submissions_are_told_their_town_once_and_again_when_the_list_changes(tmp_path):
    """After a migration nobody has judged them."""
    database = empty_store(tmp_path)
    first = add_submission(database, registrant="衡东县吴集镇中心小学")
    second = add_submission(database, registrant="衡东县第五中学")
    add_account(database, second, unit_name="衡东县第五中学", address="衡东县杨桥镇")
    add_submission(database, category="individual", registrant="杨林")
    assert towns.refresh(database, SURVEY, NOW) == 2
    assert {row["id"]: row["town"] for row in database.query("SELECT id, town FROM submissions")} == {
        first: "吴集镇",
        second: "杨桥镇",
        second + 1: None,
    }
    assert towns.refresh(database, SURVEY, NOW) == 0

    other = replace(SURVEY, towns=(Choice("吴集", ("吴集镇",)),))
    assert towns.refresh(database, other, NOW) == 2
    assert database["submissions"].get(first)["town"] == "吴集"
    database.close()
