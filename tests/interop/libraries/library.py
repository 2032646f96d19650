"""The client libraries, what each can do, and where it comes from."""

from dataclasses import dataclass, field

from . import installed
from .bed import Bed
from .tries import CLIENT, CODE, LOG_IN, PASSWORD, Try, usual

SECRETS = {"client_secret_basic": [], "client_secret_post": []}
PUBLIC = {"none": []}
CERTIFICATES = {"tls_client_auth": [], "self_signed_tls_client_auth": []}
ASYMMETRIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]


@dataclass
class Library:
    name: str
    # What runs it, and the driver.
    run: object
    driver: str
    methods: dict[str, list[str]]
    grants: list[str]
    # Of what is pinned; the others are as the system has them.
    version: str | None = None
    # Further tries, by a function of the bed.
    more: list = field(default_factory=list)

    def command(self) -> list[str]:
        return self.run(self.driver)

    def tries(self, bed: Bed) -> list[Try]:
        tries = usual(bed, self.methods, self.grants)
        for more in self.more:
            tries += more(bed)
        return tries


def awkward(*clients: str):
    """Pairs that an encoding changes, by client_secret_basic."""
    def tries(bed: Bed) -> list[Try]:
        return [Try("client_secret_basic", "", CLIENT, bed.credentials(client), special=f"the pair of {client}")
                for client in clients]
    return tries


def loosely(bed: Bed) -> list[Try]:
    """The other of its two modes: unencoded."""
    return [Try("client_secret_basic", "", CLIENT, bed.credentials(client), special=f"the pair of {client}, loose",
                options={"mode": "loose"})
            for client in AWKWARD_IDS]


AWKWARD_IDS = ["awkward", "awkward/id with space"]
WITH_COLON = "https://client.example/colon"


def colon_is_lost(bed: Bed) -> list[Try]:
    """Sent as it is, a pair ends its id at the first colon. No switch helps: such a client cannot be told."""
    return [Try("client_secret_basic", "", CLIENT, bed.credentials(WITH_COLON), "unknown_client",
                special="an id with a colon, unencoded", cure="an id without one")]


def microsoft(bed: Bed) -> list[Try]:
    """One assertion for ten minutes, and a key named by its certificate."""
    tries = []
    for algorithm in ["RS256", "PS256"]:
        client, once = bed.credentials("microsoft"), bed.credentials("microsoft-once")
        files = {name: client[name] for name in ["key", "certificate"]}
        tries += [
            Try("private_key_jwt", algorithm, CLIENT, {**once, **files}),
            Try("private_key_jwt", algorithm, PASSWORD, {**once, **files}),
            # The code and the refresh token are two requests within that time.
            Try("private_key_jwt", algorithm, CODE, client, decisions=2),
            Try("private_key_jwt", algorithm, CLIENT, {**once, **files, "key": str(bed.stranger("RS256"))},
                "signature_invalid"),
            Try("private_key_jwt", algorithm, CLIENT, {**once, **files}, "replayed", decisions=2,
                special=f"the same assertion again, {algorithm}", cure="assertion_reuse", options={"times": 2}),
            Try("private_key_jwt", algorithm, CLIENT, client, decisions=2,
                special=f"the same assertion again, {algorithm}, with assertion_reuse", options={"times": 2}),
        ]
    return tries


def own_assertions(bed: Bed) -> list[Try]:
    """Microsoft's take assertions too that their users sign, by a function that is called for each request."""
    return [Try("private_key_jwt", "ES256", CLIENT, bed.credentials("demo-es256"), decisions=2,
                special="assertions of the user's own, twice", options={"times": 2, "assertion": "own"})]


def authlibs_claims(bed: Bed) -> list[Try]:
    """With claims of its user's, Authlib sends the same `jti` each time."""
    client = bed.credentials("demo-es256")
    return [Try("private_key_jwt", "ES256", CLIENT, client, "replayed", decisions=2,
                special="claims=, a second time", cure="assertion_reuse", options={"times": 2, "claims": {"x": "y"}})]


def probing(bed: Bed) -> list[Try]:
    """Without a word on the method, Go tries Basic and then the form; who may use Basic alone is known at once."""
    tries = []
    for client, method, decisions in [("demo-basic", "client_secret_basic", 1), ("demo-post", "client_secret_post", 2),
                                      ("either", "client_secret_basic", 1)]:
        tries.append(Try(method, "", CLIENT, bed.credentials(client), decisions=decisions, refused_first=decisions - 1,
                         special=f"probes for the method of {client}", options={"probe": "yes"}))
    return tries


EVERY_METHOD = {
    **SECRETS, "client_secret_jwt": ["HS256", "HS384", "HS512"], **PUBLIC, **CERTIFICATES,
    "private_key_jwt": [*ASYMMETRIC, "Ed25519", "EdDSA"],
}

LIBRARIES = [
    Library("openid-client", installed.node, "openid_client", {
        **SECRETS, "client_secret_jwt": ["HS256"], **PUBLIC, **CERTIFICATES,
        "private_key_jwt": [*ASYMMETRIC, "Ed25519"],
    }, [CLIENT, CODE, PASSWORD], "6.8.9", [awkward(*AWKWARD_IDS, WITH_COLON)]),
    Library("oauth4webapi", installed.node, "oauth4webapi", {
        **SECRETS, "client_secret_jwt": ["HS256"], **PUBLIC, **CERTIFICATES,
        "private_key_jwt": [*ASYMMETRIC, "Ed25519"],
    }, [CLIENT, CODE, PASSWORD], "3.8.8", [awkward(*AWKWARD_IDS, WITH_COLON)]),
    Library("@azure/msal-node", installed.node, "msal_node", {"client_secret_post": [], **PUBLIC},
        [CLIENT, CODE, PASSWORD], "7.2.1", [microsoft, own_assertions]),
    Library("simple-oauth2", installed.node, "simple_oauth2", SECRETS, [CLIENT, CODE, PASSWORD], "5.1.0",
        [awkward(*AWKWARD_IDS, WITH_COLON), loosely]),
    Library("passport-oauth2", installed.node, "passport_oauth2", {"client_secret_post": [], **PUBLIC},
        [CLIENT, CODE], "1.8.0"),
    Library("Authlib (requests)", installed.python, "authlib_requests", EVERY_METHOD, [CLIENT, CODE, PASSWORD], "1.9.9",
        [awkward(*AWKWARD_IDS), colon_is_lost, authlibs_claims]),
    Library("Authlib (httpx)", installed.python, "authlib_httpx", EVERY_METHOD, [CLIENT, CODE, PASSWORD], "1.9.9",
        [awkward(*AWKWARD_IDS), colon_is_lost]),
    Library("requests-oauthlib", installed.python, "requests_oauthlib_", {**SECRETS, **CERTIFICATES, **PUBLIC},
        [CLIENT, CODE, PASSWORD], "2.0.0", [awkward(*AWKWARD_IDS), colon_is_lost]),
    Library("msal", installed.python, "msal_", {"client_secret_post": [], **PUBLIC}, [CLIENT, CODE, PASSWORD], "1.39.0",
        [microsoft, own_assertions]),
    Library("requests_oauth2client", installed.python, "requests_oauth2client_", {
        **SECRETS, "client_secret_jwt": ["HS256", "HS384", "HS512"], **PUBLIC, **CERTIFICATES,
        "private_key_jwt": [*ASYMMETRIC, "EdDSA"],
    }, [CLIENT, CODE, PASSWORD], "1.8.0", [awkward(*AWKWARD_IDS), colon_is_lost]),
    Library("oauth2", installed.rust, "oauth2", {**SECRETS, **PUBLIC}, [CLIENT, CODE, PASSWORD], "5.0.0",
        [awkward(*AWKWARD_IDS, WITH_COLON)]),
    Library("openidconnect", installed.rust, "openidconnect", {**SECRETS, **PUBLIC}, [CLIENT, CODE, PASSWORD], "4.0.1",
        [awkward(*AWKWARD_IDS, WITH_COLON)]),
    # As Debian has them.
    Library("golang.org/x/oauth2", installed.go, "", {**SECRETS, **PUBLIC, **CERTIFICATES}, [CLIENT, CODE, PASSWORD],
        more=[awkward(*AWKWARD_IDS, WITH_COLON), probing]),
    Library("ruby-oauth2", installed.ruby, "driver", {**SECRETS, **PUBLIC, **CERTIFICATES}, [CLIENT, CODE, PASSWORD],
        more=[awkward(*AWKWARD_IDS), colon_is_lost]),
    Library("curl and openssl", installed.curl, "driver", EVERY_METHOD, [CLIENT, CODE, PASSWORD],
        more=[awkward(*AWKWARD_IDS), colon_is_lost]),
    Library("mod_auth_openidc", installed.apache, "driver", {
        **SECRETS, "client_secret_jwt": ["HS256"], "private_key_jwt": ["RS256"], **PUBLIC,
    }, [LOG_IN]),
]
