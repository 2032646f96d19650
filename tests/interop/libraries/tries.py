"""What each library tries: every method and algorithm it has, by every grant, and one wrong credential of each."""

from dataclasses import dataclass, field

from .bed import Bed


CODE, CLIENT, PASSWORD = "authorization_code", "client_credentials", "password"

# The code alone: nothing asks for another token.
LOG_IN = "authorization_code alone"


@dataclass
class Try:
    method: str
    algorithm: str
    grant: str
    client: dict
    # What the log says of the refusal; none where a token comes.
    reason: str | None = None
    # What the results call it, where it is none of the usual ones.
    special: str | None = None
    # What admits it where it is refused.
    cure: str | None = None
    # How many decisions it takes.
    decisions: int = 1
    # How many of them are refusals, where a token comes in the end.
    refused_first: int = 0
    options: dict = field(default_factory=dict)

    def name(self) -> str:
        return " ".join(filter(None, [self.algorithm, self.special or self.grant, self.reason]))

    def grants(self) -> str:
        """Those that it takes to pass."""
        return f"{CODE} refresh_token" if self.grant == CODE else CODE if self.grant == LOG_IN else self.grant

    def told(self) -> dict:
        """As the driver reads it."""
        return {"method": self.method, "algorithm": self.algorithm, "grant": self.grant, **self.client, **self.options}


def usual(bed: Bed, methods: dict[str, list[str]], grants: list[str]) -> list[Try]:
    """Every grant for each method, with its first algorithm; of the other algorithms client_credentials."""
    tries = []
    for method, algorithms in methods.items():
        for position, algorithm in enumerate(algorithms or [""]):
            client = bed.credentials(client_of(method, algorithm))
            for grant in grants:
                # A public client has no credentials to be granted something for.
                if grant == CLIENT and method == "none":
                    continue
                if position == 0 or grant == CLIENT or CLIENT not in grants:
                    # The code, and then the refresh token that came with it.
                    decisions = 2 if grant == CODE else 1
                    tries.append(Try(method, algorithm, grant, client, decisions=decisions))
            by = CLIENT if CLIENT in grants and method != "none" else grants[-1]
            credential, reason = wrong(bed, method, algorithm)
            tries.append(Try(method, algorithm, by, {**client, **credential}, reason))
    return tries


def client_of(method: str, algorithm: str) -> str:
    return {
        "client_secret_basic": "demo-basic",
        "client_secret_post": "demo-post",
        "none": "demo-public",
        "tls_client_auth": "demo-tls-dn",
        "self_signed_tls_client_auth": "demo-self-signed",
    }.get(method) or f"demo-{algorithm.lower()}"


def wrong(bed: Bed, method: str, algorithm: str) -> tuple[dict, str]:
    """A credential that is not the client's, and why the server refuses it."""
    match method:
        case "client_secret_basic" | "client_secret_post":
            return {"client_secret": "0123456789-wrong"}, "secret_mismatch"
        case "client_secret_jwt":
            return {"client_secret": "wrong-" * 16}, "signature_invalid"
        case "private_key_jwt":
            return {"key": str(bed.stranger(algorithm))}, "signature_invalid"
        case "none":
            # A client that must prove itself, and only says its name.
            return {"client_id": "demo-basic"}, "method_not_granted"
    other = bed.credentials("demo-tls-dns" if method == "tls_client_auth" else "demo-tls-dn")
    return {name: other[name] for name in ["certificate", "certificate_key"]}, "certificate_mismatch"
