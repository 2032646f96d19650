"""Clients at a proxy that ends their TLS connections and passes their certificates on."""

import base64
import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bed import ports, readme
from bed.report import Report
from bed.token_server import FRAMEWORKS, TokenServer

from . import asides, cases, configuration, issued, proxies
from .cases import ACCEPTED, NO_CERTIFICATE, NO_SELF_SIGNED, REFUSED, SELF_SIGNED, Case, Way
from .client import Client, all_clients
from .formats import FORMATS, Format

TITLE = "Behind proxies"


@dataclass
class Bed:
    """A server, and the proxies in front of it."""

    format: Format
    way: Way
    # The same, without what the README says not to leave out.
    forgetful: Way
    # The same, naming the authority to clients; nginx alone.
    naming: Way | None


def run(program: Path, scratch: Path, report: Report) -> None:
    folder = configuration.folder(program, scratch)
    with ExitStack() as stack:
        beds = start(program, folder, scratch, stack)
        for client in all_clients(scratch):
            with client:
                for bed in beds:
                    for way, case in tried_by(client, bed, folder):
                        outcome, problems = cases.run(way, client, case)
                        report.row([way.server.framework, way.name, client.name, case.name, outcome], problems)
        for bed in beds:
            for name, problems in asides.run(bed.way, bed.format):
                report.row([bed.way.server.framework, bed.way.name, "curl", name], problems)


def tried_by(client: Client, bed: Bed, folder: Path) -> list[tuple[Way, Case]]:
    """curl tries everything, the others what depends on the client."""
    if client.name == "curl":
        right = [*ACCEPTED, issued.BY_ANCHOR, *REFUSED, *bed.format.forgeries(folder), *secrets(folder)]
        right.append(issued.BY_CHAIN if bed.format.name == "haproxy" else issued.CHAINLESS)
        if bed.format.proxy == "haproxy":
            # nginx answers itself, see asides.
            right.append(issued.EXPIRED)
        return [(bed.way, case) for case in right] + [(bed.forgetful, bed.format.forgetting(folder))]
    tried = [(bed.way, case) for case in [ACCEPTED[0], SELF_SIGNED, NO_CERTIFICATE]]
    if client.tells_authorities and bed.naming:
        withheld = replace(NO_SELF_SIGNED, name="self-signed, WITHHELD: a CA is named", shows="demo-self-signed")
        shown = replace(ACCEPTED[0], name="tls_client_auth, shown: its CA is named")
        tried += [(bed.naming, withheld), (bed.naming, shown)]
    return tried


def secrets(folder: Path) -> list[Case]:
    """Clients that have no certificate, and one that shows one beside."""
    clients = json.loads((folder / "clients.json").read_text())
    secret = {client["client_id"]: client.get("client_secret") for client in clients}
    basic = base64.b64encode(f"demo-basic:{secret['demo-basic']}".encode()).decode()
    post = f"{cases.form('demo-post')}&client_secret={secret['demo-post']}"
    return [
        Case("client_secret_basic demo-basic", "demo-basic", "grant_type=client_credentials",
            header=f"Authorization: Basic {basic}"),
        Case("client_secret_post demo-post", "demo-post", post),
        Case("client_secret_post, a certificate beside it", "demo-post", post, shows="demo-tls-dn"),
    ]


def start(program: Path, folder: Path, scratch: Path, stack: ExitStack) -> list[Bed]:
    """A server for each framework and format; one nginx and one HAProxy with a door to each of them."""
    free = iter(ports.free(3 * len(FORMATS) * len(FRAMEWORKS)))
    beds, of_nginx, of_haproxy = [], {}, {}
    for format in FORMATS:
        configured = readme.replaced(readme.snippet("toml", "[proxy]"), {'"nginx"': f'"{format.name}"'})
        (folder / f"{format.name}.toml").write_text(configured)
        for framework in FRAMEWORKS:
            server = TokenServer(program, folder, framework, "--config", f"{format.name}.toml")
            stack.enter_context(server)

            def door(text: str, authorities: str = "0") -> Way:
                port = next(free)
                if format.proxy == "nginx":
                    of_nginx[port] = proxies.nginx_server(text, port, server.address, folder)
                else:
                    of_haproxy[port] = proxies.haproxy_sections(text, port, server.address, folder)
                return Way(format.name, server, f"https://127.0.0.1:{port}/token", folder, authorities)

            if format.proxy == "nginx":
                text = proxies.nginx_snippet()
                forgetful = readme.without(text, "$ssl_client_escaped_cert")
                authorities = (folder / "ca.pem").read_text().count("BEGIN CERTIFICATE")
                naming = door(proxies.naming_nginx(folder), str(authorities))
            else:
                text = proxies.haproxy_snippet() if format.name == "haproxy" else proxies.client_cert_snippet()
                forgetful, naming = readme.without(text, "del-header"), None
            beds.append(Bed(format, door(text), door(forgetful), naming))
    stack.enter_context(proxies.nginx(scratch, of_nginx))
    stack.enter_context(proxies.haproxy(scratch, of_haproxy))
    return beds
