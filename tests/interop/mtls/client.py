"""The clients: programs that attempt what they are told, see clients/README.md."""

import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

CLIENTS = Path(__file__).resolve().parent / "clients"


@dataclass
class Try:
    url: str
    ca: Path
    certificate: Path | None
    key: Path | None
    version: str
    form: str
    header: str = ""

    def line(self) -> str:
        fields = [self.url, self.ca, self.certificate, self.key, self.version, self.header, self.form]
        return "\t".join(str(field or "-") for field in fields)


@dataclass
class Answer:
    """`label` is `first`, `again`, `resumed`, or one of these with `not-` before it."""

    label: str
    status: str
    version: str
    body: str


@dataclass
class Outcome:
    answers: list[Answer]
    # How many the server named, where the client can tell.
    authorities: str | None
    failures: list[str]


class Client:
    """A program that runs until the end of its `with` block."""

    def __init__(self, name: str, command: list[str], resumes: bool, tells_authorities: bool):
        self.name = name
        self.command = command
        self.resumes = resumes
        self.tells_authorities = tells_authorities

    def __enter__(self) -> "Client":
        self.process = subprocess.Popen(
            self.command, cwd=CLIENTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        return self

    def __exit__(self, *_) -> None:
        # At the end of its input it ends.
        self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def attempt(self, a_try: Try) -> Outcome:
        outcome = Outcome([], None, [])
        # A client that hangs would hang the run.
        watch = threading.Timer(300, self.process.kill)
        watch.start()
        try:
            self.process.stdin.write(a_try.line() + "\n")
            self.process.stdin.flush()
            for line in self.process.stdout:
                if line == "\n":
                    return outcome
                label, *rest = line.rstrip("\n").split("\t")
                if label == "failed":
                    outcome.failures.append(" ".join(rest))
                elif label == "authorities":
                    [outcome.authorities] = rest
                else:
                    outcome.answers.append(Answer(label, *rest))
        except OSError as error:
            outcome.failures.append(str(error))
        finally:
            watch.cancel()
        outcome.failures.append(f"{self.name} ended, or said nothing for five minutes")
        return outcome


def all_clients(scratch: Path) -> list[Client]:
    """Every client. The one in Go is built here."""
    go = scratch / "client"
    # Beside a module it would look for one.
    build = ["go", "build", "-o", str(go), str(CLIENTS / "client.go")]
    subprocess.run(build, cwd=scratch, check=True)
    python = "/usr/bin/python3"
    return [
        Client("curl", ["./curl.sh"], False, False),
        Client("openssl s_client", ["./openssl.sh"], True, False),
        Client("node https", ["node", "node.mjs"], True, False),
        Client("python http", [python, "-u", "-B", "python_http.py"], True, False),
        Client("python requests", [python, "-u", "-B", "python_requests.py"], False, False),
        Client("go net/http", [str(go)], True, True),
        Client("java HttpClient", ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "Client.java"], True, True),
    ]
