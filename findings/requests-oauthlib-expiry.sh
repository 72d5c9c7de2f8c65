#!/usr/bin/env bash
# Software:    Debian 12's Python packages requests-oauthlib 1.3.0, oauthlib 3.2.2 and Authlib 1.2.0 (their OAuth2Session)
# Guess:       a session made for client credentials (BackendApplicationClient, with auto_refresh_url) gets its next token as it got
#              the first; and a server that grants less than the scope that was asked for yields that token, with its scope.
# Happens:     at expiry it asks with grant_type=refresh_token, without a refresh token, and with its own argument
#              allow_redirects as a parameter: a server refuses that, and the session is dead. For less scope, it raises
#              a Warning in place of a token. Authlib gets the next token if it was given grant_type and token_endpoint when
#              it was made; with the same words in fetch_token, it raises at expiry.
# Consequence: a service works until its first token's expiry, later than any test runs. At TokenExpiredError, call fetch_token
#              again; set OAUTHLIB_RELAX_TOKEN_SCOPE where the server may grant less. A server's log with refresh_token for a
#              client that has none is this.
# Date:        2026-11. Needs Debian's python3, python3-requests-oauthlib and python3-authlib, and installs them, as root.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
installed() { /usr/bin/python3 -c 'import requests_oauthlib, authlib.integrations.requests_client' 2>/dev/null; }
installed || { quiet apt-get update; quiet apt-get install -y --no-install-recommends python3-requests-oauthlib python3-authlib; }

cat > probe.py <<'EOF2'
import http.server, json, os, sys, threading, time, urllib.parse

os.environ.update(OAUTHLIB_INSECURE_TRANSPORT="1", NETRC="/dev/null", NO_PROXY="*")
from authlib.integrations.requests_client import OAuth2Session as Authlib
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

asked, lifetime, scope = [], 1, None


class Server(http.server.BaseHTTPRequestHandler):
    """A token endpoint for client credentials, and an API at any other path."""

    def log_message(self, *args):
        pass

    def do_POST(self):
        body, status = {}, 200
        if self.path == "/token":
            form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            asked.append(form)
            if form["grant_type"] == "client_credentials":
                body = {"access_token": "token", "token_type": "Bearer", "expires_in": lifetime}
                if scope:
                    body["scope"] = scope
            else:
                status, body = 400, {"error": "unauthorized_client"}
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"
secret = {"client_id": "orders", "client_secret": "secret"}


def after_expiry(what, session):
    time.sleep(1.2)
    asked.clear()
    try:
        outcome = str(session.get(base + "/stock").status_code)
    except Exception as error:
        outcome = f"{type(error).__name__}: {error}"
    grants = [form["grant_type"] for form in asked]
    print(f"{what:42} asked for {grants}, then: {outcome}")
    return outcome, grants


plain = OAuth2Session(client=BackendApplicationClient("orders"))
plain.fetch_token(base + "/token", **secret)
a = after_expiry("requests-oauthlib:", plain)
refreshing = OAuth2Session(client=BackendApplicationClient("orders"), auto_refresh_url=base + "/token", auto_refresh_kwargs=secret,
                           token_updater=lambda token: None)
refreshing.fetch_token(base + "/token", **secret)
b = after_expiry("  with auto_refresh_url:", refreshing)
stray = asked[0].get("allow_redirects") if asked else None
print(f"{'':42} with allow_redirects={stray} in the form")
refreshing = Authlib("orders", "secret", token_endpoint=base + "/token", grant_type="client_credentials")
refreshing.fetch_token()
c = after_expiry("Authlib, all given when made:", refreshing)
late = Authlib("orders", "secret")
late.fetch_token(base + "/token", grant_type="client_credentials")
d = after_expiry("  given to fetch_token:", late)
scope = "stock.read"
try:
    e = OAuth2Session(client=BackendApplicationClient("orders", scope=["stock.read", "stock.write"])).fetch_token(base + "/token", **secret)
except Warning as warning:
    e = warning
print(f"{'requests-oauthlib, less scope granted:':42} {type(e).__name__}: {e}")
if (a[1] or a[0] == "200" or b[1] != ["refresh_token"] or b[0] == "200" or not stray or c != ("200", ["client_credentials"])
        or d[0] == "200" or not isinstance(e, Warning)):
    print("CHANGED: this is not what was seen in 2026-11")
    sys.exit(1)
EOF2
echo "Guess:   the next token is asked for as the first one was; less scope is a token with less scope."
echo "Happens: it is asked for as a refresh, which fails; less scope is an exception (requests-oauthlib 1.3.0, 2026-11)."
timeout 60 /usr/bin/python3 -W ignore probe.py
