"""The demo writes under `.demo/` only, and deletes nothing that it did not make."""

import json
import socket
from pathlib import Path

import pytest

from api.demo.folder import MARK, FolderRefused, demo_folder, write_access
from api.demo.show import MISUSED, show


def test_what_an_earlier_demo_left_is_gone(tmp_path: Path) -> None:
    with demo_folder(tmp_path) as folder:
        (folder / "old").mkdir()
        (folder / "old" / "file").write_text("old")

    with demo_folder(tmp_path) as folder:
        assert [entry.name for entry in folder.iterdir()] == [MARK]


def test_a_folder_that_the_demo_did_not_make_stays(tmp_path: Path) -> None:
    mine = tmp_path / ".demo" / "mine"
    mine.parent.mkdir()
    mine.write_text("mine")

    with pytest.raises(FolderRefused, match="not made by the demo"), demo_folder(tmp_path):
        pytest.fail("it was taken")

    assert mine.read_text() == "mine"


def test_a_link_to_another_place_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / MARK).touch()
    (elsewhere / "mine").write_text("mine")
    (tmp_path / ".demo").symlink_to(elsewhere)

    with pytest.raises(FolderRefused, match="not a folder of the demo"), demo_folder(tmp_path):
        pytest.fail("it was taken")

    assert (elsewhere / "mine").exists()


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        demo_folder(tmp_path) as folder,
        pytest.raises(FolderRefused, match="Another demo"),
        demo_folder(tmp_path),
    ):
        pytest.fail(f"{folder} was taken twice")


def test_access_is_for_this_user_only(tmp_path: Path) -> None:
    path = write_access(tmp_path, {"base_url": "http://127.0.0.1:1"})
    path = write_access(tmp_path, {"base_url": "http://127.0.0.1:2"})

    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text("utf-8")) == {"base_url": "http://127.0.0.1:2"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["access.json"]


def test_a_port_that_is_taken_costs_one_line_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with demo_folder(tmp_path) as folder:
        (folder / "access.json").write_text("of the last run")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert show(tmp_path, port, 1.0) == MISUSED

    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert f"Port {port}" in said
    assert (folder / "access.json").read_text() == "of the last run"
