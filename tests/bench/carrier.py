"""The practice carrier in a process of its own."""

import argparse

from api.practice_carrier import run

KEY = "practice"


def main() -> None:
    """Serves until it is stopped."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    run("127.0.0.1", arguments.parse_args().port, KEY)


if __name__ == "__main__":
    main()
