"""What the Python clients share. README.md here says what is read and written."""

import sys
from dataclasses import dataclass
from ssl import TLSVersion


@dataclass
class Try:
    url: str
    ca: str
    certificate: str
    key: str
    version: str
    header: str
    form: str

    def has_certificate(self) -> bool:
        return self.certificate != "-"

    def tls_version(self) -> TLSVersion:
        return {"1.2": TLSVersion.TLSv1_2, "1.3": TLSVersion.TLSv1_3}[self.version]

    def headers(self) -> dict[str, str]:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if self.header != "-":
            name, value = self.header.split(": ", 1)
            headers[name] = value
        return headers


def run(attempt) -> None:
    """Reads tries and has each attempted."""
    for line in sys.stdin:
        try:
            attempt(Try(*line.rstrip("\n").split("\t")))
        except Exception as error:  # Whatever it is, the run goes on with the next.
            print("failed", one_line(f"{type(error).__name__}: {error}"), sep="\t")
        print(flush=True)


def answered(label: str, status: int, version: str, body: str) -> None:
    print(label, status, version.removeprefix("TLSv"), one_line(body), sep="\t")


def one_line(text: str) -> str:
    return " ".join(text.split())
