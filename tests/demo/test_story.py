"""When the story cannot go on it says where, and the demo ends as failed."""

import io
import socket
from pathlib import Path

import pytest
from rich.console import Console

from api.demo.asking import StepFailed
from api.demo.story import Scene, tell_story
from api.demo.telling import Teller
from tests.demo.conftest import Made


def test_a_step_that_fails_is_named(made: Made, tmp_path: Path) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        scene = Scene(made.database, nowhere, nowhere, tmp_path, voyage_s=1, pause_s=0)

        with pytest.raises(StepFailed, match="broke at the step 'log the case and the request'"):
            tell_story(scene, made.programme, Teller(Console(file=io.StringIO())))
