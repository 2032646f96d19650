"""What a proxy does beside certificates, and what happens beside a proxy."""

import subprocess
from collections.abc import Iterator

from .cases import Way, form
from .formats import Format


def run(way: Way, format: Format) -> Iterator[tuple[str, list[str]]]:
    yield "private_key_jwt demo-es256", assertion(way)
    yield "the client's own address is in the log", address(way)
    yield "past the proxy, forged", past(way, format)
    if format.proxy == "nginx":
        yield "an expired certificate: nginx refuses", expired(way)


def assertion(way: Way) -> list[str]:
    command = ["./assert", "demo-es256", "https://as.example.com"]
    fields = subprocess.run(command, cwd=way.folder, capture_output=True, text=True, check=True).stdout
    status, body, log = ask(way, way.url, "--data", "grant_type=client_credentials", "--data", fields)
    fine = status == "200" and "access_token" in body and log.startswith("authenticated ")
    return [] if fine else [f"{status} {body}, the log says {log}"]


def address(way: Way) -> list[str]:
    """The whole of 127.0.0.0/8 is this machine; what the client says of itself does not count."""
    said = "X-Forwarded-For: 192.0.2.1"
    _, _, log = ask(way, way.url, "--interface", "127.0.0.5", "--header", said, "--data", form("demo-tls-dn"))
    return [] if " source=127.0.0.5 " in log else [f"the log says {log}"]


def past(way: Way, format: Format) -> list[str]:
    """Somebody who gets to the server itself, from an address that is not the proxy's."""
    forged = format.forged(way.folder / "demo-tls-dn-cert.pem")
    url = f"http://{way.server.address}/token"
    status, body, log = ask(way, url, "--interface", "127.0.0.5", "--header", forged, "--data", form("demo-tls-dn"))
    fine = status == "400" and '"invalid_client"' in body
    reason = "refused reason=forwarded_certificate_refused "
    return [] if fine and log.startswith(reason) else [f"{status} {body}, the log says {log}"]


def expired(way: Way) -> list[str]:
    """`optional_no_ca` forgives an unknown authority and nothing else. The server hears nothing of it."""
    identity = ["--cert", "expired-cert.pem", "--key", "expired-key.pem"]
    status, body, log = ask(way, way.url, *identity, "--data", form("demo-tls-dn"), decisions=0)
    fine = status == "400" and "The SSL certificate error" in body and not log
    return [] if fine else [f"{status} {body}, the log says {log}"]


def ask(way: Way, url: str, *options: str, decisions: int = 1) -> tuple[str, str, str]:
    """The status, the body, and what the log says in so many lines."""
    way.server.forget()
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "60", "--cacert", "ca.pem",
        "--write-out", "\n%{http_code}", *options, url]
    said = subprocess.run(command, cwd=way.folder, capture_output=True, text=True)
    body, _, status = said.stdout.rpartition("\n")
    return status, body + said.stderr, " ".join(way.server.decisions(decisions))
