"""The demonstration, as the README tells people to run it first."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from intake.demo.show import USERS
from store.database import connect
from store.users import all_users

ROOT = Path(__file__).parent.parent


def test_the_demonstration_runs_to_its_end_as_promised(tmp_path):
    """Every sample mail comes to what is written beside it; the users of the admin pages are there."""
    folder = tmp_path / "demo"
    ended = subprocess.run([sys.executable, "-m", "intake.cli", "demo", "--no-serve", "--folder", str(folder)], cwd=ROOT,
                           capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "的日报" in ended.stdout and list(folder.glob("digest-*.html")) and list((folder / "sent").iterdir())
    with closing(connect(folder / "data" / "intake.db")) as database:
        assert {user.name: user.role for user in all_users(database)} == {name: role for role, (name, _) in USERS.items()}
