"""`intake outbox`: what waits to be sent, and what a person decides about it."""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime

from intake.office import words
from store import outbox, pacing
from store.database import Database
from store.outbox import OutboxItem

#: action → (what `all` stands for, what does it); `list` and `resume` take no ids
CHANGES = {
    "approve": (("held",), outbox.approve),
    "hold": (("queued", "deferred"), outbox.hold),
    # `all` never sends again what may have arrived: that is decided mail by mail
    "release": (("held", "failed", "deferred"), outbox.release),
    "confirm": (("uncertain",), outbox.confirm_sent),
}
ACTIONS = ("list", *CHANGES, "resume")
_JSON_KEYS = ("label", "table", "state", "to_address", "subject", "attempts", "reason", "last_error", "created_at",
              "not_before")


def outbox_command(database: Database, arguments: Namespace, actor: str, now: datetime) -> int:
    """One action; 0 when all of it was done, 1 when something was left as it is, 2 without ids."""
    if arguments.action == "resume":
        return _resume(database, arguments, actor, now)
    if arguments.action == "list":
        return _list(database, arguments, now)
    if not arguments.ids:
        print("请写明邮件ID（见 intake outbox），或写 all。", file=sys.stderr)
        return 2
    return _change(database, arguments, actor, now)


def _change(database: Database, arguments: Namespace, actor: str, now: datetime) -> int:
    states, change = CHANGES[arguments.action]
    items = outbox.list_items(database)
    everything = [item.label for item in items if item.state in states]
    ids = everything if "all" in arguments.ids else list(dict.fromkeys(arguments.ids))
    done = change(database, ids, actor, now)
    left = {label: why_not(label, items) for label in ids if label not in done}
    if arguments.json:
        print(json.dumps({"changed": done, "unchanged": left}, ensure_ascii=False))
    else:
        print(f"已处理 {len(done)} 封：{'、'.join(done)}。" if done else "没有可以处理的邮件。")
        for label, why in left.items():
            print(f"未改动 {label}：{why}。", file=sys.stderr)
    return 1 if left else 0


def why_not(label: str, items: Sequence[OutboxItem]) -> str:
    """Why a mail was left as it is."""
    found = next((item for item in items if item.label == label), None)
    return f"现为“{words.word(words.REPLY_STATES, found.state)}”，不能这样处理" if found else "没有待处理的这封邮件"


def _resume(database: Database, arguments: Namespace, actor: str, now: datetime) -> int:
    stood = pacing.unpause(database, actor, now)
    if arguments.json:
        print(json.dumps({"resumed": stood}))
    else:
        print("发信暂停已结束，服务运行时随即续发。" if stood else "发信没有暂停。")
    return 0


def _list(database: Database, arguments: Namespace, now: datetime) -> int:
    items = outbox.list_items(database)
    if arguments.json:
        print(json.dumps([{key: getattr(item, key) for key in _JSON_KEYS} for item in items], ensure_ascii=False))
        return 0
    pause = pacing.last_pause(database)
    if pause and pause.until > now:
        print(f"发信暂停至 {pause.until.astimezone(now.tzinfo):%m-%d %H:%M}：{pause.reason}"
              "（原因消除后可运行 intake outbox resume）")
    for item in items:
        print(f"{item.label:>6}  {words.word(words.REPLY_STATES, item.state)}  {item.to_address}  {item.subject}")
        # the reason and the server's own words are often the same sentence
        for note in dict.fromkeys(filter(None, (item.reason, item.last_error))):
            print(f"        {note}")
    if not items:
        print("没有待发的邮件。")
    return 0
