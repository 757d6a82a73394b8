"""Real mails with what must come of each beside them: the corpus, and the demonstration's mails one after the other."""

import json
from pathlib import Path

import pytest
from build_config import configuration, now

from intake import pipeline
from intake.confined.confine import ReaderPool
from rules.survey import load_survey
from store.database import connect, rows
from store.files import keep_raw
from store.messages import enter_import

HERE = Path(__file__).parent
CORPUS = sorted((HERE / "corpus").glob("*.eml"))
DEMO = sorted((HERE.parent / "intake" / "demo" / "mails").glob("*.eml"))


@pytest.fixture(scope="module")
def pool():
    """Warm readers for the whole module: loading the OCR engine costs a second."""
    config = configuration(HERE)
    with ReaderPool(config.survey, config.read) as readers:
        yield readers


def test_the_corpus_is_there():
    """A test over no files proves nothing."""
    assert len(CORPUS) >= 14 and len(DEMO) >= 16


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_mail_comes_to_what_is_written_beside_it(path, pool, tmp_path):
    """Each corpus mail alone, in an empty store."""
    assert _difference(path, *_take_in(tmp_path, pool, [path])) == []


def test_the_demonstration_comes_to_what_it_promises(pool, tmp_path):
    """The demonstration's mails in their order, in one store: the last ones add to the first."""
    database, ids = _take_in(tmp_path, pool, DEMO)
    found = {path.stem: difference for path in DEMO if (difference := _difference(path, database, ids))}
    assert found == {}


def _take_in(folder: Path, pool: ReaderPool, paths: list[Path]):
    config = configuration(folder)
    database, ids = connect(config.database), {}
    survey = load_survey(config.survey)
    for path in paths:
        expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
        sha256, size = keep_raw(config.data, [path.read_bytes()])
        ids[path] = enter_import(database, path.name, sha256, size, expected["received"], now())
    pipeline.process_pending(config, survey, database, pool, now, patient=True)
    return database, ids


def _difference(path: Path, database, ids) -> list[str]:
    """What came of the mail other than what was promised."""
    wanted = json.loads(path.with_suffix(".json").read_text("utf-8"))
    message = rows(database, "SELECT * FROM messages WHERE id = ?", [ids[path]])[0]
    replies = rows(database, "SELECT kind, state FROM replies WHERE message_id = ?", [message["id"]])
    said = [f"{message['state']}: {message['error']}"] if message["state"] != "processed" else []
    said += _differs("kind", wanted["kind"], message["kind"])
    if wanted["submissions"] and wanted["reply"] is None:
        pass  # the status decides; the texts are tested elsewhere
    elif wanted["reply"] == "suppressed":
        said += _differs("reply state", ["suppressed"], [reply["state"] for reply in replies])
    else:
        said += _differs("reply", [wanted["reply"]] if wanted["reply"] else [], [reply["kind"] for reply in replies])
    stored = rows(database, "SELECT s.* FROM submissions s JOIN submission_messages l ON l.submission_id = s.id WHERE "
                  "l.message_id = ? ORDER BY s.id", [message["id"]])
    said += _differs("submissions", len(wanted["submissions"]), len(stored))
    for promise, submission in zip(wanted["submissions"], stored, strict=False):
        said += _submission_differs(database, promise, submission)
    files = {row["filename"]: [row["role"], row["problem"]] for row in rows(
        database, "SELECT * FROM attachments WHERE message_id = ?", [message["id"]])}
    for name, promise in wanted["files"].items():
        said += _differs(name, promise, files.get(name))
    return said


def _submission_differs(database, promise: dict, submission: dict) -> list[str]:
    said = []
    for key in ("category", "status", "registrant"):
        if key in promise:
            said += _differs(key, promise[key], submission[key])
    if "missing" in promise:
        said += _differs("missing", promise["missing"], json.loads(submission["missing"]))
    if "accepted_cards" in promise:
        cards = rows(database, "SELECT 1 FROM materials WHERE submission_id = ? AND accepted AND kind LIKE '%id_card'",
                     [submission["id"]])
        said += _differs("accepted cards", promise["accepted_cards"], len(cards))
    accounts = rows(database, "SELECT * FROM accounts WHERE submission_id = ? ORDER BY id", [submission["id"]])
    for wanted, account in zip(promise.get("accounts", []), accounts, strict=False):
        for key, value in wanted.items():
            said += _differs(key, value, account[key])
    if said and submission["review_reasons"] != "[]":
        said.append(f"review: {submission['review_reasons']}")
    return said


def _differs(what: str, wanted, found) -> list[str]:
    return [] if wanted == found else [f"{what}: {found!r} instead of {wanted!r}"]
