"""A user with a browser, as far as an authorization request needs one: fills the form, and stops at the redirect URI."""

import http.cookiejar
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request


class Stop(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_) -> None:
        return None


def visit(url: str, username: str, password: str, trust: ssl.SSLContext) -> str:
    """The URL that the server sends the browser back to."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=trust),
        urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        Stop,
    )
    with opener.open(url, timeout=60) as page:
        text = page.read().decode()
    action = re.search(r'<form method="post" action="([^"]+)"', text)[1]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    form = urllib.parse.urlencode({**hidden, "username": username, "password": password}).encode()
    try:
        with opener.open(urllib.parse.urljoin(url, action), form, timeout=60) as answer:
            raise ValueError(f"no redirect but {answer.status}: {answer.read()[:300]!r}")
    except urllib.error.HTTPError as answer:
        location = answer.headers.get("location")
        if answer.code != 303 or not location:
            raise ValueError(f"no redirect but {answer.code}: {answer.read()[:300]!r}") from None
        return location
