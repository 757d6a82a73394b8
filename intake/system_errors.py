"""What the operating system and SQLite refuse, as one Chinese sentence that says what to do; the file is named, no value."""

import errno
import os
import sqlite3

_OF_SYSTEM = {
    errno.ENOSPC: "磁盘已满，请清理或扩容后重试；来信仍在邮箱里，不会丢失",
    errno.EDQUOT: "磁盘配额已用完，请清理或扩容后重试；来信仍在邮箱里，不会丢失",
    errno.EACCES: "没有权限，请改用服务用户运行（如 sudo -u intake），或检查文件的所有者",
    errno.EPERM: "没有权限，请改用服务用户运行（如 sudo -u intake），或检查文件的所有者",
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EEXIST: "已有同名的文件",
    errno.ENOTDIR: "路径中有一段是文件，不是文件夹",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.EROFS: "文件系统是只读的",
    errno.EIO: "磁盘读写出错，请检查磁盘",
    errno.EMFILE: "打开的文件太多",
    errno.ENFILE: "打开的文件太多",
    errno.ENOMEM: "内存不足",
    errno.ENAMETOOLONG: "文件名太长",
    errno.EADDRINUSE: "端口已被占用，可能已有一个在运行，或请改用别的端口",
    errno.EADDRNOTAVAIL: "本机没有这个地址",
}
#: the beginnings of SQLite's English sentences (sqlite3ErrStr)
_OF_SQLITE = {
    "database is locked": "正被别的程序占用，请稍后重试",
    "database table is locked": "正被别的程序占用，请稍后重试",
    "database or disk is full": "磁盘已满，请清理或扩容后重试；来信仍在邮箱里，不会丢失",
    "disk I/O error": "磁盘读写出错，请检查磁盘是否已满或损坏",
    "unable to open database file": "打不开，请检查数据文件夹是否存在、有没有权限",
    "attempt to write a readonly database": "没有写入的权限，请改用服务用户运行（如 sudo -u intake）",
    "file is not a database": "文件不是数据库或已损坏，请从备份恢复；原始邮件在 raw 文件夹中，可重新导入",
    "database disk image is malformed": "文件已损坏，请从备份恢复；原始邮件在 raw 文件夹中，可重新导入",
}


def of_system(error: OSError) -> str:
    """An OSError in one sentence, with the file where one is named."""
    sentence = _OF_SYSTEM.get(error.errno or 0) or error.strerror or type(error).__name__
    names = [os.fsdecode(name) for name in (error.filename2, error.filename) if isinstance(name, (str, bytes))]
    return f"{names[0]}：{sentence}。" if names else f"{sentence}。"


def of_sqlite(error: sqlite3.Error) -> str:
    """An error of SQLite in one sentence."""
    said = str(error)
    known = next((sentence for begin, sentence in _OF_SQLITE.items() if said.startswith(begin)), None)
    return f"数据库{known}。" if known else f"数据库不能使用（{said}），请运行 intake doctor。"
