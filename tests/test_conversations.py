"""Conversations as scripts (tests/conversations): mails and clerk's actions, and what must have come of each."""

import pytest
from build_conversation import Play, load, play, scripts


def test_there_are_dozens_of_conversations():
    """A test over no files proves nothing."""
    assert len(scripts()) >= 25


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.stem)
def test_the_conversation_goes_as_it_is_written(path, tmp_path, monkeypatch, capsys):
    """Every step of it."""
    assert play(load(path), Play(tmp_path, monkeypatch, capsys)) == []
