"""Certificates that the demonstration has none of: from intermediate authorities, which the server must be shown or
know itself, and an expired one."""

import json
import subprocess
from pathlib import Path

from .cases import accepted, refused

# The root is in client_ca; the client, or the proxy, shows the intermediate.
BY_CHAIN = accepted("tls_client_auth, by an intermediate", "issued", "issued")
# A proxy that shows none.
CHAINLESS = refused("tls_client_auth, by an intermediate: no chain", "issued", "issued", "certificate_untrusted")
# The intermediate is in client_ca.
BY_ANCHOR = accepted("tls_client_auth, its intermediate in client_ca", "issued-anchored", "issued-anchored")
EXPIRED = refused("tls_client_auth, an expired one", "demo-tls-dn", "expired", "certificate_expired")


def register(folder: Path) -> None:
    """Makes the authorities and the certificates, and adds the clients to the files of this folder."""
    clients = json.loads((folder / "clients.json").read_text())
    for client, anchor in [("issued", "root"), ("issued-anchored", "intermediate")]:
        names = {"root": f"{client}-root", "intermediate": f"{client}-intermediate"}
        authority = ["basicConstraints=critical,CA:TRUE"]
        make(folder, names["root"], None, authority)
        make(folder, names["intermediate"], names["root"], authority)
        subject = f"subjectAltName=DNS:{client}.example.com"
        make(folder, client, names["intermediate"], ["basicConstraints=CA:FALSE", subject])
        # What it shows: its own, then the one that vouches for it.
        with (folder / f"{client}-cert.pem").open("a") as chain:
            chain.write((folder / f"{names['intermediate']}-cert.pem").read_text())
        with (folder / "ca.pem").open("a") as anchors:
            anchors.write((folder / f"{names[anchor]}-cert.pem").read_text())
        clients.append({
            "client_id": client,
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_san_dns": f"{client}.example.com",
            "tls_client_certificate_bound_access_tokens": True,
        })
    (folder / "clients.json").write_text(json.dumps(clients))
    expire(folder)


def make(folder: Path, name: str, issuer: str | None, extensions: list[str]) -> None:
    command = ["req", "-x509", *NEW_KEY, "-subj", f"/CN={name}", "-days", "2"]
    for extension in extensions:
        command += ["-addext", extension]
    if issuer:
        command += ["-CA", f"{issuer}-cert.pem", "-CAkey", f"{issuer}-key.pem"]
    openssl(folder, *command, "-keyout", f"{name}-key.pem", "-out", f"{name}-cert.pem")


def expire(folder: Path) -> None:
    """By the authority of the demonstration, until yesterday."""
    openssl(folder, "req", *NEW_KEY, "-subj", "/CN=demo-tls-dn", "-keyout", "expired-key.pem", "-out", "expired.csr")
    openssl(folder, "x509", "-req", "-in", "expired.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-days", "-1",
        "-out", "expired-cert.pem")


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=True)


NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
