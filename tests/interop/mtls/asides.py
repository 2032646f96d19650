"""What a proxy does beside certificates, and what happens beside a proxy."""

import json
import subprocess
from collections.abc import Iterator

from .cases import Way, form
from .formats import Format


def run(way: Way, format: Format) -> Iterator[tuple[str, list[str]]]:
    yield "private_key_jwt demo-es256", assertion(way)
    yield "the client's own address is in the log", address(way)
    yield "past the proxy, forged", past(way, format)


def assertion(way: Way) -> list[str]:
    fields = subprocess.run(
        ["./assert", "demo-es256", "https://as.example.com"], cwd=way.folder, capture_output=True, text=True, check=True)
    status, body, decision = ask(way, way.url, "--data", "grant_type=client_credentials", "--data", fields.stdout)
    fine = status == "200" and "access_token" in body and decision.startswith("authenticated ")
    return [] if fine else [f"{status} {body}, the log says {decision}"]


def address(way: Way) -> list[str]:
    """The whole of 127.0.0.0/8 is this machine; what the client says of itself does not count."""
    _, _, decision = ask(way, way.url, "--interface", "127.0.0.5", "--header", "X-Forwarded-For: 192.0.2.1",
        "--data", form("demo-tls-dn"))
    return [] if " source=127.0.0.5 " in decision else [f"the log says {decision}"]


def past(way: Way, format: Format) -> list[str]:
    """Somebody who gets to the server itself, from an address that is not the proxy's."""
    forged = format.forged(way.folder / "demo-tls-dn-cert.pem")
    status, body, decision = ask(way, f"http://{way.server.address}/token", "--interface", "127.0.0.5",
        "--header", forged, "--data", form("demo-tls-dn"))
    fine = (status, body.get("error")) == ("400", "invalid_client")
    reason = "refused reason=forwarded_certificate_refused "
    return [] if fine and decision.startswith(reason) else [f"{status} {body}, the log says {decision}"]


def ask(way: Way, url: str, *options: str) -> tuple[str, dict, str]:
    """The status, the body, and what the log says."""
    way.server.forget()
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20", "--cacert", "ca.pem",
        "--write-out", "\n%{http_code}", *options, url]
    said = subprocess.run(command, cwd=way.folder, capture_output=True, text=True)
    body, _, status = said.stdout.rpartition("\n")
    decisions = way.server.decisions(1)
    try:
        return status, json.loads(body), " ".join(decisions)
    except ValueError:
        return status, {}, f"{decisions}; curl says {body} {said.stderr}"
