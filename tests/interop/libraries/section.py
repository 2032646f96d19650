"""Every client library against both servers: a line for each library and method."""

import json
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from bed.report import Report

from mtls.cases import claims_of

from .bed import Bed
from .driver import Driver
from .library import LIBRARIES, Library
from .results import FILE, Results, committed
from .tries import Try

TITLE = "Client libraries"


def run(program: Path, scratch: Path, report: Report, only: str = "") -> None:
    wanted = [library for library in LIBRARIES if only in library.name]
    with Bed(program, scratch) as bed, ThreadPoolExecutor() as pool:
        installed = [library for library in wanted if is_installed(library, report)]

        def on(server) -> Results:
            results = Results()
            for library in installed:
                one(library, bed, server, results, report)
            return results
        axum, actix = pool.map(on, bed.servers)
    report.row(["", "library", "", "the same on both frameworks"], axum.differences(actix.libraries, "actix-web"))
    if not only:
        problems = axum.differences(committed(), FILE.name)
        if problems:
            new = Path(tempfile.gettempdir(), FILE.name)
            new.write_text(axum.text())
            problems.append(f"{new} has what came: look at it, and put it in the place of tests/interop/{FILE.name}")
        report.row(["", "library", "", f"as tests/interop/{FILE.name} has it"], problems)


def is_installed(library: Library, report: Report) -> bool:
    try:
        library.command()
        return True
    except Exception as error:
        report.row(["", "library", library.name, "is installed"], [str(error)])
        return False


def one(library: Library, bed: Bed, server, results: Results, report: Report) -> None:
    """A line for each method."""
    try:
        with Driver(library.command(), bed, server) as driver:
            tries = sorted(library.tries(bed), key=lambda a_try: METHODS.index(a_try.method))
            for method, group in groupby(tries, key=lambda a_try: a_try.method):
                problems, passed = [], []
                for a_try in group:
                    problem = attempt(driver, a_try)
                    if problem:
                        problems.append(f"{a_try.name()}: {problem}")
                    else:
                        passed.append(a_try)
                        note(results, library, a_try)
                with LINES:
                    report.row([server.framework, "library", library.name, method, summary(passed)], problems)
    except Exception as error:
        with LINES:
            report.row([server.framework, "library", library.name], [f"{type(error).__name__}: {error}"])


def attempt(driver: Driver, a_try: Try) -> str | None:
    """What is wrong with what came of it."""
    server = driver.server
    server.forget()
    word = driver.attempt(a_try.told())
    if "failed" in word:
        return f"{word['failed']} (log: {server.new_decisions()})"
    decisions = server.decisions(a_try.decisions)
    last = decisions[-1] if decisions else ""
    if a_try.reason:
        if word.get("error") != "invalid_client":
            return f"not refused with invalid_client: {json.dumps(word)[:300]} (log: {decisions})"
        return None if f"refused reason={a_try.reason} " in last else f"the log says {decisions}"
    if "access_token" not in word:
        return f"no access token: {word} (log: {decisions})"
    client_id = claims_of(word["access_token"]).get("client_id")
    if client_id != a_try.client["client_id"]:
        return f"a token for {client_id}"
    wrong = decisions[:a_try.refused_first] != [line for line in decisions if line.startswith("refused ")]
    for line in decisions[a_try.refused_first :]:
        words = line.split()
        wrong |= f"method={a_try.method}" not in words
        wrong |= a_try.algorithm != "" and f"alg={a_try.algorithm}" not in words
    return f"the log says {decisions}" if wrong or len(decisions) != a_try.decisions else None


def note(results: Results, library: Library, a_try: Try) -> None:
    add = lambda *what: results.add(library.name, library.version, *what)
    name = " ".join(filter(None, [a_try.method, a_try.algorithm]))
    if a_try.special:
        add("refused, and what admits it" if a_try.reason else "special", a_try.special, a_try.cure or "access_token")
    elif a_try.reason:
        add("wrong", name, a_try.reason)
    else:
        add("methods", name, a_try.grants())


def summary(passed: list[Try]) -> str:
    """What there was: algorithms, grants, and the refusals."""
    usual = [a_try for a_try in passed if not a_try.special]
    parts = [
        " ".join(unique(a_try.algorithm for a_try in usual)),
        " ".join(unique(a_try.grants() for a_try in usual if not a_try.reason)),
        "; ".join(unique(a_try.special for a_try in passed)),
        " ".join(unique(a_try.reason for a_try in passed)),
    ]
    return ", ".join(filter(None, parts))


def unique(texts) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))


METHODS = [
    "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth",
    "self_signed_tls_client_auth", "none"]

LINES = threading.Lock()
