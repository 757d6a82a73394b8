"""What operators and the office read is true: commands, keys, paths, words and tables are those of the program."""

import argparse
import re
import shlex
from itertools import chain
from pathlib import Path

import pytest
import yaml

from intake.cli import parser
from intake.config_file import load_config
from intake.office import attention, running, words
from intake.reading.filetype import CONTAINERS
from intake.reading.read_files import Reader
from rules.autoreply import GUARDS
from rules.survey import load_survey

ROOT = Path(__file__).parent.parent
SURVEY = load_survey(ROOT / "rules" / "survey.yaml")
UNITS = ROOT / "intake" / "systemd"
ENGLISH, CHINESE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))
BOTH = {"README.md": ENGLISH, "README.zh-CN.md": CHINESE}
#: made by the program or by the reader of the page
MADE = ("demo-data/", "raw/", "raw/incoming/", "readings/", "ledgers/", "survey.yaml")
#: kinds of `intake.reading.filetype` that people know under another name
_SPOKEN = {"xmlss": "xls", "wordml": "doc"}
TABLES = {"MAIL_KINDS": words.MAIL_KINDS, "MESSAGE_STATES": words.MESSAGE_STATES, "CATEGORIES": words.categories(SURVEY),
          "STATUSES": words.STATUSES, "TIMELINESS": words.TIMELINESS, "REPLY_KINDS": words.REPLY_KINDS,
          "REPLY_STATES": words.REPLY_STATES, "ROLES": words.roles(SURVEY), "PROBLEMS": words.PROBLEMS,
          "ROSTER_STATES": words.ROSTER_STATES}  # fmt: skip


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def section(text: str, heading: str) -> str:
    """From that heading to the next of its level."""
    level = len(heading) - len(heading.lstrip("#"))
    return re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.MULTILINE | re.DOTALL)[1]


def code(text: str) -> list[str]:
    """Everything between single backticks outside of fenced blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def subparsers() -> dict[str, argparse.ArgumentParser]:
    """The commands by name."""
    return next(action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)).choices


def options(made: argparse.ArgumentParser) -> set[str]:
    """The long options that are the command's own."""
    common = {"--config", "--verbose", "--help", "--version"}
    return set(chain.from_iterable(action.option_strings for action in made._actions)) - common - {"-c", "-v", "-h"}


def calls(text: str) -> list[list[str]]:
    """The arguments of every call of `intake` in code, spoken or fenced, with placeholders filled in."""
    lines = [*chain.from_iterable(block.replace("\\\n", " ").splitlines() for block in blocks(text, "sh")), *code(text)]
    found = []
    for line in lines:
        call = re.search(r"(?:^|^runuser -u intake -- |bin/)intake ([a-z-][^\[…]*)$", re.sub(r"\s+#.*", "", line))
        if call:
            found.append(shlex.split(re.sub(r"\b(?:ID|MESSAGE|编号)\b", "1", call[1])))
    return found


def test_the_commands_table_lists_every_command_and_option_and_no_other():
    """In both directions."""
    commands, _, decisions = section(ENGLISH, "## Commands").partition("What people of the office decide")
    shared = {option for option in ("--as", "--why", "--json") if f"`{option}" in decisions}
    table: dict[str, set[str]] = {}
    for part, common in ((commands, set()), (decisions, shared)):
        for call in re.findall(r"`intake ([^`]*)`", " ".join(re.findall(r"^\| (`intake .*?) \| ", part, re.MULTILINE))):
            given = {*re.findall(r"--[a-z-]+", call), *(common if call.split()[0] != "review" else ())}
            table.setdefault(call.split()[0], set()).update(given)
    assert table == {name: options(made) for name, made in subparsers().items()}
    actions = re.search(r"`intake outbox .*?\[(list.*?)\]", section(ENGLISH, "## Commands"))[1].split(", ")
    assert tuple(actions) == next(a for a in subparsers()["outbox"]._actions if a.dest == "action").choices


@pytest.mark.parametrize("page", BOTH)
def test_every_call_on_the_pages_is_one_that_the_program_takes(page):
    """Parsed by the program's own parser, with a number for each placeholder."""
    found = calls(BOTH[page])
    assert len(found) > 10
    for arguments in found:
        if arguments in (["-h"], ["--version"]):
            continue
        if len(arguments) == 1:  # a command that is only named
            assert arguments[0] in subparsers()
        else:
            assert parser().parse_args(arguments).call


def test_make_is_called_with_targets_that_exist():
    """In shell blocks and in the text."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = [name for page in BOTH.values() for text in (*blocks(page, "sh"), *code(page))
             for name in re.findall(r"(?:^|&& |/)make ([a-z]+)", text, re.MULTILINE)]
    assert {"setup", "demo", "test", "bench"} <= set(named) <= targets


def test_the_example_configuration_is_accepted(tmp_path):
    """By the loader itself; the mailbox is the notice's."""
    (example,) = blocks(ENGLISH, "yaml")
    (tmp_path / "service.yaml").write_text(example, "utf-8")
    config = load_config(tmp_path / "service.yaml")
    assert config.mailboxes[0].address == config.smtp.sender == "hdwxb2019@126.com" and config.reply.mode == "approve"


def configuration_keys() -> set[str]:
    """Dotted keys of service.yaml (all of them stand in the sample) and of survey.yaml, and their last parts."""
    keys = {"password_file", "password_credential"}

    def walk(value, place: str) -> None:
        for name, child in value.items() if isinstance(value, dict) else ():
            keys.update((name, f"{place}{name}"))
            walk(child[0] if isinstance(child, list) and child else child, f"{place}{name}.")
    for file in ("service.yaml", "rules/survey.yaml", "examples/drones/survey.yaml"):
        walk(yaml.safe_load((ROOT / file).read_text("utf-8")), "")
    return keys


@pytest.mark.parametrize("page", BOTH)
def test_every_configuration_key_on_the_pages_exists(page):
    """Dotted ones, ones followed by a value, and single words in the manual's table of settings."""
    keys, named = configuration_keys(), set()
    for text in code(BOTH[page]):
        named.update(re.findall(r"^([a-z]+\.[a-z_]+)(?:: .*)?$", text))
        named.update(re.findall(r"^((?:password|logins|max|per|poll)_[a-z0-9_]+)$", text))
        named.update(re.findall(r"^([a-z_]+): \S+$", text))
    if page == "README.zh-CN.md":
        settings = section(CHINESE, "## 十、怎样改设置")
        named.update(name for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)*)`", settings))
    named = {name for name in named if not name.endswith((".yaml", ".txt", ".cfg", ".db", ".service"))}
    named -= {"send", "off", "approve", "accounts", "extra", "accounts.extra"}  # the last three: table and column
    assert len(named) >= 5 and named <= keys, named - keys


@pytest.mark.parametrize("page", BOTH)
def test_every_path_and_link_on_the_pages_exists(page):
    """Links with their anchors; paths of the repository, also where it is installed at /opt/intake."""
    text = BOTH[page]
    for target in re.findall(r"\]\(([^)]+)\)", text):
        file, _, anchor = target.partition("#")
        assert not file or (ROOT / file).exists(), target
        headings = [re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-")
                    for line in re.findall(r"^#+ (.*)$", BOTH[file or page] if anchor else "", re.MULTILINE)]
        assert not anchor or anchor.lower() in headings, target
    named = [re.sub(r"^/opt/intake/", "", path) for path in chain(code(text), *map(str.split, blocks(text, "sh")))]
    for path in named:
        looks_so = re.fullmatch(r"[\w.-]+/[\w./*-]*|[\w-]+\.(?:yaml|cfg|txt|md|py|sh)", path)
        if looks_so and path not in MADE and not path.startswith((".venv/bin/", "collection/")):
            assert list(ROOT.glob(path)), path


def test_the_page_and_the_service_units_agree():
    """User, folders, the credential and the command line."""
    unit = (UNITS / "intake.service").read_text("utf-8")
    credential = re.search(r"^LoadCredential=(.*)$", unit, re.MULTILINE)[1]
    name, _, path = credential.partition(":")
    assert f"-p LoadCredential={credential}" in ENGLISH and f"install -m 600 /dev/stdin {path}" in ENGLISH
    assert f"password_credential: {name}" in blocks(ENGLISH, "yaml")[0]
    for unit in UNITS.glob("*.service"):
        settings = dict(re.findall(r"^(\w+)=(.*)$", unit.read_text("utf-8"), re.MULTILINE))
        assert settings["User"] == "intake" and f"/var/lib/{settings['StateDirectory']}" == settings["WorkingDirectory"]
        assert "data: /var/lib/intake" in ENGLISH and "useradd --system --home-dir /var/lib/intake" in ENGLISH
        program, *arguments = settings["ExecStart"].split()
        assert program == "/opt/intake/.venv/bin/intake" and parser().parse_args(arguments)
        assert arguments[1:] == ["-c", "/etc/intake/service.yaml"] and arguments[2] in ENGLISH


def test_the_pages_name_the_formats_that_can_be_read():
    """Exactly those: a new reader belongs on both pages, one that is gone does not."""
    from intake.reading import filetype

    reader = Reader(None, None, frozenset(), lambda sha256: None)
    kinds = {kind for kind in (*filetype._MIME, "docm", "wps", "odt", "rtf", "heic") if reader._can_read(kind)}
    promised = {_SPOKEN.get(kind, kind) for kind in kinds | CONTAINERS}
    for page, heading in ((ENGLISH, "## What it reads"), (CHINESE, "## 八、附件能读什么")):
        rows = "\n".join(re.findall(r"^\|.*$", section(page, heading), re.MULTILINE))
        assert set(re.findall(r"`([a-z0-9]+)`", rows)) == promised, heading


@pytest.mark.parametrize("name", TABLES)
def test_the_manual_names_every_code_with_the_offices_word(name):
    """In its table of words, and again where it is explained."""
    glossary = section(CHINESE, "## 十三、名词对照")
    explained = CHINESE.replace(glossary, "")
    for term, word in TABLES[name].items():
        assert re.search(rf"^\| {re.escape(word)} \| \S+ `{term}` \|$", glossary, re.MULTILINE), (term, word)
        assert word in explained or name == "ROLES", word


def test_the_manual_names_no_code_that_does_not_exist():
    """The table of words has nothing else."""
    listed = re.findall(r"^\| (\S+) \| \S+ `(\w+)` \|$", section(CHINESE, "## 十三、名词对照"), re.MULTILINE)
    known = {(word, term) for table in TABLES.values() for term, word in table.items()}
    assert set(listed) == known


def test_the_manual_lists_every_reason_for_silence():
    """In the words that the digest and the admin pages use."""
    listed = re.findall(r"^- (.*)$", section(CHINESE, "### 什么时候不回信"), re.MULTILINE)
    assert listed == [guard.sentence.rstrip("。") for guard in GUARDS]


def test_the_manual_explains_every_sort_of_work_for_a_person():
    """The titles of the digest's first part."""
    source = Path(attention.__file__).read_text("utf-8") + Path(running.__file__).read_text("utf-8")
    titles = re.findall(r'(?:Attention|_listed)\("\w+", "([^"]+)"', source)
    titles += re.findall(r'"(?:held|failed|uncertain)": \("([^"]+)"', source)
    rows = re.findall(r"^\| ([^|]+?) \|", section(CHINESE, "## 三、需要人工处理的事项"), re.MULTILINE)
    assert len(titles) >= 10 and set(titles) <= set(rows)


def test_the_manual_names_the_queries_of_the_admin_pages():
    """All of them, by their titles."""
    queries = yaml.safe_load((ROOT / "store" / "admin" / "queries.yaml").read_text("utf-8"))
    named = re.findall(r"“([^”]+)”", section(CHINESE, "## 二、每天怎样用"))
    assert {query["title"].replace("{noun}", SURVEY.item.noun) for query in queries.values()} <= set(named)


def test_the_letters_in_the_manual_are_those_that_go_out():
    """Every heading and every whole sentence of the four examples stands in a template (or is a fact of the example)."""
    templates = "".join(path.read_text("utf-8") for path in (ROOT / "rules" / "replies").glob("*.j2"))
    templates = templates.replace("{{ survey.noun }}", SURVEY.item.noun)
    examples = "\n".join(re.findall(r"^> (.*)$", section(CHINESE, "## 六、系统发什么信"), re.MULTILINE))
    headings = set(re.findall(r"【(.*?)】", examples))
    assert len(headings) >= 10
    for heading in headings:
        assert f"【{heading}】" in templates, heading
    openings = re.findall(r"(?:已收到。|您好！……)(.*?。)", examples)
    assert len(openings) == 4
    for opening in openings:
        fixed = [part for part in re.split(r"衡东县新媒体账号调查摸底登记", opening) if part]
        assert all(part in templates for part in fixed), opening


def test_the_manual_says_when_things_happen_as_configured():
    """The defaults of the sample configuration and the collection's dates."""
    sample = yaml.safe_load((ROOT / "service.yaml").read_text("utf-8"))
    survey = yaml.safe_load((ROOT / "rules" / "survey.yaml").read_text("utf-8"))
    hour, minute = map(int, sample["digest"]["at"].split(":"))
    assert f"{hour} 时 {minute} 分" in CHINESE
    assert f"每 {sample['reply']['seconds_between']} 秒最多发一封、每天最多 {sample['reply']['per_day']} 封" in CHINESE
    opens, closes = survey["window"]["opens"], survey["window"]["closes"]
    assert f"{opens.year} 年 {opens.month} 月 {opens.day} 日至 {closes.month} 月 {closes.day} 日" in CHINESE
    assert f"{survey['grace']['days']} 天以内" in CHINESE and survey["office"]["email"] in CHINESE
