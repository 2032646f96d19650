"""Where the libraries are installed: once, in the folder of what is built, from the registries of their languages."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from bed.readme import ROOT

DRIVERS = Path(__file__).parent / "drivers"

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "interop"


def node(driver: str) -> list[str]:
    return ["node", str(packages_of_node() / f"{driver}.mjs")]


def python(driver: str) -> list[str]:
    return [str(environment_of_python() / "bin/python"), "-B", str(DRIVERS / f"python/{driver}.py")]


def ruby(driver: str) -> list[str]:
    return ["ruby", str(DRIVERS / f"ruby/{driver}.rb")]


def curl(driver: str) -> list[str]:
    return ["/usr/bin/python3", "-B", str(DRIVERS / f"curl/{driver}.py")]


def apache(driver: str) -> list[str]:
    return ["/usr/bin/python3", "-B", str(DRIVERS / f"apache/{driver}.py")]


def go(_: str) -> list[str]:
    return [str(built_by_go())]


def rust(driver: str) -> list[str]:
    return [str(built_by_cargo()), driver]


@cache
def built_by_go() -> Path:
    """With Debian's packages, and nothing from elsewhere."""
    program = TARGET / "go/driver"
    program.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
    run(["go", "build", "-o", str(program), str(DRIVERS / "go/main.go")], TARGET, environment)
    return program


@cache
def built_by_cargo() -> Path:
    """A workspace of its own, in the folder of what is built."""
    run(["cargo", "build", "--quiet", "--locked", "--target-dir", str(TARGET.parent)], DRIVERS / "rust")
    return TARGET.parent / "debug/countersign-interop"


@cache
def packages_of_node() -> Path:
    """Node looks for packages above the file that asks for them: so the drivers lie beside their packages."""
    folder = TARGET / "node"
    wanted = (DRIVERS / "node/package.json").read_text()
    if is_other(folder, wanted):
        fresh(folder)
        shutil.copy(DRIVERS / "node/package.json", folder)
        options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--omit=dev", "--silent"]
        run(["npm", "install", *options], folder)
        done(folder, wanted)
    for driver in (DRIVERS / "node").glob("*.mjs"):
        shutil.copy(driver, folder)
    return folder


@cache
def environment_of_python() -> Path:
    """An environment of its own."""
    folder = TARGET / "python"
    requirements = DRIVERS / "python/requirements.txt"
    wanted = requirements.read_text()
    if is_other(folder, wanted):
        fresh(folder)
        run(["/usr/bin/python3", "-m", "venv", "."], folder)
        run(["bin/pip", "install", "--quiet", "--no-deps", "--requirement", str(requirements)], folder)
        done(folder, wanted)
    return folder


def is_other(folder: Path, wanted: str) -> bool:
    """Is something else installed there, or nothing, or half of it?"""
    mark = folder / MARK
    return not mark.exists() or mark.read_text() != wanted


def fresh(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def done(folder: Path, wanted: str) -> None:
    (folder / MARK).write_text(wanted)


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    ended = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}: {(ended.stdout + ended.stderr)[-2000:]}")


MARK = "countersign-installed"
