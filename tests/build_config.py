"""A configuration as values, for tests that need no servers."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import rules
from intake.config import Config, ReadLimits, ReplyPolicy

SHANGHAI = ZoneInfo("Asia/Shanghai")
SURVEY = Path(rules.__file__).parent / "survey.yaml"


def configuration(folder: Path, **changes) -> Config:
    """Everything kept in `folder`, one reader process, answers to mail of any age."""
    settings = {"path": folder / "service.yaml", "data": folder / "data", "survey": SURVEY, "mailboxes": (), "smtp": None,
                "reply": ReplyPolicy(max_age_days=0, require_recipient=False), "read": ReadLimits(processes=1)}
    return Config(**{**settings, **changes})


def now() -> datetime:
    """A fixed moment after the collection's first weeks."""
    return datetime(2019, 8, 20, 10, 0, tzinfo=SHANGHAI)



