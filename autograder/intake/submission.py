"""A submitted file: what is in it, or why it cannot be read.

Nothing but the text of cells is believed, and that only after its type was looked at.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import stat
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

#: Limits of a submitted file. An honest notebook with pictures has a few MB and a hundred cells.
MAX_BYTES = 20_000_000
MAX_CELLS = 1_000
MAX_FILES = 1_000
#: Characters of all Markdown cells together, without those that are not rendered.
MAX_WRITTEN = 300_000
#: A longer text is not rendered but shown as it was typed, ...
_MAX_RENDERED = 50_000
#: ... and so is one in which a formula may begin at more places: each is searched to its end.
_MAX_FORMULAS = 300
_FORMULA = re.compile(r"\\[(\[]|\\begin")
#: What a student's id may hold besides letters, digits and spaces.
_SIGNS = "_-.,+@'(){}"
_MANY_BLANKS = re.compile(r"\s{300}")

Kind = Literal[
    "missing",  # no file
    "several-files",  # more than one notebook, none of the right name
    "file-name",  # one notebook, of another name
    "student-id",  # a folder name nbgrader cannot work with
    "symlink",
    "not-a-file",
    "unreadable",
    "empty",
    "too-large",
    "encoding",  # not UTF-8
    "not-json",
    "nesting",
    "not-a-notebook",
    "old-format",  # nbformat 3 or older
    "new-format",  # nbformat 5 or newer
    "wrong-assignment",
    "kernel",
    "metadata",  # answers matched without their grade_id
    "cell-type",
    "duplicate-cell",
    "missing-cell",
    "edited-cell",
    "broken-cell",  # a cell, or its source, of a wrong type
    "timestamp",
    "ended",  # the student process, before its time
    "no-mark",  # a test that gave no number that counts
]


@dataclass(frozen=True)
class Problem:
    """One thing that was wrong with a submission.

    Attributes:
        kind: a word to count and test by.
        cell: the grade_id of the cell it is about, or None.
        what: a sentence that says what was wrong.
        done: a sentence that says what was done about it.

    """

    kind: Kind
    cell: str | None
    what: str
    done: str

    def __str__(self) -> str:
        return f"{self.what} {self.done}"


class Unusable(Exception):
    """A submission of which nothing can be graded; `problem` says why."""

    def __init__(self, kind: Kind, what: str, done: str = "It was not graded.") -> None:
        super().__init__(what)
        self.problem = Problem(kind, None, what, done)


def find_file(wanted: Path, problems: list[Problem]) -> Path:
    """Return the file to read: `wanted`, or the one notebook beside it.

    Args:
        wanted: `submitted/<student>/<assignment>/<notebook>.ipynb`.
        problems: is added to.

    Raises:
        Unusable: there is no such file, or a link in its place.

    """
    _check_student(wanted.parent.parent.name)
    for folder in (wanted.parent.parent, wanted.parent):
        if folder.is_symlink():
            raise Unusable("symlink", f"The folder {folder.name} is a symbolic link.")
    if os.path.lexists(wanted):
        return wanted
    if not wanted.parent.is_dir():
        raise Unusable("missing", f"There is no folder {wanted.parent.name}.")
    others = notebooks_in(wanted.parent)
    if not others:
        raise Unusable("missing", f"There is no file {wanted.name}.")
    names = ", ".join(p.name for p in others)
    if len(others) > 1:
        raise Unusable(
            "several-files",
            f"There is no file {wanted.name}, but there are {len(others)} notebooks: {names}.",
            f"None was graded; rename the right one to {wanted.name}.",
        )
    problems.append(
        Problem(
            "file-name",
            None,
            f"The file is named {names} instead of {wanted.name}.",
            "It was read anyway.",
        )
    )
    return others[0]


def notebooks_in(folder: Path) -> list[Path]:
    """Return the notebooks of a submission's folder, sorted.

    Raises:
        Unusable: it cannot be read, or holds too many files.

    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, MAX_FILES + 1)]
    except OSError as error:
        raise Unusable("unreadable", f"The folder cannot be read: {error.strerror}.") from None
    if len(names) > MAX_FILES:
        raise Unusable("too-large", f"The folder holds more than {MAX_FILES} files.")
    return sorted(
        folder / name
        for name in names
        if name.lower().endswith(".ipynb") and not name.startswith("._")  # macOS's
    )


def read_bytes(path: Path, most: int) -> bytes:
    """Return a file's content, at most so many bytes of it.

    Raises:
        Unusable: it is no regular file.
        OSError: it cannot be read.

    """
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise Unusable("symlink", "The file is a symbolic link.")
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        raise Unusable("not-a-file", f"There is {kind} where the notebook should be.")
    # No link put there since, no waiting for a pipe.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), "rb") as file:
        return file.read(most)


def contents(folder: Path, wanted: Collection[str]) -> Iterator[str | bytes]:
    """Give the names of a submission's notebooks, and what intake may read of them, one by one.

    Args:
        folder: the submission's.
        wanted: the names of the notebooks that are looked for.

    """
    if folder.is_symlink():
        yield os.fsencode(os.readlink(folder))
        return
    try:
        found = notebooks_in(folder)
    except Unusable as error:
        yield str(error)
        return
    yield from (os.fsencode(file.name) for file in found)
    read = [folder / name for name in wanted if os.path.lexists(folder / name)]
    if len(read) < len(wanted) and len(found) == 1:
        read += [file for file in found if file not in read]
    for file in (*sorted(read), folder / "timestamp.txt"):
        yield os.fsencode(file.name)
        try:
            yield read_bytes(file, MAX_BYTES + 1)
        except Unusable as error:
            yield str(error)
        except OSError as error:
            yield str(error.errno)


def _check_student(student: str) -> None:
    # nbgrader strips ids, takes * ? [ for patterns of file names, and writes ids into its pages and
    # addresses as they are.
    if student != student.strip() or not all(map(_may_be_in_an_id, student)):
        raise Unusable(
            "student-id",
            f"The folder name {student!a} has a space at one end, or a character that is no "
            f"letter, digit, space or one of {' '.join(_SIGNS)}.",
            "It was not graded; rename the folder.",
        )


def _may_be_in_an_id(character: str) -> bool:
    return character in _SIGNS or unicodedata.category(character)[0] in "LMN" or character == " "


def read_text(path: Path, problems: list[Problem]) -> str:
    """Return the file's text.

    Raises:
        Unusable: it is no regular file, cannot be read, is empty or too large.

    """
    try:
        data = read_bytes(path, MAX_BYTES + 1)
    except OSError as error:
        raise Unusable("unreadable", f"The file cannot be read: {error.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise Unusable(
            "too-large",
            f"The file has more than {MAX_BYTES // 1_000_000} MB.",
            "It was not graded; ask for the notebook with its outputs cleared.",
        )
    if not data.strip(b"\0 \t\r\n"):
        raise Unusable("empty", "The file is empty.")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = data.decode(encoding, errors="replace")
        problems.append(
            Problem(
                "encoding",
                None,
                f"Line {line} is not UTF-8.",
                "Each byte that is no text was replaced by “�”.",
            )
        )
    return text


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise Unusable("nesting", "The file nests lists or dictionaries too deeply.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        start = text.lstrip()[:20].lower()
        if start.startswith(("<!doctype", "<html")):
            what = "The file is a web page, not a notebook."
        elif start.startswith(("pk\x03\x04", "%pdf")):
            what = "The file is a ZIP archive or a PDF, not a notebook."
        elif error.msg == "Extra data":
            what = f"The file goes on after the notebook's end, at {where}."
        elif error.pos >= len(text.rstrip()) - 10 or error.msg.startswith("Unterminated string"):
            what = f"The file breaks off: at {where}, its JSON is not complete."
        else:
            what = f"The file is not JSON: {error.msg.removesuffix(' at')} at {where}."
        raise Unusable("not-json", what) from None
    except ValueError as error:  # such as a number of more than 4300 digits
        raise Unusable("not-json", f"The file's JSON cannot be read: {error}.") from None


@dataclass(frozen=True)
class SubmittedCell:
    """A submitted cell: all that is looked at."""

    index: int
    cell_type: str
    source: str
    grade_id: str | None
    ids: tuple[str, ...]
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)


def read_cells(text: str, problems: list[Problem]) -> tuple[list[SubmittedCell], str | None]:
    """Return the cells of a notebook's text, and the name of its kernel.

    Raises:
        Unusable: the text is not a notebook's.

    """
    notebook = _parse(text)
    if not isinstance(notebook, dict):
        raise Unusable("not-a-notebook", "The file is JSON, but not a notebook.")
    major = notebook.get("nbformat")
    if "worksheets" in notebook or (isinstance(major, int) and major < 4):
        notebook = _upgrade(text, problems)
    elif isinstance(major, int) and major > 4:
        problems.append(
            Problem(
                "new-format",
                None,
                f"The file's format is notebook version {major}, which is newer than this tool.",
                "Whatever looked like a cell was read.",
            )
        )
    raw_cells = notebook.get("cells")
    if not isinstance(raw_cells, list):
        raise Unusable("not-a-notebook", "The file is JSON, but not a notebook: it has no cells.")
    if len(raw_cells) > MAX_CELLS:
        raise Unusable(
            "too-large", f"The notebook has {len(raw_cells)} cells; the limit is {MAX_CELLS}."
        )
    cells = [
        cell
        for index, raw in enumerate(raw_cells)
        if (cell := _cell(index, raw, problems)) is not None
    ]
    written = [c.source for c in cells if c.cell_type == "markdown" and not takes_long(c.source)]
    if (length := sum(map(len, written))) > MAX_WRITTEN:
        raise Unusable(
            "too-large",
            f"The notebook has {length} characters of written text; the limit is {MAX_WRITTEN}.",
        )
    kernelspec = as_dict(as_dict(notebook.get("metadata")).get("kernelspec"))
    return cells, as_text(kernelspec.get("name"))


def takes_long(text: str) -> bool:
    """Whether rendering a Markdown text could take minutes, as it can for one that is made to."""
    if len(text) > _MAX_RENDERED or _MANY_BLANKS.search(text):
        return True
    return sum(1 for _ in _FORMULA.finditer(text)) > _MAX_FORMULAS


def _upgrade(text: str, problems: list[Problem]) -> Mapping[str, Any]:
    import nbformat

    try:
        old = nbformat.reader.reads(text)  # type: ignore[no-untyped-call]
        version, _ = nbformat.reader.get_version(old)  # type: ignore[no-untyped-call]
        new: Mapping[str, Any] = nbformat.convert(old, 4)  # type: ignore[no-untyped-call]
    except Exception:  # nbformat raises whatever its old readers stumble over
        raise Unusable(
            "old-format", "The file has an old notebook format that cannot be converted."
        ) from None
    problems.append(
        Problem(
            "old-format",
            None,
            f"The file has the old notebook format {version}.",
            "It was converted to format 4.",
        )
    )
    return new


def _cell(index: int, raw: Any, problems: list[Problem]) -> SubmittedCell | None:
    grade_id = None
    what = f"Cell {index + 1} is not a cell."
    if isinstance(raw, dict):
        metadata = as_dict(raw.get("metadata"))
        grade_id = as_text(as_dict(metadata.get("nbgrader")).get("grade_id"))
        what = f"Cell {index + 1}{f' ({grade_id})' if grade_id else ''} has no readable source."
        source = raw.get("source")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if isinstance(source, str):
            # Colab keeps ids in the metadata.
            ids = (as_text(raw.get("id")), as_text(metadata.get("id")))
            return SubmittedCell(
                index,
                "code" if raw.get("cell_type") == "code" else str(raw.get("cell_type")),
                _clean(source),
                grade_id,
                tuple(id for id in ids if id),
                _attachments(raw.get("attachments")),
            )
    problems.append(Problem("broken-cell", grade_id, what, "It was left out."))
    return None


def _clean(source: str) -> str:
    """Return text with Unix line ends that can be written as UTF-8."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    return source.encode("utf-8", errors="replace").decode("utf-8")


def _attachments(raw: Any) -> dict[str, dict[str, str]]:
    """Return the pictures pasted into a Markdown cell: a photographed proof is an answer."""
    pictures: dict[str, dict[str, str]] = {}
    for name, versions in as_dict(raw).items():
        for mime, data in as_dict(versions).items():
            if mime in ("image/png", "image/jpeg", "image/gif") and isinstance(data, str):
                try:
                    data = "".join(data.split())
                    base64.b64decode(data, validate=True)
                except (binascii.Error, ValueError):
                    continue
                pictures.setdefault(_clean(name), {})[mime] = data
    return pictures


def as_dict(value: Any) -> Mapping[str, Any]:
    """Return `value` if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def as_text(value: Any) -> str | None:
    """Return `value` if it is a string with something in it, else None."""
    return value if isinstance(value, str) and value else None
