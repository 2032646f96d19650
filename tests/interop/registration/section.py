"""Dynamic registration: a tester of APIs against its OpenAPI document, and a client library."""

import json
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bed.report import Report
from bed.token_server import FRAMEWORKS, TokenServer
from libraries import installed
from mtls.cases import claims_of

TITLE = "Registration"

HERE = Path(__file__).parent


def run(program: Path, scratch: Path, report: Report) -> None:
    schemathesis, library = environment(), openid_client()

    def on(framework: str) -> list[tuple[list[str], list[str]]]:
        folder = scratch / framework
        folder.mkdir()
        for name, text in FILES.items():
            (folder / name).write_text(text)
        with TokenServer(program, folder, framework, "--config", "as.toml") as server:
            return [*by_library(library, server), by_schemathesis(schemathesis, folder, server)]

    with ThreadPoolExecutor() as pool:
        for rows in pool.map(on, FRAMEWORKS):
            for columns, problems in rows:
                report.row(columns, problems)


def by_library(library: Path, server: TokenServer) -> list[tuple[list[str], list[str]]]:
    server.forget()
    command = ["node", str(library), f"http://{server.address}"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    words = [json.loads(line) for line in ended.stdout.splitlines()]
    decisions = server.decisions(len(words))
    rows = []
    for word in words:
        client_id, method = word.get("client_id", ""), word["method"]
        problems = []
        if not word.get("access_token"):
            problems.append(f"{word} {ended.stderr[-500:]}")
        elif claims_of(word["access_token"]).get("client_id") != client_id:
            problems.append(f"the token is for {claims_of(word['access_token'])}")
        if not any(line.startswith("authenticated ") and f'"{client_id}"' in line and f"method={method} " in line for line in decisions):
            problems.append(f"the log says {decisions}")
        if client_id in stored_in_the_clear(server):
            problems.append("the log has its secret")
        rows.append(([server.framework, "registration", "openid-client", f"registers, then {method}"], problems))
    if len(words) != 4:
        rows.append(([server.framework, "registration", "openid-client"], [f"{len(words)} words: {ended.stderr[-500:]}"]))
    return rows


def stored_in_the_clear(server: TokenServer) -> str:
    """Lines with what only a client may hold."""
    return " ".join(line for line in server.log if re.search(r"\bc[rs]_[A-Za-z0-9_-]{43}", line))


def by_schemathesis(program: Path, folder: Path, server: TokenServer) -> tuple[list[str], list[str]]:
    url = f"http://{server.address}"
    command = [str(program), "--config-file", str(HERE / "schemathesis.toml"), "run", f"{url}/openapi.json", "--url", url,
        # With a fixed seed, so that a failure comes again.
        "--seed", "1", "--max-examples", "20", "--no-color", "--suppress-health-check", "all"]
    ended = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1800)
    said = ended.stdout + ended.stderr
    problems = []
    if ended.returncode != 0:
        problems.append(f"it ended with {ended.returncode}: {shortened(said)}")
    done = [line for line in server.log if line.startswith("registration ") and " outcome=done " in f"{line} "]
    registered = sum("operation=register " in line for line in done)
    # A document in which nothing fits together would pass as well.
    if registered < 10 or len(done) == registered:
        problems.append(f"it registered {registered} clients, and did {len(done) - registered} things with them")
    if stored_in_the_clear(server):
        problems.append("the log has a secret")
    count = re.search(r"(\d+) generated", said)
    case = f"its OpenAPI document, {count[1] if count else 'no'} requests"
    return [server.framework, "registration", "schemathesis", case], problems


def shortened(text: str) -> str:
    return "\n    ".join(line[:300] for line in text.splitlines() if line.strip())[-4000:]


def environment() -> Path:
    """An environment of its own, since what it needs is nobody else's business."""
    folder = installed.TARGET / "schemathesis"
    requirements = HERE / "requirements.txt"
    wanted = requirements.read_text()
    if installed.is_other(folder, wanted):
        installed.fresh(folder)
        installed.run(["/usr/bin/python3", "-m", "venv", "."], folder)
        installed.run(["bin/pip", "install", "--quiet", "--no-deps", "--requirement", str(requirements)], folder)
        installed.done(folder, wanted)
    return folder / "bin/schemathesis"


def openid_client() -> Path:
    """Beside the packages, where Node looks for them."""
    return Path(shutil.copy(HERE / "openid_client.mjs", installed.packages_of_node() / "registration.mjs"))


# In memory: a slow disk is no fault of the document.
FILES = {"as.toml": 'clients = "clients.json"\nusers = "users.json"\n', "clients.json": "[]", "users.json": "[]"}
