"""A program around one client library, which is told what to try and says what came of it."""

import json
import os
import subprocess
import threading

from . import browser
from .bed import Bed

class Driver:
    """Runs until the end of its `with` block. drivers/README.md says what is written and read."""

    def __init__(self, command: list[str], bed: Bed, server):
        self.bed, self.server, self.command = bed, server, command
        self.said: list[str] = []

    def __enter__(self) -> "Driver":
        authority = str(self.bed.folder / "ca.pem")
        environment = {**os.environ, **{name: authority for name in TRUSTING}, **HERE_ONLY}
        self.process = subprocess.Popen(
            self.command, cwd=self.bed.folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self.listen, daemon=True).start()
        self.write(self.bed.setup(self.server))
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def attempt(self, a_try: dict) -> dict:
        """Its last word on a try. A page that it wants visited is visited for it."""
        watch = threading.Timer(LIMIT, self.process.kill)
        watch.start()
        try:
            self.write(a_try)
            while line := self.process.stdout.readline():
                try:
                    word = json.loads(line)
                except ValueError:
                    return {"failed": f"it says {line!r}"}
                if "visit" not in word:
                    return word
                self.write({"redirected": browser.visit(word["visit"], *self.bed.user, self.bed.trust())})
            return {"failed": f"it ended, or took {LIMIT} s: {' '.join(self.said[-3:])}"}
        except (OSError, ValueError) as error:
            return {"failed": f"{type(error).__name__}: {error}, {' '.join(self.said[-3:])}"}
        finally:
            watch.cancel()

    def write(self, word: dict) -> None:
        self.process.stdin.write(json.dumps(word) + "\n")
        self.process.stdin.flush()

    def listen(self) -> None:
        for line in self.process.stderr:
            self.said.append(line.strip())


LIMIT = 120

# Each has a name of its own for it.
TRUSTING = ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"]

# No proxy stands between a machine and itself.
HERE_ONLY = {"NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1", "NODE_NO_WARNINGS": "1"}
