"""mod_auth_openidc: an Apache that lets in whoever logs in. ../README.md says what is read and written.

Each try has an Apache of its own, at the port that is registered in its redirect URI."""

import http.cookiejar
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

def main() -> None:
    setup = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        try:
            say(attempt(setup, json.loads(line)))
        except Exception as error:
            say({"failed": f"{type(error).__name__}: {error}"[:500]})


def attempt(setup: dict, a_try: dict) -> dict:
    with tempfile.TemporaryDirectory(prefix="interop-apache-") as name:
        folder = Path(name)
        (folder / "htdocs").mkdir()
        (folder / "htdocs/index.html").write_text("let in")
        folder.chmod(0o755)
        (folder / "httpd.conf").write_text(configuration(setup, a_try, folder))
        apache = subprocess.Popen(
            ["apache2", "-X", "-f", str(folder / "httpd.conf")], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        try:
            return visit(f"http://localhost:{setup['apache_port']}/", apache, folder / "error.log")
        finally:
            apache.terminate()
            apache.wait()


def visit(page: str, apache: subprocess.Popen, log: Path) -> dict:
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), Stop)
    # It sends only browsers to log in.
    opener.addheaders = [("accept", "text/html")]
    status, headers = ask(opener, page, apache)
    if status != 302:
        raise RuntimeError(f"Apache answers {status}: {log.read_text()[-400:]}")
    say({"visit": headers["location"]})
    came = json.loads(sys.stdin.readline())["redirected"]
    status, headers = ask(opener, came, apache)
    if status == 302:
        status, headers = ask(opener, headers["location"], apache)
        if status == 200:
            return {"access_token": headers["x-access-token"]}
    text = log.read_text()
    refused = re.search(r'"error" entry with value: "+(\w+)"', text)
    return {"error": refused[1]} if refused else {"failed": f"{status}: {text[-400:]}"}


def ask(opener, url: str, apache: subprocess.Popen):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with opener.open(url, timeout=60) as answer:
                return answer.status, answer.headers
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers
        except urllib.error.URLError:
            # It has not started yet.
            if apache.poll() is not None:
                raise RuntimeError(f"Apache does not start: {apache.stderr.read()}") from None
            time.sleep(0.02)
    raise RuntimeError("Apache does not answer")


class Stop(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_) -> None:
        return None


def configuration(setup: dict, a_try: dict, folder: Path) -> str:
    lines = [CONFIGURATION.format(
        folder=folder, port=setup["apache_port"], issuer=setup["issuer"], jwks=setup["jwks_uri"], ca=setup["ca"],
        authorization=setup["authorization_endpoint"], token=setup["token_endpoint"], client_id=a_try["client_id"],
        modules=MODULES, algorithm=a_try.get("id_token_algorithm", "RS256"))]
    if "client_secret" in a_try:
        lines.append(f"OIDCClientSecret \"{a_try['client_secret']}\"")
    if a_try["method"] == "private_key_jwt":
        # It crashes while it signs where there is no public key beside.
        public = folder / "public.pem"
        command = ["openssl", "pkey", "-in", a_try["key"], "-pubout", "-out", str(public)]
        subprocess.run(command, capture_output=True, check=True)
        lines += [f"OIDCPrivateKeyFiles {a_try['kid']}#{a_try['key']}", f"OIDCPublicKeyFiles {a_try['kid']}#{public}"]
    # private_key_jwt is known only where there is a key.
    return "\n".join([*lines, f"OIDCProviderTokenEndpointAuth {a_try['method']}", ""])


def say(word: dict) -> None:
    print(json.dumps(word), flush=True)


MODULES = "/usr/lib/apache2/modules"

CONFIGURATION = """\
ServerName localhost
ServerRoot {folder}
DocumentRoot {folder}/htdocs
PidFile {folder}/pid
ErrorLog {folder}/error.log
LogLevel warn auth_openidc:debug
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
DefaultRuntimeDir {folder}
DirectoryIndex index.html
OIDCProviderIssuer {issuer}
OIDCProviderAuthorizationEndpoint {authorization}
OIDCProviderTokenEndpoint {token}
OIDCProviderJwksUri {jwks}
OIDCIDTokenSignedResponseAlg {algorithm}
OIDCCABundlePath {ca}
OIDCClientID {client_id}
OIDCRedirectURI http://localhost:{port}/callback
OIDCCryptoPassphrase 0123456789abcdef0123456789abcdef
OIDCPKCEMethod S256
OIDCScope openid
<Location />
    AuthType openid-connect
    Require valid-user
    Header set X-Access-Token "%{{OIDC_access_token}}e"
</Location>
"""

main()
