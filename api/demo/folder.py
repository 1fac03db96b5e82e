"""`.demo/`: everything that the demo writes. Made fresh at each start; only what carries our mark is ever deleted."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARK = "made-by-shipments-demo"


class FolderRefused(Exception):
    """It is not ours, or another demo is at work in it."""


@contextmanager
def demo_folder(place: Path) -> Iterator[Path]:
    """`.demo/` below `place`, empty but for our mark and locked until the block ends. Raises FolderRefused."""
    folder = place.resolve() / ".demo"
    mark = folder / MARK
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FolderRefused(f"{folder} is not a folder of the demo. Move it away, then start again.")
    if folder.exists() and any(folder.iterdir()) and not mark.is_file():
        raise FolderRefused(f"{folder} was not made by the demo, so it stays as it is. Move it away, then start again.")
    folder.mkdir(mode=0o700, exist_ok=True)
    with mark.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderRefused(f"Another demo is at work in {folder}. Stop it first, or start elsewhere.") from error
        _empty(folder)
        yield folder


def write_access(folder: Path, access: object) -> Path:
    """`access.json`, whole or not at all, for this user only."""
    path, new = folder / "access.json", folder / "access.json.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(access, file, indent=2, ensure_ascii=False)
        file.write("\n")
    new.replace(path)
    return path


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name == MARK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
