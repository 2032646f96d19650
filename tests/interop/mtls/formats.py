"""How proxies write a client's certificate, and what a forger would write."""

import base64
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import cases
from .cases import Case, accepted, refused


@dataclass
class Format:
    """One way to write it."""

    proxy: str
    # The value of `header` in the configuration.
    name: str
    field: str
    chain_field: str | None
    # A certificate, from its file.
    value: Callable[[Path], str]

    def forged(self, certificate: Path) -> str:
        """The field as anybody can write it who has seen the certificate."""
        return f"{self.field}: {self.value(certificate)}"

    def forgeries(self, folder: Path) -> list[Case]:
        """A client writes the field itself, and the proxy overwrites it."""
        forged = self.forged(folder / "demo-tls-dn-cert.pem")
        in_small_letters = forged.replace(self.field, self.field.lower())
        another = self.forged(folder / "demo-self-signed-cert.pem")
        client = "demo-tls-dn"
        made = [
            refused("forged, no certificate", client, None, "no_certificate", forged),
            refused("forged in small letters, no certificate", client, None, "no_certificate", in_small_letters),
            refused("forged, another client's certificate", client, "demo-tls-dns", "certificate_mismatch", forged),
            accepted("forged, but the client's own certificate counts", client, client, another),
        ]
        if self.chain_field:
            chain = f"{self.chain_field}: {self.value(folder / 'ca.pem')}"
            made.append(refused("a forged chain, no certificate", client, None, "no_certificate", chain))
            # Nobody could read it, so that it would be refused if it came through.
            made.append(accepted("a forged chain, dropped", client, client, f"{self.chain_field}: nonsense"))
        return made

    def forgetting(self, folder: Path) -> Case:
        """The same where the proxy does not overwrite it: nobody could tell."""
        forged = self.forged(folder / "demo-tls-dn-cert.pem")
        return accepted("a proxy that FORGETS to overwrite lets forgers in", "demo-tls-dn", None, forged, "demo-tls-dn")


def escaped(certificate: Path) -> str:
    return urllib.parse.quote(certificate.read_text(), safe="")


def base64_of(certificate: Path) -> str:
    return base64.b64encode(cases.der(certificate)).decode()


FORMATS = [
    Format("nginx", "nginx", "X-SSL-Client-Cert", None, escaped),
    Format("haproxy", "haproxy", "X-SSL-Client-Cert", "X-SSL-Client-Chain", base64_of),
    Format("haproxy", "client-cert", "Client-Cert", "Client-Cert-Chain", lambda file: f":{base64_of(file)}:"),
]
