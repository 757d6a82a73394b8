"""Passwords by name: from the environment, a file, or systemd, and never repeated."""

import pytest

from intake import secrets
from intake.config import Secret
from rules.errors import ConfigError


def test_a_password_comes_from_the_environment(monkeypatch):
    """Without the line break that `$(cat …)` may leave."""
    monkeypatch.setenv("CODE", " ABCD\n")
    assert secrets.read_secret(Secret("env", "CODE")) == "ABCD"


@pytest.mark.parametrize("content", ["ABCD", "ABCD\n", "ABCD\r\n", "\ufeffABCD\n"])
def test_a_password_comes_from_a_file_as_any_editor_writes_it(tmp_path, content):
    """Line ends and a BOM are no part of it."""
    (tmp_path / "code").write_bytes(content.encode())
    assert secrets.read_secret(Secret("file", str(tmp_path / "code"))) == "ABCD"


def test_a_password_comes_from_a_systemd_credential(tmp_path, monkeypatch):
    """By its name in $CREDENTIALS_DIRECTORY."""
    (tmp_path / "mailbox").write_text("ABCD\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secrets.read_secret(Secret("credential", "mailbox")) == "ABCD"
    assert secrets.file_of(Secret("credential", "mailbox")) == tmp_path / "mailbox"


@pytest.mark.parametrize("source", ["env", "file", "credential"])
def test_a_missing_password_is_an_error_that_names_the_place(source, tmp_path, monkeypatch):
    """In Chinese."""
    monkeypatch.delenv("NOWHERE", raising=False)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    name = str(tmp_path / "NOWHERE") if source == "file" else "NOWHERE"
    with pytest.raises(ConfigError, match="找不到.*NOWHERE"):
        secrets.read_secret(Secret(source, name))


def test_a_credential_outside_systemd_says_how_to_get_it(monkeypatch):
    """LoadCredential=."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ConfigError, match="LoadCredential=mailbox"):
        secrets.read_secret(Secret("credential", "mailbox"))
    assert secrets.file_of(Secret("credential", "mailbox")) is None


def test_an_empty_password_is_an_error(tmp_path):
    """A log-in with it would only count against us."""
    (tmp_path / "code").write_text("\n")
    with pytest.raises(ConfigError, match="空"):
        secrets.read_secret(Secret("file", str(tmp_path / "code")))


def test_a_password_file_that_is_no_text_or_no_file_is_an_error_without_its_bytes(tmp_path):
    """Nothing of it may reach a log."""
    (tmp_path / "code").write_bytes(b"ABCD\xff\xfe")
    with pytest.raises(ConfigError) as raised:
        secrets.read_secret(Secret("file", str(tmp_path / "code")))
    assert "ABCD" not in repr(raised.value) and raised.value.__cause__ is None and raised.value.__suppress_context__
    with pytest.raises(ConfigError):
        secrets.read_secret(Secret("file", str(tmp_path)))


def test_other_variables_are_read_through_the_same_door(monkeypatch):
    """None where there is none."""
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("NOWHERE", raising=False)
    assert (secrets.environment("LANG"), secrets.environment("NOWHERE")) == ("C.UTF-8", None)
