"""Fixtures that every test may use, and the count of tests that were skipped for a missing part."""

import os
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
#: fixture modules, each beside the tests that own it
pytest_plugins = [name for name in ("servers", "smtp_fixtures", "office_fixtures") if (_HERE / f"{name}.py").exists()]

FORBID_SKIPS = bool(os.environ.get("INTAKE_FORBID_SKIPS"))


def pytest_terminal_summary(terminalreporter):
    """Say loudly how many tests were skipped, and for want of what."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        reasons = sorted({str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
                          for report in skipped})
        terminalreporter.write_line(f"!!! {len(skipped)} TESTS SKIPPED: {'; '.join(reasons)}", red=True, bold=True)


def pytest_sessionfinish(session, exitstatus):
    """In continuous integration a skipped test is a failed run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if FORBID_SKIPS and reporter and reporter.stats.get("skipped") and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
