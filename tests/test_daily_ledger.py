"""The workbook that goes with a digest: attached and masked, or in a folder; one mail, whatever happens."""

import io
import os
import stat
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from build_store import (
    ID_NUMBER,
    PHONE,
    add_account,
    add_message,
    add_submission,
    at,
    configuration,
    empty_store,
    shipped_survey,
)
from openpyxl import load_workbook

from intake.office import digest, ledger
from intake.sending.compose import Attachment

MORNING = at("2019-08-02 08:30")
NAME = "登记台账2019-08-02.xlsx"
ADDRESS = f"{PHONE}@139.com"
LANDLINE = "0734-5226196"
LIST = f"单位名称,联络员,联系电话,邮箱\n衡东县石湾镇卫生院,李干事{PHONE},{LANDLINE},liaison@example.net\n"


@pytest.fixture
def store(tmp_path):
    """One person whose numbers stand in every place where somebody can write, and one unit."""
    database = empty_store(tmp_path)
    person = add_submission(
        database, add_message(database), category="individual", id_number=ID_NUMBER, status="review", number="HD2019-0001",
        review_reasons=[f"身份证号{ID_NUMBER}与证件不同。"], registrant=f"谭晓明{PHONE}", contact_address=ADDRESS,
        missing=["id_card"])
    add_account(database, person, form_kind="individual_form", owner_name=f"谭晓明 {ID_NUMBER}", owner_id_number=ID_NUMBER,
                owner_phone=PHONE, handle=PHONE, introduction=f"电话{LANDLINE}，信箱{ADDRESS}", admin_email=ADDRESS,
                admin_phone=PHONE, admin_name=f"向{PHONE}", registered_on=f"约{ID_NUMBER}", employer=ADDRESS)
    add_account(database, add_submission(database, uscc="12430424MB1234567X", number="HD2019-0002"), admin_phone=PHONE)
    yield database
    database.close()


def wanting(tmp_path, ledger, **changes):
    """A configuration whose digests come with the workbook; a list of units too."""
    (tmp_path / "units.csv").write_text(LIST, "utf-8")
    config = configuration(tmp_path, roster=tmp_path / "units.csv")
    return replace(config, digest=replace(config.digest, ledger=ledger, **changes))


def run(config, store, now=MORNING):
    """Make what is due."""
    return digest.run_due(config, shipped_survey(), store, now)


def cut_short(*_):
    """In the place of the last step."""
    raise SystemExit


def attached(store) -> list[list[tuple[str, bytes]]]:
    """The workbooks of every queued mail: their names and bytes."""
    return [[(part.get_filename(), part.get_payload(decode=True)) for part in message_from_bytes(row["mime"], policy=default).walk()
             if part.get_content_disposition() == "attachment"]
            for row in store.query("SELECT mime FROM digest_mails ORDER BY id")]


def cells(octets: bytes) -> list[str]:
    """Every cell of every sheet."""
    return [str(value) for sheet in load_workbook(io.BytesIO(octets)) for row in sheet.iter_rows(values_only=True)
            for value in row if value is not None]


def test_by_default_no_workbook_goes_anywhere(store, tmp_path):
    """As before."""
    made = run(configuration(tmp_path), store)[-1]
    assert attached(store) == [[]] and made.counts["workbook"] is None and "台账见附件" not in made.text
    assert not (tmp_path / "ledgers").exists()


def test_the_workbook_is_attached_and_the_report_says_so(store, tmp_path):
    """Named by the day on which it was made; nothing is left on disk."""
    before = set(tmp_path.iterdir())
    config = wanting(tmp_path, "attach")
    made = run(config, store)[-1]
    ((name, octets),) = attached(store)[0]
    assert name == NAME and {"HD2019-0001", "HD2019-0002", "衡东县石湾镇卫生院"} <= set(cells(octets))
    for page in (made.text, made.html):
        assert "登记台账见附件，其中证件号码、手机号码和邮箱地址已作隐藏。" in page
    assert set(tmp_path.iterdir()) - before == {tmp_path / "units.csv"}


def test_an_attached_workbook_holds_masked_numbers_only(store, tmp_path):
    """In every column that somebody can write into, and on the sheet of the list; a unit's code is no person's number."""
    run(wanting(tmp_path, "attach"), store)
    found = cells(attached(store)[0][0][1])
    for secret in (ID_NUMBER, ID_NUMBER[6:14], PHONE, ADDRESS, LANDLINE, "5226196", "liaison@"):
        assert not [value for value in found if secret in value], secret
    assert "430424********0419" in found and "12430424MB1234567X" in found


def test_an_office_that_wants_to_dial_gets_the_columns_of_telephones_in_full(store, tmp_path):
    """`digest.telephones`; numbers in texts, ID numbers and addresses stay hidden, and the report says what is."""
    made = run(wanting(tmp_path, "attach", telephones="full"), store)[-1]
    found = cells(attached(store)[0][0][1])
    assert PHONE in found and not [value for value in found if ID_NUMBER in value or ADDRESS in value]
    assert f"谭晓明{PHONE}" not in found and "其中证件号码和邮箱地址已作隐藏" in made.text


def test_a_workbook_that_is_too_large_is_written_to_disk_and_the_report_says_where(store, tmp_path, monkeypatch):
    """The mail goes without it."""
    built = ledger.build
    monkeypatch.setattr(ledger, "build", lambda *some: (built(*some)[0] + bytes(1024 * 1024), 2))
    made = run(wanting(tmp_path, "attach", ledger_mb=1), store)[-1]
    path = tmp_path / "ledgers" / NAME
    assert attached(store) == [[]] and PHONE not in cells(path.read_bytes()[:-1024 * 1024])
    for page in (made.text, made.html):
        assert f"登记台账（1.0 MB，超过附件上限 1 MB）已存为 {path}。" in page


def test_a_folder_gets_one_workbook_a_day_as_the_command_writes_it(store, tmp_path):
    """For its owner only; with telephone numbers, without ID numbers."""
    config = wanting(tmp_path, "folder", ledger_folder=tmp_path / "share" / "台账")
    made = run(config, store)[-1]
    run(config, store, MORNING + timedelta(days=1))
    paths = sorted((tmp_path / "share" / "台账").iterdir())
    assert [path.name for path in paths] == [NAME, NAME.replace("02", "03")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert stat.S_IMODE(paths[0].parent.stat().st_mode) == 0o700
    ledger.write(store, tmp_path / "command.xlsx", shipped_survey(), MORNING, roster=None)
    found = cells(paths[0].read_bytes())
    assert set(cells((tmp_path / "command.xlsx").read_bytes())) <= set(found) and PHONE in found and ID_NUMBER not in found
    assert attached(store) == [[], []] and f"登记台账已存为 {paths[0]}。" in made.text


def test_a_folder_that_cannot_be_written_does_not_keep_the_report(store, tmp_path):
    """It says what is wrong."""
    (tmp_path / "file").write_bytes(b"")
    made = run(wanting(tmp_path, "folder", ledger_folder=tmp_path / "file"), store)[-1]
    said = next(line for line in made.text.split("\n") if line.startswith("登记台账未能制作"))
    assert str(tmp_path / "file") in said and "File exists" not in said and len(attached(store)) == 1


def test_whatever_goes_wrong_with_the_workbook_the_office_has_its_report(store, tmp_path, monkeypatch, caplog):
    """Which says so without what a registrant wrote; the log neither."""
    def refuse(*_):
        raise ValueError(f"cannot convert {ID_NUMBER}")

    monkeypatch.setattr(ledger, "build", refuse)
    made = run(wanting(tmp_path, "attach"), store)[-1]
    assert made.counts["workbook"]["outcome"] == "failed" and attached(store) == [[]]
    assert "ValueError" in made.text and ID_NUMBER not in made.text + caplog.text


def test_a_turn_that_is_cut_short_makes_one_mail_and_one_workbook_in_the_end(store, tmp_path, monkeypatch):
    """The workbook was written, the mail not: nothing is known of either, and the next turn does it all."""
    config = wanting(tmp_path, "folder")
    with monkeypatch.context() as broken:
        broken.setattr("store.digests.queue_mail", cut_short)
        with pytest.raises(SystemExit):
            run(config, store)
    assert store["digests"].count == store["digest_mails"].count == 0
    scrap, fresh = (tmp_path / "ledgers" / f".{NAME}.{number}" for number in (1, 2))
    for path, age in ((scrap, 7200), (fresh, 0)):
        path.write_bytes(b"PK")
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    assert len(run(config, store)) == 1 and run(config, store) == []
    assert store["digest_mails"].count == 1
    assert sorted(path.name for path in (tmp_path / "ledgers").iterdir()) == [fresh.name, NAME]


def test_after_down_time_only_the_mail_that_goes_out_bears_a_workbook(store, tmp_path):
    """Registers of days gone by cannot be had any more."""
    made = run(wanting(tmp_path, "attach"), store, at("2019-08-05 09:00"))
    assert [one.counts["workbook"] is not None for one in made] == [False, False, False, True]
    assert [[name for name, _ in mail] for mail in attached(store)] == [["登记台账2019-08-05.xlsx"]]


def test_without_anybody_to_mail_to_nothing_is_built(store, tmp_path, monkeypatch):
    """The digest is only kept."""
    monkeypatch.setattr(ledger, "build", None)
    for config in (replace(wanting(tmp_path, "attach"), smtp=None), wanting(tmp_path, "attach", to=())):
        run(config, store)
    assert store["digests"].count == 1


def test_a_digest_sent_by_hand_keeps_its_promise_of_an_attachment(store, tmp_path):
    """To an address that was added later: the register as it is then."""
    config = wanting(tmp_path, "attach")
    run(config, store)
    both = replace(config, digest=replace(config.digest, to=("office@example.org", "second@example.org")))
    later = MORNING + timedelta(days=3)
    made = digest.stored(store, MORNING.date() - timedelta(days=1))
    workbook = digest.workbook_for(both, shipped_survey(), store, made, later)
    assert digest.store_and_queue(store, made, both, shipped_survey(), later, workbook) == 1
    assert [mail[0][0] for mail in attached(store)] == [NAME, "登记台账2019-08-05.xlsx"]
    assert isinstance(workbook.attachments[0], Attachment)


def test_a_kept_digest_without_a_workbook_gets_none_later(store, tmp_path):
    """It says nothing of one."""
    run(configuration(tmp_path), store)
    made = digest.stored(store, MORNING.date() - timedelta(days=1))
    assert digest.workbook_for(wanting(tmp_path, "attach"), shipped_survey(), store, made, MORNING) is None
