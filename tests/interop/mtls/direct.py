"""Clients at the server's own TLS listener."""

from contextlib import ExitStack
from pathlib import Path

from bed import readme
from bed.report import Report
from bed.token_server import FRAMEWORKS, TokenServer

from . import cases, configuration, issued
from .cases import ACCEPTED, REFUSED, Way
from .client import all_clients

TITLE = "Mutual TLS"


def run(program: Path, scratch: Path, report: Report) -> None:
    folder = configuration.folder(program, scratch)
    text = readme.replaced(readme.snippet("toml", "[tls]"), {"127.0.0.1:8443": "127.0.0.1:0"})
    (folder / "as.toml").write_text(text)
    with ExitStack() as stack:
        ways = []
        for framework in FRAMEWORKS:
            server = stack.enter_context(TokenServer(program, folder, framework, "--config", "as.toml"))
            url = f"https://{server.tls_address}/token"
            ways.append(Way("direct", server, url, folder, go_resumes_tls_1_2=False))
        for client in all_clients(scratch):
            with client:
                for way in ways:
                    for case in [*ACCEPTED, issued.BY_CHAIN, issued.BY_ANCHOR, *REFUSED, issued.EXPIRED]:
                        outcome, problems = cases.run(way, client, case)
                        columns = [way.server.framework, way.name, client.name, case.name, outcome]
                        report.row(columns, problems)
