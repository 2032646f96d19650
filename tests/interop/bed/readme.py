"""What examples/token-server/README.md tells users to write. The tests write the same."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def snippet(language: str, containing: str) -> str:
    """The one block of this language that contains this text."""
    text = Path(ROOT, "examples/token-server/README.md").read_text()
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    [block] = [block for block in blocks if containing in block]
    return block


def replaced(text: str, changes: dict[str, str]) -> str:
    """The text, with each of these replaced in the one place where it stands."""
    for old, new in changes.items():
        count = text.count(old)
        if count != 1:
            raise ValueError(f"{old!r} stands in {count} places, not in one")
        text = text.replace(old, new)
    return text


def without(text: str, word: str) -> str:
    """The text without the lines in which this word stands, of which there are some."""
    lines = text.splitlines(keepends=True)
    rest = [line for line in lines if word not in line]
    if len(rest) == len(lines):
        raise ValueError(f"no line says {word!r}")
    return "".join(rest)
