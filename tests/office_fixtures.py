"""An office after a few days, read once for the whole run and copied for each module that works in it."""

import shutil

import pytest
from build_office_day import fill_office


@pytest.fixture(scope="session")
def filled_office(tmp_path_factory):
    """The folder that is copied; nobody works in it."""
    folder = tmp_path_factory.mktemp("filled")
    fill_office(folder)
    return folder


@pytest.fixture(scope="module")
def day(tmp_path_factory, filled_office):
    """A copy: database, raw mails, files."""
    return shutil.copytree(filled_office, tmp_path_factory.mktemp("office"), dirs_exist_ok=True)
