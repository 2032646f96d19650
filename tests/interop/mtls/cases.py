"""What a client shows and calls itself, and what must come of it."""

import base64
import hashlib
import json
import ssl
from dataclasses import dataclass
from pathlib import Path

from bed.token_server import TokenServer

from .client import Answer, Client, Outcome, Try

VERSIONS = ["1.2", "1.3"]


@dataclass
class Case:
    """What a client sends, and what must come of it."""

    name: str
    client_id: str
    form: str
    # The demo client whose certificate it shows.
    shows: str | None = None
    # What the log says of a refusal; none where a token comes.
    reason: str | None = None
    # The demo client whose certificate the token is bound to.
    bound_to: str | None = None
    # A further field.
    header: str = ""


def accepted(
    name: str, client_id: str, shows: str | None = None, header: str = "", believed: str | None = None
) -> Case:
    """A client of mutual TLS gets a token for its certificate, or for the one that the server believes to be its."""
    return Case(name, client_id, form(client_id), shows, None, believed or shows, header)


def refused(name: str, client_id: str, shows: str | None, reason: str, header: str = "") -> Case:
    return Case(name, client_id, form(client_id), shows, reason, None, header)


def form(client_id: str) -> str:
    return f"grant_type=client_credentials&client_id={client_id}"


SUBJECTS = ["demo-tls-dn", "demo-tls-dns", "demo-tls-uri", "demo-tls-ip", "demo-tls-email"]

SELF_SIGNED = accepted("self_signed_tls_client_auth demo-self-signed", "demo-self-signed", "demo-self-signed")

ACCEPTED = [accepted(f"tls_client_auth {client}", client, client) for client in SUBJECTS] + [SELF_SIGNED]

NO_CERTIFICATE = refused("tls_client_auth, no certificate", "demo-tls-dn", None, "no_certificate")

NO_SELF_SIGNED = refused("self_signed_tls_client_auth, no certificate", "demo-self-signed", None, "no_certificate")

REFUSED = [
    NO_CERTIFICATE,
    NO_SELF_SIGNED,
    refused("tls_client_auth, another client's", "demo-tls-dn", "demo-tls-dns", "certificate_mismatch"),
    refused("tls_client_auth, a self-signed one", "demo-tls-dn", "demo-self-signed", "certificate_untrusted"),
    refused("self_signed_tls_client_auth, another client's", "demo-self-signed", "demo-tls-dn", "certificate_mismatch"),
]


@dataclass
class Way:
    """How a request gets to a server."""

    name: str
    server: TokenServer
    url: str
    # With the certificates.
    folder: Path
    # Whether the handshake names an authority.
    authorities: str = "0"
    # The server's own listener keeps sessions and gives out no tickets; in TLS 1.2 Go knows nothing but tickets.
    go_resumes_tls_1_2: bool = True

    def last_label(self, client: Client, version: str) -> str | None:
        if not client.resumes:
            return None
        fresh = client.name.startswith("go ") and version == "1.2" and not self.go_resumes_tls_1_2
        return "not-resumed" if fresh else "resumed"


def run(way: Way, client: Client, case: Case) -> tuple[str, list[str]]:
    """What came of it, in a few words, and what is wrong with that."""
    problems: list[str] = []
    seen: list[str] = []
    for version in VERSIONS:
        files = [way.folder / f"{case.shows}-{kind}.pem" if case.shows else None for kind in ["cert", "key"]]
        certificate, key = files
        a_try = Try(way.url, way.folder / "ca.pem", certificate, key, version, case.form, case.header)
        way.server.forget()
        outcome = client.attempt(a_try)
        decisions = way.server.decisions(len(outcome.answers))
        bound_to = thumbprint(way.folder / f"{case.bound_to}-cert.pem") if case.bound_to else None
        expected = [label for label in ["first", "again", way.last_label(client, version)] if label]
        wrong = wrong_with(outcome, expected, version, case, bound_to)
        if client.tells_authorities and outcome.authorities != way.authorities:
            wrong.append(f"{outcome.authorities} authorities are named, not {way.authorities}")
        wrong += wrong_with_log(decisions, len(outcome.answers), case, bound_to)
        problems += [f"TLS {version}: {problem}" for problem in wrong]
        labels = " ".join(answer.label for answer in outcome.answers)
        seen.append(f"TLS {version} {labels}: {' '.join(sorted({answer.status for answer in outcome.answers}))}")
    return ", ".join([*seen, case.reason] if case.reason else seen), problems


def wrong_with(outcome: Outcome, labels: list[str], version: str, case: Case, bound_to: str | None) -> list[str]:
    problems = list(outcome.failures)
    found = [answer.label for answer in outcome.answers]
    if found != labels:
        problems.append(f"there are answers {found}, not {labels}")
    for answer in outcome.answers:
        if answer.version != version:
            problems.append(f"{answer.label}: TLS {answer.version}")
        wrong = wrong_answer(answer, case, bound_to)
        if wrong:
            problems.append(f"{answer.label}: {wrong}: {answer.status} {answer.body}")
    return problems


def wrong_answer(answer: Answer, case: Case, bound_to: str | None) -> str | None:
    try:
        body = json.loads(answer.body)
    except ValueError:
        return "no JSON"
    if case.reason:
        refusal = {"error": "invalid_client", "error_description": "client authentication failed"}
        return None if answer.status == "400" and body == refusal else "not 400 invalid_client"
    if answer.status != "200" or body.get("token_type") != "Bearer":
        return "not a token"
    claims = claims_of(body["access_token"])
    if claims.get("client_id") != case.client_id:
        return f"a token for {claims.get('client_id')}"
    # The certificate that was shown, and no other, got to the server.
    bound = claims.get("cnf", {}).get("x5t#S256")
    return None if bound == bound_to else f"a token for the certificate {bound}, not {bound_to}"


def claims_of(token: str) -> dict:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def wrong_with_log(decisions: list[str], count: int, case: Case, bound_to: str | None) -> list[str]:
    if len(decisions) != count:
        return [f"{len(decisions)} lines in the log, not {count}: {decisions}"]
    start = f"refused reason={case.reason} " if case.reason else "authenticated "
    holds = f" certificate={bound_to} " if bound_to else ""
    return [f"the log says {line}" for line in decisions if not (line.startswith(start) and holds in line)]


def thumbprint(certificate: Path) -> str:
    """`x5t#S256` (RFC 7515 section 4.1.8)."""
    digest = hashlib.sha256(der(certificate)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def der(certificate: Path) -> bytes:
    # The first, where there are several.
    end = "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(certificate.read_text().split(end)[0] + end)
