"""Passwords by name: the only module that reads the process's environment.

A password is read when it is needed and never kept, printed or logged; errors name the place where it should be, never
what stood there.
"""

import os
from pathlib import Path

from intake.config import Secret
from rules.errors import ConfigError


def read_secret(secret: Secret) -> str:
    """The password that `secret` names; surrounding line breaks and blanks are dropped.

    Raises ConfigError (Chinese) when it is not there, is empty, or cannot be read.
    """
    place, text = _SOURCES[secret.source](secret.name)
    if text is None:
        raise ConfigError(f"找不到密码（授权码）：{place}")
    if not text.strip():
        raise ConfigError(f"密码（授权码）是空的：{place}")
    return text.strip()


def environment(name: str) -> str | None:
    """An environment variable that is no secret, or None."""
    return os.environ.get(name)


def file_of(secret: Secret) -> Path | None:
    """The file that holds the secret, or None where it is no file (or the credential's folder is not known)."""
    if secret.source == "file":
        return Path(secret.name)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) / secret.name if secret.source == "credential" and folder else None


def _from_environment(name: str) -> tuple[str, str | None]:
    return f"环境变量 {name}", os.environ.get(name)


def _from_file(name: str) -> tuple[str, str | None]:
    return f"文件 {name}", _content(Path(name))


def _from_credential(name: str) -> tuple[str, str | None]:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return f"systemd 凭据 {name}（没有 $CREDENTIALS_DIRECTORY，请在服务单元中写 LoadCredential={name}:…）", None
    return f"systemd 凭据 {name}", _content(Path(folder) / name)


def _content(path: Path) -> str | None:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise ConfigError(f"密码文件打不开：{problem.strerror}", path=str(path)) from problem
    except UnicodeDecodeError:
        # the error itself would carry the bytes of the password: it is dropped on purpose
        raise ConfigError("密码文件不是 UTF-8 文本", path=str(path)) from None


_SOURCES = {"env": _from_environment, "file": _from_file, "credential": _from_credential}
