"""A database as an office has it after a few days: sample mails and hostile ones, taken in through the real pipeline."""

from contextlib import closing
from pathlib import Path

from build_forms import individual_docx, individual_fields
from build_mails import mail
from build_samples import head_card, jpeg
from build_store import at, configuration, empty_store, shipped_survey

import intake.demo
from intake.config import Config, ReplyPolicy
from intake.mailbox.importing import import_paths

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: of the demonstration: one that lacks a card, a form that is half empty, a certificate of another name
SAMPLES = ("03", "05", "15")
#: what a page must show as text and never run
SCRIPT = "<script>document.title='XSS'</script>"
IMAGE = "<img src=x onerror=\"document.title='XSS'\">"
HOSTILE = ("\"'><svg/onload=document.title='XSS'>", "{{ 7 * 7 }}${7*7}", "javascript:document.title='XSS'")


def office_configuration(folder: Path) -> Config:
    """Answers wait for approval, however old the mail is."""
    return configuration(folder, reply=ReplyPolicy(mode="approve", max_age_days=0, require_recipient=False))


def fill_office(folder: Path) -> None:
    """Sample mails and a hostile one, read and settled."""
    mails = folder / "mails"
    mails.mkdir()
    for path in sorted((Path(intake.demo.__file__).parent / "mails").glob("*.eml")):
        if path.name.startswith(SAMPLES):
            (mails / path.name).write_bytes(path.read_bytes())
    (mails / "90-hostile.eml").write_bytes(hostile_mail())
    (mails / "91-stranger.eml").write_bytes(mail(
        "补交材料 HD2019-0001", "路人 <luren@example.net>", body="登记编号 HD2019-0001，补交身份证，见附件。",
        attachments=[jpeg("身份证.jpg", head_card())]))
    with closing(empty_store(folder)) as database:
        report = import_paths(office_configuration(folder), shipped_survey(), database, [mails],
                              lambda: at("2019-08-05 09:00"))
    assert report.processed == len(SAMPLES) + 2 and not report.failed, report


def hostile_mail() -> bytes:
    """Markup in everything that a stranger writes: subject, sender, file names, body, and every field of the form."""
    fields = individual_fields(
        name=f"账号{SCRIPT}", handle=HOSTILE[0], service_type=f"微信公众号{IMAGE}", introduction=f"{SCRIPT}{IMAGE}{HOSTILE[1]}",
        registered_on="2018-03-05", admin_name=f"罗{IMAGE}", admin_email=HOSTILE[2], admin_wechat=SCRIPT,
        owner_name=f"向{SCRIPT}", owner_wechat=IMAGE, employer=f"{IMAGE}{HOSTILE[0]}")
    form = individual_docx(fields)
    return mail(f"登记{SCRIPT}{IMAGE}", f"{IMAGE} <mean@example.net>", body=f"登记表见附件。{SCRIPT}\n{IMAGE}\n{HOSTILE}",
                attachments=[(f"登记表{IMAGE}.docx", form, DOCX), (f"身份证{SCRIPT}.txt", SCRIPT.encode(), "text/html"),
                             ("../../../etc/passwd", b"root:x:0:0", "text/plain")])
