"""Indexes for what the digest, the first page and the lists count and order, measured with 100,000 submissions.

Times are compared as seconds since 1970 (`store.digests.seconds`): the expression here must be the same, letter by letter.
"""

from sqlite_utils import Database

from store.migrations.steps import migrations, run


def _seconds(column: str) -> str:
    return f"CAST(strftime('%s', {column}) AS INTEGER)"


_M018 = f"""
CREATE INDEX submissions_opened ON submissions({_seconds("opened_at")}, status, category, on_time, town);
CREATE INDEX submissions_figures ON submissions(status, category, town);
CREATE INDEX submissions_deadline ON submissions(status, deadline);
CREATE INDEX submissions_by_age ON submissions(status, opened_at);
CREATE INDEX submissions_contact_lower ON submissions(lower(contact_address));
CREATE INDEX submissions_late ON submissions(on_time, opened_at);
CREATE INDEX accounts_platform ON accounts(platform, submission_id);
CREATE INDEX accounts_handle ON accounts(lower(handle), platform) WHERE handle IS NOT NULL;
CREATE INDEX accounts_name ON accounts(lower(name), platform) WHERE name IS NOT NULL;
CREATE INDEX messages_received_seconds ON messages({_seconds("received_at")}, state, duplicate_of, kind);
CREATE INDEX messages_by_state ON messages(state, received_at);
CREATE INDEX messages_kind ON messages(kind, received_at);
CREATE INDEX messages_silence ON messages(silence, {_seconds("received_at")}) WHERE silence IS NOT NULL;
CREATE INDEX messages_in_reply_to ON messages(in_reply_to) WHERE in_reply_to IS NOT NULL;
CREATE INDEX messages_folder ON messages(mailbox, folder);
CREATE INDEX replies_sent ON replies(state, {_seconds("sent_at")}, kind);
CREATE INDEX replies_message ON replies(message_id);
CREATE INDEX attachments_problem ON attachments(problem, message_id) WHERE problem IS NOT NULL;
CREATE INDEX attachments_role ON attachments(role);
CREATE INDEX doubts_open ON doubts(created_at) WHERE resolved_at IS NULL;
CREATE INDEX doubts_message ON doubts(message_id);
"""


@migrations()
def m018_indexes(database: Database) -> None:
    """Add them."""
    run(database, _M018)
