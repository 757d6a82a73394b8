"""Tables of the data contract, and beside them what the daemon needs to judge and to send once."""

from sqlite_utils import Database

from store.migrations.steps import migrations, run

_M001 = """
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    mailbox TEXT NOT NULL,
    folder TEXT NOT NULL,
    uidvalidity INTEGER,
    uid INTEGER,
    sha256 TEXT,
    size INTEGER,
    message_id TEXT,
    in_reply_to TEXT,
    from_address TEXT,
    from_name TEXT,
    reply_to TEXT,
    subject TEXT,
    sent_at TEXT,
    received_at TEXT NOT NULL,
    kind TEXT CHECK (kind IN ('registration', 'supplement', 'inquiry', 'unrelated', 'automatic', 'bounce', 'own')),
    state TEXT NOT NULL CHECK (state IN ('received', 'processed', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    next_attempt_at TEXT,
    processed_at TEXT,
    entered_at TEXT NOT NULL,
    duplicate_of INTEGER REFERENCES messages(id),
    silence TEXT,
    text TEXT,
    defects TEXT,
    UNIQUE (mailbox, folder, uidvalidity, uid)
) STRICT;
CREATE INDEX messages_state ON messages(state);
CREATE INDEX messages_sha256 ON messages(sha256);
CREATE INDEX messages_from ON messages(from_address);
CREATE INDEX messages_received ON messages(received_at);
CREATE INDEX messages_message_id ON messages(message_id);

CREATE TABLE attachments (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES messages(id),
    parent_id INTEGER REFERENCES attachments(id),
    filename TEXT,
    media_type TEXT,
    size INTEGER,
    sha256 TEXT,
    role TEXT NOT NULL CHECK (role IN ('unit_form', 'individual_form', 'blank_form', 'id_card', 'org_certificate',
                                       'container', 'other')),
    problem TEXT CHECK (problem IN ('empty', 'encrypted', 'corrupt', 'too_large', 'unsupported', 'unreadable',
                                    'remote')),
    problem_detail TEXT,
    text TEXT,
    method TEXT,
    pages INTEGER,
    inline INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX attachments_message ON attachments(message_id);
CREATE INDEX attachments_sha256 ON attachments(sha256);

CREATE TABLE submissions (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    category TEXT NOT NULL CHECK (category IN ('unit', 'individual', 'unknown')),
    category_evidence TEXT,
    registrant TEXT,
    registrant_key TEXT,
    code_key TEXT,
    uscc TEXT,
    id_number TEXT,
    status TEXT NOT NULL CHECK (status IN ('incomplete', 'review', 'complete', 'registered', 'withdrawn')),
    missing TEXT NOT NULL DEFAULT '[]',
    review_reasons TEXT NOT NULL DEFAULT '[]',
    contact_address TEXT,
    on_time INTEGER,
    deadline TEXT,
    opened_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    paper_received_at TEXT,
    answered_key TEXT
) STRICT;
CREATE INDEX submissions_registrant ON submissions(registrant_key);
CREATE INDEX submissions_code ON submissions(code_key);
CREATE INDEX submissions_id_number ON submissions(id_number);
CREATE INDEX submissions_contact ON submissions(contact_address);
CREATE INDEX submissions_status ON submissions(status);

CREATE TABLE submission_messages (
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    message_id INTEGER NOT NULL REFERENCES messages(id),
    why TEXT,
    PRIMARY KEY (submission_id, message_id)
) STRICT;
CREATE INDEX submission_messages_message ON submission_messages(message_id);

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    attachment_id INTEGER REFERENCES attachments(id),
    message_id INTEGER REFERENCES messages(id),
    form_kind TEXT,
    name TEXT,
    handle TEXT,
    service_type TEXT,
    platform TEXT,
    scope TEXT,
    formats TEXT,
    introduction TEXT,
    registered_on TEXT,
    news_license INTEGER,
    followers ANY,
    admin_name TEXT,
    admin_phone TEXT,
    admin_email TEXT,
    admin_wechat TEXT,
    unit_name TEXT,
    unit_type TEXT,
    legal_representative TEXT,
    address TEXT,
    owner_name TEXT,
    owner_id_number TEXT,
    owner_phone TEXT,
    owner_wechat TEXT,
    employer TEXT
) STRICT;
CREATE INDEX accounts_submission ON accounts(submission_id);

CREATE TABLE account_history (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts(id),
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    name TEXT NOT NULL,
    old_value TEXT,
    new_value TEXT,
    message_id INTEGER REFERENCES messages(id),
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX account_history_account ON account_history(account_id);

CREATE TABLE papers (
    id INTEGER PRIMARY KEY,
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    attachment_id INTEGER REFERENCES attachments(id),
    kind TEXT NOT NULL,
    side TEXT,
    title TEXT NOT NULL,
    holder TEXT,
    number TEXT,
    principal TEXT,
    valid_until TEXT,
    confidence REAL NOT NULL,
    evidence TEXT NOT NULL DEFAULT '[]',
    doubts TEXT NOT NULL DEFAULT '[]',
    location TEXT
) STRICT;
CREATE INDEX papers_submission ON papers(submission_id);

CREATE TABLE unread_files (
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    attachment_id INTEGER NOT NULL REFERENCES attachments(id),
    open INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (submission_id, attachment_id)
) STRICT;

CREATE TABLE materials (
    id INTEGER PRIMARY KEY,
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    attachment_id INTEGER REFERENCES attachments(id),
    kind TEXT NOT NULL CHECK (kind IN ('unit_form', 'individual_form', 'org_certificate', 'principal_id_card',
                                       'id_card')),
    holder TEXT,
    number TEXT,
    accepted INTEGER NOT NULL,
    reason TEXT
) STRICT;
CREATE INDEX materials_submission ON materials(submission_id);

CREATE TABLE fields (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts(id),
    name TEXT NOT NULL,
    value TEXT,
    raw TEXT,
    valid INTEGER NOT NULL,
    complaint TEXT,
    attachment_id INTEGER REFERENCES attachments(id),
    location TEXT,
    method TEXT,
    confidence REAL
) STRICT;
CREATE INDEX fields_account ON fields(account_id);

CREATE TABLE doubts (
    id INTEGER PRIMARY KEY,
    message_id INTEGER REFERENCES messages(id),
    submission_id INTEGER REFERENCES submissions(id),
    attachment_id INTEGER REFERENCES attachments(id),
    sentence TEXT NOT NULL,
    created_at TEXT NOT NULL,
    resolved_at TEXT,
    resolved_by TEXT
) STRICT;
CREATE INDEX doubts_submission ON doubts(submission_id);

CREATE TABLE replies (
    id INTEGER PRIMARY KEY,
    message_id INTEGER REFERENCES messages(id),
    submission_id INTEGER REFERENCES submissions(id),
    kind TEXT NOT NULL CHECK (kind IN ('acknowledgement', 'missing_materials', 'receipt', 'guidance', 'reminder',
                                       'confirmation')),
    to_address TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    smtp_message_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('held', 'queued', 'sending', 'sent', 'deferred', 'failed', 'uncertain',
                                         'suppressed')),
    reason TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    not_before TEXT,
    content_key TEXT,
    server_answer TEXT,
    mime BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX replies_one_per_message ON replies(message_id)
    WHERE message_id IS NOT NULL AND kind NOT IN ('reminder', 'confirmation');
CREATE INDEX replies_state ON replies(state);
CREATE INDEX replies_submission ON replies(submission_id);
CREATE INDEX replies_to ON replies(to_address);

CREATE TABLE reply_submissions (
    reply_id INTEGER NOT NULL REFERENCES replies(id),
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    PRIMARY KEY (reply_id, submission_id)
) STRICT;

CREATE TABLE digests (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL UNIQUE,
    counts TEXT NOT NULL,
    html TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT
) STRICT;

CREATE TABLE digest_mails (
    id INTEGER PRIMARY KEY,
    digest_id INTEGER NOT NULL REFERENCES digests(id),
    to_address TEXT NOT NULL,
    subject TEXT NOT NULL,
    smtp_message_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('held', 'queued', 'sending', 'sent', 'deferred', 'failed', 'uncertain',
                                         'suppressed')),
    reason TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    not_before TEXT,
    server_answer TEXT,
    mime BLOB NOT NULL,
    UNIQUE (digest_id, to_address)
) STRICT;

CREATE TABLE dead_addresses (
    address TEXT PRIMARY KEY,
    message_id INTEGER REFERENCES messages(id),
    reason TEXT,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE health (
    name TEXT PRIMARY KEY,
    value TEXT,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    message_id INTEGER REFERENCES messages(id),
    submission_id INTEGER REFERENCES submissions(id),
    detail TEXT
) STRICT;
CREATE INDEX events_submission ON events(submission_id);
CREATE INDEX events_message ON events(message_id);
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events is append-only'); END;
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events is append-only'); END;
"""


@migrations()
def m001_initial(database: Database) -> None:
    """The first schema."""
    run(database, _M001)
