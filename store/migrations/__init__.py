"""The schema, as a list of steps that are only ever added to; each module is one step, and they run in this order.

Each step runs in the transaction that records it. A step that has been released is never changed.
"""

from store.migrations import (
    m001_initial,
    m002_decisions,
    m003_duplicates,
    m004_reminders,
    m005_other_surveys,
    m006_users,
    m007_search,
    m008_readings,
    m009_replay,
    m017_towns,
    m018_indexes,
    m026_waiting,
    m030_page_indexes,
    m031_former_keys,
)
from store.migrations.steps import migrations

__all__ = [
    "m001_initial",
    "m002_decisions",
    "m003_duplicates",
    "m004_reminders",
    "m005_other_surveys",
    "m006_users",
    "m007_search",
    "m008_readings",
    "m009_replay",
    "m017_towns",
    "m018_indexes",
    "m026_waiting",
    "m030_page_indexes",
    "m031_former_keys",
    "migrations",
]
