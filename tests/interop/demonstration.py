"""Every line that the demonstration prints, pasted into a shell as a user does it."""

import json
import os
import re
import subprocess
from pathlib import Path

from bed import readme
from bed.report import Report
from bed.token_server import FRAMEWORKS, TokenServer

TITLE = "The lines of the demonstration"

# As many as there are demo clients: one for each method, algorithm and kind of certificate.
LINES = 23


def run(program: Path, scratch: Path, report: Report) -> None:
    for framework in FRAMEWORKS:
        folder = scratch / framework
        folder.mkdir()
        with TokenServer(program, folder, framework) as server:
            server.wait(lambda: len(pasteable(server)) >= LINES)
            lines = pasteable(server)
            for method, line in lines:
                server.forget()
                problems = paste(line, folder) + logged(server.decisions(1), method)
                case = f"{method} {client_of(line, folder)}"
                report.row([framework, "pasted", "curl", case, "an access token"], problems)
            count = [] if len(lines) == LINES else [f"{len(lines)} lines are printed, not {LINES}"]
            report.row([framework, "pasted", "", f"{LINES} lines are printed"], count)
            report.row([framework, "pasted", "", "the README shows one of them"], shown([line for _, line in lines]))


def pasteable(server: TokenServer) -> list[tuple[str, str]]:
    """Each line with the comment above it, which names the method."""
    said = list(server.printed)
    return [(above.removeprefix("# "), line) for above, line in zip(said, said[1:]) if line.startswith("curl ")]


def paste(line: str, folder: Path) -> list[str]:
    # The line stays as it is: what else there is to say stands in a file that curl reads.
    Path(folder, ".curlrc").write_text(CURLRC)
    environment = {**os.environ, "CURL_HOME": str(folder)}
    shell = subprocess.run(["sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    body, _, status = shell.stdout.rpartition("\n")
    if shell.returncode != 0 or status != "200":
        return [f"curl ended with {shell.returncode}, status {status!r}: {body} {shell.stderr}"]
    token = json.loads(body).get("access_token", "")
    return [] if re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token) else [f"no access token: {body}"]


def logged(decisions: list[str], method: str) -> list[str]:
    method = method.split(",")[0]
    if len(decisions) == 1 and decisions[0].startswith("authenticated ") and f" method={method} " in decisions[0]:
        return []
    return [f"the log says {decisions}"]


def client_of(line: str, folder: Path) -> str:
    clients = json.loads(Path(folder, "countersign-demo/clients.json").read_text())
    named = [client["client_id"] for client in clients if client["client_id"] in line]
    return max(named, key=len)


def shown(lines: list[str]) -> list[str]:
    block = readme.snippet("sh", "--cert ").strip()
    usual = [re.sub(r"https://127\.0\.0\.1:\d+/", "https://127.0.0.1:8443/", line) for line in lines]
    return [] if block in usual else [f"{block!r} is not printed"]


CURLRC = """\
silent
show-error
max-time = 60
noproxy = "*"
write-out = "\\n%{http_code}"
"""
