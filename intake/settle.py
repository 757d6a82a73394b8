"""One mail that was read: which submissions it concerns, what they are worth now, and whether it is answered.

`settle` runs inside the message's one transaction: it gathers from the store, lets the rules decide, and writes down.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from intake.adopt import adopt
from intake.answering import Settled, answer
from intake.config import Config
from intake.kept_reading import pack
from rules import answer as answers
from rules.accounts import merge_accounts
from rules.answer import SubmissionOutcome
from rules.bounce import bounce_of
from rules.complete import judge
from rules.decisions import contradictions, recognised
from rules.group import Claim, claims, new_papers, numbered
from rules.kind import KindDecision, kind_of
from rules.match import STRONG, Candidate, Match, account_keys, choose, quoted_numbers
from rules.part import part
from rules.quoting import own_words
from rules.reading import Reading
from rules.registrant import code_key, registrant_key
from rules.submission import Account, Facts
from rules.survey import Survey
from rules.unread import superseded
from rules.withdrawal import asks_withdrawal
from store import matching, processing, replies, submissions
from store.database import Database
from store.decisions import decisions_of
from store.messages import copy_kind_to_duplicates
from store.submissions import load_facts


@dataclass(frozen=True, slots=True)
class _Mail:
    """What every step needs to know of the mail."""

    config: Config
    survey: Survey
    database: Database
    #: the row of `messages`
    row: dict
    reading: Reading
    #: file index → row of `attachments`
    files: dict[int, int]
    #: submissions that the mail answers
    thread: tuple[int, ...]
    #: submissions of its sender
    sender: tuple[int, ...]
    quoted: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Understood:
    """What a mail is and what it changed, before anybody is answered."""

    #: `messages.kind`
    kind: str
    decision: KindDecision
    outcomes: tuple[SubmissionOutcome, ...]
    #: for a question: the submissions of its sender, as they stand
    asked: tuple[SubmissionOutcome, ...]
    #: it asks to take a registration back
    withdrawal: bool


def settle(config: Config, survey: Survey, database: Database, row: dict, reading: Reading, now: datetime) -> Settled:
    """Write down all that follows from one mail; to be called inside a transaction."""
    files = dict(enumerate(processing.record_reading(database, row, reading)))
    processing.keep_reading(database, row["id"], pack(reading))
    found = understand(config, survey, database, row, reading, files, now)
    kind, decision = found.kind, found.decision
    settled = answer(config, survey, database, row, reading, kind, decision, found.outcomes, found.asked, now,
                     found.withdrawal)
    processing.finish(database, row["id"], kind, settled.silence, now)
    processing.add_event(database, now, "processed", message_id=row["id"], detail={
        "kind": kind, "reason": decision.reason, "evidence": decision.evidence, "silence": settled.silence})
    copy_kind_to_duplicates(database, row["id"])
    return settled


def understand(config: Config, survey: Survey, database: Database, row: dict, reading: Reading, files: dict[int, int],
               now: datetime) -> Understood:
    """What the mail is, and what it brings to whom, written down; a replay does this again, and nothing else of `settle`.

    `files`: file of the reading → row in `attachments`.
    """
    mail = _mail(config, survey, database, row, reading, files, now)
    answers_ours = matching.is_mail_of_ours(database, _identifiers(reading))
    decision = kind_of(reading, survey, config.own_addresses, bool(mail.sender), answers_ours)
    outcomes, kind = _take_in(mail, decision) if decision.kind == "usable" else ((), decision.kind)
    if kind == "bounce":
        _note_bounce(mail)
    withdrawal = kind in ("registration", "supplement", "inquiry") and _note_withdrawal(mail)
    if withdrawal:
        outcomes = tuple(replace(one, judgement=judge(load_facts(database, one.id), survey)) for one in outcomes)
    return Understood(kind, decision, outcomes, _asked_about(mail, kind), withdrawal)


def _identifiers(reading: Reading) -> tuple[str, ...]:
    message = reading.message
    return tuple(dict.fromkeys(filter(None, (message.in_reply_to, *message.references))))


def _mail(config: Config, survey: Survey, database: Database, row: dict, reading: Reading, files: dict[int, int],
          now: datetime) -> _Mail:
    message = reading.message
    return _Mail(config, survey, database, row, reading, files,
                 matching.answered_submissions(database, _identifiers(reading)),
                 matching.submissions_of_sender(database, message.from_address),
                 quoted_numbers(survey, message.subject, own_words(message.text)), now)


def sure_claims(config: Config, survey: Survey, database: Database, row: dict, reading: Reading, files: dict[int, int],
                now: datetime) -> tuple[tuple[Claim, int], ...]:
    """The claims of a mail that was left to a person, each with the submission that it names by a strong key; () where
    any of them still names none surely."""
    mail = _mail(config, survey, database, row, reading, files, now)
    found = []
    for claim, known in _parted(mail):
        match = choose(claim, known, mail.thread, reading.message.from_address, mail.quoted,
                       account_keys(claim.accounts, survey))
        if match.submission_id is None or match.doubts or match.why not in STRONG:
            return ()
        found.append((claim, match.submission_id))
    return tuple(found)


def _take_in(mail: _Mail, decision: KindDecision) -> tuple[tuple[SubmissionOutcome, ...], str]:
    """Every registrant of the mail into a submission; returns the outcomes and the message's kind."""
    outcomes = []
    for claim, known in _parted(mail):
        match = choose(claim, known, mail.thread, mail.reading.message.from_address, mail.quoted,
                       account_keys(claim.accounts, mail.survey))
        if match.submission_id is None and _is_for_a_person(claim, match, decision):
            _leave_to_a_person(mail, claim, match)
        else:
            outcomes.append(_add(mail, claim, match))
    outcomes = _adopted(mail, outcomes)
    opened = any(outcome.opened for outcome in outcomes)
    return tuple(outcomes), "registration" if opened else "supplement"


def _adopted(mail: _Mail, outcomes: list[SubmissionOutcome]) -> list[SubmissionOutcome]:
    """The outcomes after documents of earlier mails have found the forms that they belong to, and whoever gave them up."""
    found = {outcome.id: outcome for outcome in outcomes}
    for outcome in outcomes:
        donors = adopt(mail.database, mail.survey, outcome.id, mail.sender, mail.now)
        for changed in (outcome.id, *donors) if donors else ():
            again = judge_again(mail.survey, mail.database, changed, mail.now)
            known = found.get(changed, again)
            found[changed] = replace(again, files=known.files, opened=known.opened)
    return list(found.values())


def _parted(mail: _Mail) -> Iterator[tuple[Claim, tuple[Candidate, ...]]]:
    """Each registrant of the mail with the submissions that he may belong to."""
    for whole in claims(mail.reading, mail.survey):
        known = matching.candidates(mail.database, whole, mail.survey, mail.thread, mail.sender, mail.quoted)
        for claim in part(whole, known, mail.survey):
            yield claim, known


def _is_for_a_person(claim: Claim, match: Match, decision: KindDecision) -> bool:
    """Whether a claim is no submission of its own: papers that belong to an open one nobody can tell surely, or files
    from a known sender that could not be read."""
    if claim.accounts:
        return False
    return bool(match.doubts) or (not claim.has_material and decision.reason == "file-from-known-sender")


def _leave_to_a_person(mail: _Mail, claim: Claim, match: Match) -> None:
    for doubt in match.doubts or ("来信附有未能识别的文件,发件人名下有不止一份登记,请核实应归入哪一份。",):
        submissions.add_doubt(mail.database, doubt, mail.now, message_id=mail.row["id"])


def _add(mail: _Mail, claim: Claim, match: Match) -> SubmissionOutcome:
    """Add what the claim brings to its submission, judge it anew, and say what became of it."""
    database, opened = mail.database, match.submission_id is None
    submission_id = match.submission_id
    if submission_id is None:
        submission_id = submissions.open_submission(database, mail.survey.numbering, mail.row["received_at"], mail.now)
    submissions.link_message(database, submission_id, mail.row["id"], match.why)
    before = Facts() if opened else load_facts(database, submission_id)
    held = numbered(claim, mail.files)
    against = _merge(mail, submission_id, before.accounts, held.accounts)
    submissions.add_papers(database, submission_id, new_papers(before.papers, held.papers))
    # the same file again says no more than it did, and stays closed where it was closed
    seen = {file.sha256 for file in before.unread if file.sha256}
    submissions.add_unread(database, submission_id, [
        held_file.attachment_id for held_file, file in zip(held.unread, claim.unread, strict=True)
        if mail.reading.files[file.attachment_id].sha256 not in seen])
    replaced = superseded(before.unread, len(held.accounts), len(held.papers))
    submissions.close_unread(database, submission_id, [file.attachment_id for file in replaced])
    if before.paper_received_at is not None or before.category:
        against += _against_decisions(before, load_facts(database, submission_id), claim)
    for doubt in dict.fromkeys((*match.doubts, *claim.doubts, *against)):
        if doubt not in before.doubts:
            submissions.add_doubt(database, doubt, mail.now, submission_id=submission_id, message_id=mail.row["id"])
    processing.add_event(database, mail.now, "opened" if opened else "added", message_id=mail.row["id"],
                         submission_id=submission_id, detail={"why": match.why})
    return judge_again(mail.survey, database, submission_id, mail.now, contact=mail.reading.message.answer_address,
                       opened=opened, files=_files_of(mail, claim))


def _against_decisions(before: Facts, after: Facts, claim: Claim) -> tuple[str, ...]:
    """A mail that changes what a person has closed with the paper form in hand, or whose form is of another category
    than a person has decided; the same forms again are no news."""
    found = []
    if before.accounts != after.accounts and before.paper_received_at is not None:
        found.append("纸质件收妥、登记办完以后,又收到与原登记不同的登记表,请核实。")
    if before.accounts != after.accounts and before.category and claim.category not in (None, before.category):
        found.append("又收到另一类的登记表,与工作人员核定的类别不符,现仍以核定的为准,请核实。")
    return tuple(found)


def judge_again(survey: Survey, database: Database, submission_id: int, now: datetime, *, contact: str | None = None,
                opened: bool = False, files: tuple = ()) -> SubmissionOutcome:
    """Judge a submission on all that it holds and write the judgement down."""
    facts = load_facts(database, submission_id)
    judgement = judge(facts, survey)
    keys = registrant_key(judgement, survey), code_key(judgement.uscc)
    submissions.save_judgement(database, submission_id, judgement, keys, contact, now)
    return SubmissionOutcome(submissions.number_of(database, submission_id), judgement, facts.accounts, files,
                             answers.unread_outcomes(facts.unread), opened, submission_id)


def settle_by_hand(config: Config, survey: Survey, database: Database, row: dict, reading: Reading,
                   files: dict[int, int], chosen: Iterable[Claim], submission_id: int | None, now: datetime,
                   why: str = "assigned") -> tuple[SubmissionOutcome, ...]:
    """These claims of a mail into the submission that was found for them, or each into a new one (None)."""
    mail = _Mail(config, survey, database, row, reading, files, (), (), (), now)
    return tuple(_add(mail, claim, Match(submission_id, why)) for claim in chosen)


def _merge(mail: _Mail, submission_id: int, stored: tuple[Account, ...], incoming: tuple[Account, ...],
           ) -> tuple[str, ...]:
    """Newer forms over the stored ones; returns what a person must know of it."""
    decisions = decisions_of(mail.database, submission_id)
    incoming = recognised(stored, incoming, decisions, mail.survey)
    merged, changes = merge_accounts(stored, incoming, mail.survey)
    ids = {}
    for place, account in enumerate(merged):
        if account.id is None or account != stored[place]:
            ids[place] = submissions.save_account(mail.database, submission_id, account, mail.row["id"])
    for place, account in enumerate(merged):
        replaced = [(change.name, change.old, change.new) for change in changes if change.account == place]
        if account.id is not None and replaced:
            submissions.add_history(mail.database, submission_id, account.id, replaced, mail.row["id"], "daemon", mail.now)
    return contradictions(stored, incoming, decisions, mail.survey)


def _files_of(mail: _Mail, claim: Claim) -> tuple:
    files = mail.reading.files
    typed = answers.body_outcome(mail.reading.body_forms) if any(a.attachment_id is None for a in claim.accounts) else ()
    return (*typed, *answers.file_outcomes(files[index] for index in claim.files))


def _asked_about(mail: _Mail, kind: str) -> tuple[SubmissionOutcome, ...]:
    """For a question: the submissions of its sender, as they stand."""
    if kind != "inquiry":
        return ()
    outcomes = []
    for submission_id in mail.sender[:20]:
        facts = load_facts(mail.database, submission_id)
        outcomes.append(SubmissionOutcome(
            submissions.number_of(mail.database, submission_id), judge(facts, mail.survey), facts.accounts, (),
            answers.unread_outcomes(facts.unread), False, submission_id))
    return tuple(outcomes)


def _note_withdrawal(mail: _Mail) -> bool:
    """Whether a registrant asks to withdraw; then a person is told, and nothing else is done about it."""
    concerned = mail.thread or mail.sender
    if not concerned or not asks_withdrawal(mail.reading, mail.survey):
        return False
    living = [one for one in concerned if submissions.status_of(mail.database, one) != "withdrawn"]
    numbers = {one: submissions.number_of(mail.database, one) for one in living}
    found = [one for one in living if numbers[one] in mail.quoted] or living
    doubt, message_id = "申报人来信要求注销或撤回登记,请核实后办理。", mail.row["id"]
    if len(found) > 1:
        submissions.add_doubt(mail.database, f"{doubt}来信人名下有{'、'.join(numbers.values())}。", mail.now,
                              message_id=message_id)
    elif found:
        if doubt not in load_facts(mail.database, found[0]).doubts:
            submissions.add_doubt(mail.database, doubt, mail.now, submission_id=found[0], message_id=message_id)
        submissions.link_message(mail.database, found[0], message_id, "withdrawal")
        judge_again(mail.survey, mail.database, found[0], mail.now)
    return bool(found)


def _note_bounce(mail: _Mail) -> None:
    bounce = bounce_of(mail.reading, mail.survey)
    if bounce is None or bounce.action not in ("failed", "delayed"):
        return
    replies.note_bounce(mail.database, bounce.message_ids, bounce.numbers, bounce.recipients, reason=bounce.reason,
                        failed=bounce.action == "failed", dead=bounce.dead, message_id=mail.row["id"], now=mail.now)
