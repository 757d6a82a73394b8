"""What readers leave out of a document, as files of their own: nothing is silently missing, and the rest counts."""

from intake.reading.unpack import File

#: a reader's note → what was not read of a document, its problem, and a word for people
LEFT_OUT = {
    "embedded-object": ("内嵌文件", "unsupported", "文档内嵌入的文件暂不能自动读取"),
    "foreign-part": ("内嵌文件", "unsupported", "文档内嵌入的文件暂不能自动读取"),
    "metafile": ("图元图片", "unsupported", "文档内的图元格式图片（EMF、WMF）暂不能自动读取"),
    "linked-picture": ("链接图片", "remote", "文档内只有图片的链接，没有图片本身"),
    "broken-page": ("损坏页面", "corrupt", "有页面已损坏，未能读取"),
    "tables-unread": ("未读表格", "unreadable", "有表格未能读取"),
    **dict.fromkeys(
        ("cut-short", "pages-left-out", "too-many-pages", "too-many-pictures", "too-many-lines"),
        ("未读部分", "unreadable", "内容过多，只读取了前面部分"),
    ),
}  # fmt: skip


def left_out(file: File, parent: int, notes: set[str]) -> list[File]:
    """One file for each kind of thing that was not read of `file`, which stands at `parent`."""
    found = dict.fromkeys(LEFT_OUT[note] for note in sorted(notes) if note in LEFT_OUT)
    return [
        File(f"{file.filename}（{name}）", "application/octet-stream", b"", "unknown", parent, problem=problem,
             problem_detail=detail)
        for name, problem, detail in found
    ]  # fmt: skip
