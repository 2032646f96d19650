"""nginx and HAProxy in processes of their own, set up as the README says or in a way that it warns of."""

import subprocess
from pathlib import Path

from bed import ports
from bed.readme import replaced, snippet


class Proxy:
    """A program with all its listeners. Runs until the end of its `with` block."""

    def __init__(self, name: str, command: list[str], scratch: Path, listening: list[int]):
        self.name = name
        self.command = command
        self.said = scratch / f"{name}.log"
        self.listening = listening

    def __enter__(self) -> "Proxy":
        with self.said.open("w") as said:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            for port in self.listening:
                ports.wait_for(port, lambda: self.process.poll() is None)
        except RuntimeError as error:
            self.end()
            raise RuntimeError(f"{self.name} does not start: {error}: {self.said.read_text()}") from error
        return self

    def __exit__(self, *_) -> None:
        self.end()

    def end(self) -> None:
        # Both take this as: at once.
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def nginx_server(server: str, port: int, address: str, folder: Path) -> str:
    """The README's `server { … }`, or a variant of it, on this port before the server at this address."""
    return replaced(server, {
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/nginx/server.pem": f"{folder}/server.pem",
        "/etc/nginx/server-key.pem": f"{folder}/server-key.pem",
        "http://127.0.0.1:8080;": f"http://{address};",
    })


def nginx(scratch: Path, servers: dict[int, str]) -> Proxy:
    """nginx with these servers by their ports."""
    kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    temporary = "\n".join(f"{kind}_temp_path {scratch}/{kind};" for kind in kinds)
    # One process, which stays who it is: a master would hand over to another user.
    configuration = scratch / "nginx.conf"
    configuration.write_text(
        f"daemon off;\nmaster_process off;\npid {scratch}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}\n{''.join(servers.values())}}}\n")
    # Debian keeps daemons where the paths of users do not lead.
    command = ["/usr/sbin/nginx", "-p", str(scratch), "-e", "stderr", "-c", str(configuration)]
    return Proxy("nginx", command, scratch, list(servers))


def naming_nginx(folder: Path) -> str:
    """A variant that names the authority to clients."""
    verify = "    ssl_verify_client   optional_no_ca;\n"
    return replaced(nginx_snippet(), {verify: f"{verify}    ssl_client_certificate {folder}/ca.pem;\n"})


def haproxy_sections(sections: str, port: int, address: str, folder: Path) -> str:
    """The README's frontend and backend, or a variant of them, on this port before the server at this address."""
    both = folder / "server-and-key.pem"
    both.write_text((folder / "server.pem").read_text() + (folder / "server-key.pem").read_text())
    return replaced(sections, {
        "frontend mutual_tls\n": f"frontend mutual_tls_{port}\n",
        "bind :443 ": f"bind 127.0.0.1:{port} ",
        "/etc/haproxy/server.pem": str(both),
        "/etc/haproxy/ca.pem": f"{folder}/ca.pem",
        "default_backend token_server\n": f"default_backend token_server_{port}\n",
        "\nbackend token_server\n": f"\nbackend token_server_{port}\n",
        "server token_server 127.0.0.1:8080": f"server token_server {address}",
    })


def haproxy(scratch: Path, sections: dict[int, str]) -> Proxy:
    """HAProxy with these sections by the ports of their frontends."""
    configuration = scratch / "haproxy.cfg"
    limits = "\n".join(f"    timeout {what} 120s" for what in ["connect", "client", "server"])
    configuration.write_text(f"global\n    maxconn 200\ndefaults\n{limits}\n{''.join(sections.values())}")
    return Proxy("haproxy", ["/usr/sbin/haproxy", "-db", "-f", str(configuration)], scratch, list(sections))


def nginx_snippet() -> str:
    return snippet("nginx", "ssl_client_escaped_cert")


def haproxy_snippet() -> str:
    return snippet("haproxy", "X-SSL-Client-Cert ")


def client_cert_snippet() -> str:
    """The same with the field of RFC 9440."""
    lines = [line for line in haproxy_snippet().splitlines(keepends=True) if "X-SSL-Client-" in line]
    assert len(lines) == 4, lines
    return replaced(haproxy_snippet(), {"".join(lines): snippet("haproxy", ":%[ssl_c_der,base64]:")})

