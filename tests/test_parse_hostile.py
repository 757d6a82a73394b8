"""Reading is total and bounded: hostile mails, any bytes, mutated real mails, and the standard library's opinion."""

import base64
import email
import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pytest
from build_mails import HANDS, file_part, mail, multipart, text_part, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.config import ReadLimits
from intake.reading.parse import parse

HEAD = b"From: a@example.cn\r\nTo: b@example.cn\r\nSubject: x\r\n"
ROOT = Path(__file__).parent.parent
SUBJECT = "关于「衡东镕城」「堃记土菜」等三个新媒体账号登记表及证明材料的报送函,请查收"
FILENAME = "衡东县新媒体账号调查摸底登记表(单位)镕.docx"
OCTETS = "application/octet-stream"


def seconds(raw: bytes) -> float:
    """How long reading takes."""
    start = time.perf_counter()
    parse(raw)
    return time.perf_counter() - start


HOSTILE = {
    "200,000 parts": HEAD + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\n" * 200_000,
    "2,000 levels": HEAD
    + b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i) for i in range(2000))
    + b"\r\n" * 1_000_000,
    "2,000 mails in mails": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 2000,
    "1.3 MB subject": b"Subject: =?gb2312?B?" + base64.b64encode(b"\xd6\xd0" * 500_000) + b"?=\r\n" + HEAD + b"\r\n",
    "1.3 MB of encoded-words": b"Subject: " + b"\r\n ".join([b"=?gb2312?B?1tDOxA==?="] * 60_000) + b"\r\n\r\n",
    "broken encoded-words": b"Subject: " + b"=?a?b?" * 200_000 + b"\r\n\r\n",
    "one line": HEAD + b"\r\n" + b"a" * 20_000_000,
    "empty lines": HEAD + b"\r\n" + b"\n" * 20_000_000,
    "100,000 header fields": b"".join(b"X-%d: a\r\n" % i for i in range(100_000)) + b"\r\n",
    "50,000 recipients": b"To: " + b", ".join(b"a%d@b.cn" % i for i in range(50_000)) + b"\r\n\r\n",
    "nested comments": b"From: " + b"(" * 60_000 + b"\r\n\r\n",
    "semicolons": b'Content-Type: text/plain; a="' + b";" * 60_000 + b"\r\n\r\n",
    "continuations": b"Content-Type: text/plain" + b"; a*0*=x" * 9_000 + b"\r\n\r\n",
    "nested tables": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<table><tr><td>" * 100_000,
    "open comments": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<!--" * 400_000,
    "data links": HEAD + b"Content-Type: text/html\r\n\r\n" + b"data:image/png;base64," * 100_000,
    "flowed": HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \r\n" * 300_000,
    "zeros": bytes(2_000_000),
    "nothing": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_within_two_seconds(name):
    """Each of these hangs, overflows or bloats some parser."""
    assert seconds(HOSTILE[name]) < 2


def test_what_is_left_out_of_a_hostile_mail_is_said():
    """Nothing is silently missing."""
    assert "too-many-parts" in parse(HOSTILE["200,000 parts"]).message.defects
    assert "nested-too-deep" in parse(HOSTILE["2,000 levels"]).message.defects
    assert len(parse(HOSTILE["200,000 parts"], ReadLimits(max_parts=10)).parts) <= 10


def test_a_50_mb_mail_costs_less_than_200_mb(tmp_path):
    """Mapped from its file, in a fresh process, peak against peak."""
    path = tmp_path / "big.eml"
    path.write_bytes(mail(attachments=[("a.bin", bytes(range(256)) * 144_000, "application/octet-stream")]))
    assert path.stat().st_size > 50_000_000
    program = (
        "import resource, sys; from pathlib import Path; from intake.reading.parse import parse\n"
        "from intake.reading.unpack import unpack; from intake.config import ReadLimits\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "parse(b'Subject: x'); before = peak(); unpack(parse(Path(sys.argv[1])), ReadLimits()); print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", program, path], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200 * 1024


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=3000))
def test_any_bytes_give_a_message(raw):
    """Parsing is total, and its text can be stored."""
    message = parse(raw).message
    for text in (
        message.subject,
        message.text,
        message.html,
        message.from_name,
        *(value for _, value in message.headers),
    ):
        (text or "").encode("utf-8")
    assert message.size == len(raw)


_SEEDS = [
    mail(SUBJECT, hand=hand, html="<p>x</p>", attachments=[(FILENAME, zipped([("a.txt", b"a")]), "application/zip")])
    for hand in HANDS
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(_SEEDS), st.data())
def test_mutated_real_mails_give_a_message(raw, data):
    """Bytes flipped, cut out, doubled."""
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(raw) - 1))
        length = data.draw(st.integers(0, 60))
        filling = data.draw(
            st.sampled_from([b"", b"\x00", b"\r\n", b"\r\n\r\n", b"--", b'"', b"=?", b";", raw[start:][:80]])
        )
        raw = raw[:start] + filling + raw[start + length :] or b"x"
    parsed = parse(raw)
    assert parsed.message.sha256 == hashlib.sha256(raw).hexdigest()
    (parsed.message.text + (parsed.message.subject or "")).encode("utf-8")


_LEAVES = st.one_of(
    st.builds(
        text_part, st.text(st.characters(codec="gb18030", exclude_categories=["Cc", "Cs", "Co", "Cn"]), max_size=40)
    ),
    st.builds(file_part, st.just("a.bin"), st.binary(max_size=60), st.just("application/octet-stream")),
)
_KINDS = st.sampled_from(["mixed", "related"])
_TREES = st.recursive(
    _LEAVES, lambda kids: st.builds(multipart, _KINDS, st.lists(kids, min_size=1, max_size=3)), max_leaves=8
)


@settings(max_examples=100, deadline=None)
@given(_TREES)
def test_well_formed_mail_gives_the_same_leaves_as_the_standard_library(tree):
    """Our ranges against email.message's tree: same files, same bytes, same order."""
    raw = HEAD + tree
    standard = [leaf.get_payload(decode=True) for leaf in email.message_from_bytes(raw).walk()
                if leaf.get_content_type() == "application/octet-stream"]  # fmt: skip
    ours = [part.data for part in parse(raw).parts if part.media_type == "application/octet-stream"]
    assert ours == standard
