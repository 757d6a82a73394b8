"""Random histories: mails, clerks' commands in any order, and what must hold of every one of them.

A history follows from its seed alone: `INTAKE_SEEDS=275,276 pytest tests/test_random_histories.py` plays it again, and
`INTAKE_SEEDS=1-400` as many as there is patience for.
"""

import dataclasses
import json
import os
import random
from pathlib import Path

import pytest
from build_conversation import Play
from build_facts import SURVEY
from test_replay import dump, replay

from store.database import one, rows

#: those of every run
_SEEDS = (2, 3, 7, 14, 37, 48, 275)
_STEPS = 14
_SENDERS = ("a@example.net", "b@example.net", "c@example.net")
_UNITS = ("衡东县青石镇中心小学", "青石完小", "白莲镇卫生院", "衡东县白莲镇卫生院")
_NAMES = ("青石小学之声", "白莲健康", "青石视频")
_PEOPLE = ("谭晓禾", "罗正平", "周小满")
_COLUMNS = ("name=青石之声", "handle=qszs", "unit_name=衡东县青石镇中心小学", "owner_name=谭晓禾", "admin_phone=13907340009",
            "registered_on=2019-01-02", "owner_id_number=<身份证1>")
_MATERIALS = ("id_card", "principal_id_card", "org_certificate", "unit_form")


def _form(dice: random.Random) -> dict:
    made = {"种类": dice.choice(["单位表", "单位表", "个人表"]), "name": dice.choice(_NAMES), "handle": dice.choice(["h1", "h2", "h3"])}
    if made["种类"] == "单位表":
        made["unit_name"] = dice.choice(_UNITS)
    else:
        made["owner_name"], made["号"] = dice.choice(_PEOPLE), dice.choice([1, 2, 9])
    if dice.random() < 0.3:
        made["空着"] = dice.sample(["name", "handle", "registered_on", "admin_phone"], dice.randint(1, 2))
    return made


def _paper(dice: random.Random):
    if dice.random() < 0.4:
        return {"种类": "单位证书", "名称": dice.choice(_UNITS), "号": dice.choice([1, 2])}
    if dice.random() < 0.2:
        return dice.choice(["国徽面", "看不清", "加密", "无关文件", "空白表"])
    return {"种类": "身份证", "姓名": dice.choice(_PEOPLE), "号": dice.choice([1, 2, 9])}


def _mail(dice: random.Random, answering: str | None) -> dict:
    files = {f"{serial}.docx": _form(dice) for serial in range(dice.choice([0, 1, 1, 1, 2]))}
    files |= {f"{serial}.jpg": _paper(dice) for serial in range(dice.choice([0, 1, 1, 2]))}
    made = {"发件人": dice.choice(_SENDERS), "附件": files}
    if dice.random() < 0.15:
        made["正文"] = f"补充材料，编号HD2019-000{dice.randint(1, 9)}。"  # it may not exist
    if dice.random() < 0.08:
        made["自动"] = True
    if answering and dice.random() < 0.4:
        made |= {"答复": True, "答复给": answering}
    return made


def _command(dice: random.Random, stage: Play) -> str:
    """A command about what is there, and now and then about what is not."""
    numbers = [row["number"] for row in rows(stage.database, "SELECT number FROM submissions")] + ["HD2019-0099"]
    mails = [row["id"] for row in rows(stage.database, "SELECT id FROM messages")] + [99]
    accounts = [row["id"] for row in rows(stage.database, "SELECT id FROM accounts")] + [99]
    number, other, mail = dice.choice(numbers), dice.choice(numbers), dice.choice(mails)
    return dice.choice((
        f"correct {number} {dice.choice(_COLUMNS)} --account {dice.choice(accounts)}", f"correct {number} {dice.choice(_COLUMNS)}",
        f"merge {number} {other}", f"assign {mail} {number}", f"assign {mail} new", f"note {number} 稍等",
        f"accept {number} {dice.choice(_MATERIALS)} --why 当面核验", f"reject {number} {dice.choice(_MATERIALS)}",
        f"category {number} {dice.choice(['unit', 'individual'])}", f"clear {number}", f"clear --message {mail}",
        f"paper {number} --anyway", f"paper {number} --undo", f"withdraw {number}", f"withdraw {number} --undo",
        f"split {number} --account {dice.choice(accounts)}", f"split {number} --message {mail}"))


def _step(dice: random.Random, stage: Play) -> None:
    choice = dice.random()
    if choice < 0.45 or not stage.mails:
        sent = one(stage.database, "SELECT to_address FROM replies ORDER BY id DESC LIMIT 1")
        stage.mail(_mail(dice, sent and sent["to_address"]))
    elif choice < 0.55:
        stage.again(dice.randint(1, len(stage.mails)))
    else:
        code, said = stage.clerk(_command(dice, stage))
        assert code in (0, 1, 2), said


def _check(stage: Play) -> None:
    """The promises, whatever has happened."""
    database = stage.database
    assert rows(database, "PRAGMA foreign_key_check") == []
    assert rows(database, "SELECT id FROM messages WHERE state <> 'processed'") == []
    for row in rows(database, "SELECT * FROM submissions"):
        missing, reasons = json.loads(row["missing"]), json.loads(row["review_reasons"])
        if row["merged_into"] is None and row["status"] not in ("withdrawn", "registered"):
            wanted = "incomplete" if missing else "review" if reasons else "complete"
            assert row["status"] == wanted, (row["number"], row["status"], missing, reasons)
        if row["status"] == "complete":
            assert one(database, "SELECT 1 FROM accounts WHERE submission_id = ?", [row["id"]]), row["number"]
    # nobody was told complete while something was missing, and no mail got two answers of its own
    assert rows(database, "SELECT 1 FROM replies r JOIN reply_submissions l ON l.reply_id = r.id WHERE r.kind = "
                          "'acknowledgement' AND (l.status IS NOT 'complete' OR l.missing IS NOT '[]')") == []
    assert rows(database, "SELECT message_id FROM replies WHERE message_id IS NOT NULL GROUP BY message_id HAVING count(*) > 1 "
                          "AND count(DISTINCT kind || body) < count(*)") == []
    assert rows(database, "SELECT r.id FROM replies r JOIN messages m ON m.id = r.message_id WHERE m.kind IN ('automatic', "
                          "'bounce', 'own', 'unrelated') AND r.state <> 'suppressed'") == []


def _difference(change) -> tuple:
    """What is not the same, short enough to be read."""
    def differing(was, now):
        if isinstance(was, dict):
            return {key: (was.get(key), now.get(key)) for key in was.keys() | now.keys() if was.get(key) != now.get(key)}
        return was, now

    pairs = {field.name: (getattr(change.before, field.name, None), getattr(change.after, field.name)) for field in
             dataclasses.fields(change.after)}
    return change.number, {name: differing(*pair) for name, pair in pairs.items() if pair[0] != pair[1]}


def _seeds() -> list[int]:
    asked = os.environ.get("INTAKE_SEEDS", "")
    if not asked:
        return list(_SEEDS)
    ranges = [part.partition("-") for part in asked.split(",")]
    return [seed for first, _, last in ranges for seed in range(int(first), int(last or first) + 1)]


@pytest.mark.parametrize("seed", _seeds())
def test_whatever_happens_the_promises_hold_and_a_replay_finds_nothing_to_change(seed, tmp_path: Path, monkeypatch, capsys):
    """Straight and replayed are the same, to the last row."""
    dice, stage = random.Random(seed), Play(tmp_path, monkeypatch, capsys)
    for _ in range(_STEPS):
        _step(dice, stage)
        _check(stage)
    before = dump(stage)
    found, drafted = replay(stage.config, SURVEY, stage.database, stage.readings, stage.now)
    assert [_difference(change) for change in found.submissions] == []
    assert (found.mails, found.untrue, drafted) == ((), (), 0)
    assert dump(stage) == before
