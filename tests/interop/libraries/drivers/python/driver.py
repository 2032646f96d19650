"""What all drivers of Python have in common. ../README.md says what is read and written."""

import json
import sys


class Refused(Exception):
    """An error that the server answered."""


def drive(attempt) -> None:
    """Hands each try to `attempt(setup, a_try)`, which returns an access token or raises."""
    setup = read()
    while a_try := read():
        try:
            write({"access_token": attempt(setup, a_try)})
        except Refused as refused:
            write({"error": str(refused)})
        except Exception as error:
            write({"failed": f"{type(error).__name__}: {error}"[:500]})


def visit(url: str) -> str:
    """The URL that the server sends the user's browser back to."""
    write({"visit": url})
    return read()["redirected"]


def read() -> dict | None:
    line = sys.stdin.readline()
    return json.loads(line) if line else None


def write(word: dict) -> None:
    print(json.dumps(word), flush=True)
