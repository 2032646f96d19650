"""The files that the configurations of the README name."""

from pathlib import Path

from bed.token_server import TokenServer


def folder(program: Path, scratch: Path) -> Path:
    """A folder with the clients and certificates of the demonstration, which makes them when it starts."""
    with TokenServer(program, scratch, "axum"):
        return scratch / "countersign-demo"
