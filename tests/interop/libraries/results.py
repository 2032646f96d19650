"""What came of all tries, in one file that the README's table of methods is written from."""

import json
from pathlib import Path

from bed.readme import ROOT

FILE = ROOT / "tests/interop/results.json"


class Results:
    def __init__(self) -> None:
        self.libraries: dict[str, dict] = {}

    def add(self, library: str, version: str | None, part: str, name: str, what: str) -> None:
        of_library = self.libraries.setdefault(library, {"version": version} if version else {})
        of_part = of_library.setdefault(part, {})
        known = of_part.get(name)
        # Grants are found one by one.
        of_part[name] = " ".join(sorted({*known.split(), *what.split()})) if known else what

    def text(self) -> str:
        return json.dumps(self.libraries, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    def differences(self, other: dict[str, dict], whose: str) -> list[str]:
        """What another says of these libraries, and what it does not say."""
        own, others = flat(self.libraries), flat(other)
        return [f"{' '.join(name)}: {own.get(name)}, in {whose} {others.get(name)}"
                for name in sorted({*own, *others}) if own.get(name) != others.get(name)]


def committed() -> dict[str, dict]:
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def flat(of: dict, *above: str) -> dict[tuple, str]:
    """Every value, by the names above it."""
    found = {}
    for name, value in of.items():
        found.update(flat(value, *above, name) if isinstance(value, dict) else {(*above, name): value})
    return found
