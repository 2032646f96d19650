"""Token-server behind https, with a client for each method and algorithm, on both frameworks."""

import json
import ssl
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path

from bed import ports
from bed.token_server import FRAMEWORKS, TokenServer

REDIRECT_URI = "http://127.0.0.1:9999/callback"


class Bed:
    """The servers run until the end of its `with` block."""

    def __init__(self, program: Path, scratch: Path):
        with TokenServer(program, scratch, "axum"):
            pass
        self.folder = scratch / "countersign-demo"
        self.clients = {client["client_id"]: client for client in json.loads(read(self.folder / "clients.json"))}
        # A redirect URI names its port, so those of the Apaches are chosen beforehand.
        self.apaches = dict(zip(FRAMEWORKS, ports.free(len(FRAMEWORKS))))
        for client in self.clients.values():
            client["redirect_uris"] += [f"http://localhost:{port}/callback" for port in self.apaches.values()]
        self.add_clients()
        (self.folder / "clients.json").write_text(json.dumps(list(self.clients.values())))
        [user] = json.loads(read(self.folder / "users.json"))
        self.user = user["username"], user["password"]
        self.program = program
        self.lock = threading.Lock()
        self.stack = ExitStack()

    def __enter__(self) -> "Bed":
        self.servers = []
        for framework in FRAMEWORKS:
            [port] = ports.free(1)
            # With a path: one library insists on it.
            issuer = f"https://localhost:{port}/as"
            configuration = self.folder / f"{framework}.toml"
            configuration.write_text(CONFIGURATION.format(issuer=issuer, port=port))
            server = TokenServer(self.program, self.folder, framework, "--config", configuration.name)
            server = self.stack.enter_context(server)
            server.issuer = issuer
            self.servers.append(server)
        return self

    def __exit__(self, *_) -> None:
        self.stack.close()

    def setup(self, server: TokenServer) -> dict:
        """What a driver must know."""
        return {
            "issuer": server.issuer,
            "token_endpoint": f"{server.issuer}/token",
            "authorization_endpoint": f"{server.issuer}/authorize",
            "jwks_uri": f"{server.issuer}/jwks",
            "ca": str(self.folder / "ca.pem"),
            "redirect_uri": REDIRECT_URI,
            "apache_port": self.apaches[server.framework],
            "username": self.user[0],
            "password": self.user[1],
        }

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.folder / "ca.pem")

    def credentials(self, client_id: str) -> dict:
        """What a client has: a secret, a key, a certificate."""
        known = {"client_id": client_id}
        secret = self.clients[client_id].get("client_secret")
        if secret:
            known["client_secret"] = secret
        for name, file in [
            ("key", f"{client_id}.pem"),
            ("certificate", f"{client_id}-cert.pem"),
            ("certificate_key", f"{client_id}-key.pem"),
        ]:
            if (self.folder / file).exists():
                known[name] = str(self.folder / file)
        algorithm = self.clients[client_id].get("id_token_signed_response_alg")
        if algorithm:
            known["id_token_algorithm"] = algorithm
        keys = self.clients[client_id].get("jwks", {}).get("keys", [])
        if keys and "kid" in keys[0]:
            known["kid"] = keys[0]["kid"]
        return known

    def add_clients(self) -> None:
        """Those that the demonstration has none of."""
        def add(client_id: str, **metadata) -> None:
            self.clients[client_id] = {"client_id": client_id, "redirect_uris": [REDIRECT_URI], **metadata}

        # What an encoding changes: every library sends the pair in its own way.
        add("awkward", token_endpoint_auth_method="client_secret_basic", client_secret=AWKWARD)
        add("awkward/id with space", token_endpoint_auth_method="client_secret_basic", client_secret=AWKWARD)
        add("https://client.example/colon", token_endpoint_auth_method="client_secret_basic", client_secret=AWKWARD)
        # Libraries that try one method and then the other.
        both = [{"method": "client_secret_basic"}, {"method": "client_secret_post"}]
        add("either", auth_methods=both, client_secret="wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq")
        # Microsoft's name a key by its certificate, and use one assertion for ten minutes.
        certificate = self.certificate("microsoft")
        microsoft = {"token_endpoint_auth_method": "private_key_jwt", "public_keys": [certificate]}
        add("microsoft", **microsoft, assertion_reuse="until_exp")
        add("microsoft-once", **microsoft)

    def certificate(self, name: str) -> str:
        """A self-signed one of an RSA key, with the files of a client."""
        key, certificate = self.folder / f"{name}.pem", self.folder / f"{name}-cert.pem"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days", "2", "-keyout", key,
            "-out", certificate)
        return read(certificate)

    def stranger(self, algorithm: str) -> Path:
        """A key for this algorithm that is nobody's."""
        kind = KEYS.get(algorithm, KEYS["RS256"])
        file = self.folder / f"stranger-{'-'.join(kind).replace(':', '-')}.pem"
        with self.lock:
            if not file.exists():
                openssl("genpkey", "-algorithm", *kind, "-out", file)
        return file


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], capture_output=True, check=True)


def read(file: Path) -> str:
    return Path(file).read_text()


KEYS = {
    "RS256": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ES384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ES512": ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "Ed25519": ["ED25519"],
    "EdDSA": ["ED25519"],
}

# Whatever is printable and might be encoded.
AWKWARD = "a+b/c=d e%20f&g:h;i\"j'k<l>m?n#o@p!q*r(s)t~u"

CONFIGURATION = """\
issuer  = "{issuer}"
listen  = "127.0.0.1:0"
clients = "clients.json"
users   = "users.json"

[tls]
listen    = "127.0.0.1:{port}"
cert      = "server.pem"
key       = "server-key.pem"
client_ca = "ca.pem"
"""
