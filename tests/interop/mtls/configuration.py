"""The files that the configurations of the README name."""

from pathlib import Path

from bed.token_server import TokenServer

from . import issued


def folder(program: Path, scratch: Path) -> Path:
    """The clients and certificates of the demonstration, which makes them when it starts, and a few more."""
    with TokenServer(program, scratch, "axum"):
        pass
    made = scratch / "countersign-demo"
    issued.register(made)
    return made
