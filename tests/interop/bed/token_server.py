"""token-server in a process of its own, and what it says."""

import json
import re
import subprocess
import threading
import time
from pathlib import Path

from .readme import ROOT

FRAMEWORKS = ["axum", "actix"]


def build() -> Path:
    """The program, built by cargo."""
    command = ["cargo", "build", "--quiet", "--locked", "--package", "token-server", "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    [program] = {message["executable"] for message in messages if message.get("executable")}
    return Path(program)


class TokenServer:
    """Runs until the end of its `with` block."""

    def __init__(self, program: Path, folder: Path, framework: str, *arguments: str):
        self.framework = framework
        self.printed: list[str] = []
        self.log: list[str] = []
        self.read = 0
        command = [str(program), "--framework", framework, "--listen", "127.0.0.1:0", *arguments]
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for stream, lines in [(self.process.stdout, self.printed), (self.process.stderr, self.log)]:
            threading.Thread(target=collect, args=(stream, lines), daemon=True).start()

    def __enter__(self) -> "TokenServer":
        try:
            self.wait(lambda: self.printed)
            where = re.search(r"listening on http://(\S+?)(?: and https://(\S+))? with (\w+)", self.printed[0])
            self.address, self.tls_address, framework = where.groups()
            assert framework == self.framework, self.printed[0]
        except Exception as error:
            self.end()
            raise RuntimeError(f"token-server does not start: {' '.join(self.log)}") from error
        return self

    def __exit__(self, *_) -> None:
        self.end()

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def forget(self) -> None:
        """What is in the log by now is not asked about."""
        self.read = len(self.log)

    def decisions(self, count: int) -> list[str]:
        """The next lines of the log about so many requests."""
        self.wait(lambda: len(self.new_decisions()) >= count)
        found = self.new_decisions()
        self.forget()
        return found

    def new_decisions(self) -> list[str]:
        return [line for line in self.log[self.read :] if line.startswith(("authenticated ", "refused "))]

    def wait(self, for_what) -> None:
        end = time.monotonic() + LIMIT
        while not for_what() and time.monotonic() < end and self.process.poll() is None:
            time.sleep(0.002)


# In seconds, on a machine that is very busy.
LIMIT = 120


def collect(stream, lines: list[str]) -> None:
    for line in stream:
        lines.append(line.rstrip("\n"))
