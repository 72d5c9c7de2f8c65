#!/usr/bin/env bash
# Software:    python3-requests 2.28.1 of Debian 12; for comparison python3-httpx 0.23.3, curl and wget of Debian 12
# Guess:       a request that has an Authorization header of its caller is sent with it. A .netrc is for requests
#              without one.
# Happens:     requests puts the .netrc's user and password in the header's place, also those of a "default" entry,
#              which is for any host. Given as auth=, the token is sent; after a redirect within the same host, the
#              .netrc's again. httpx, curl with --netrc and wget read it, and keep the header.
# Consequence: on a machine or in an image with such an entry, for a package mirror say, the API sees Basic in place of
#              the token, and responds with 401 to a token that is good; another does not help. A session with trust_env
#              = False sends what it is given. A proxy that adds tokens replaces what it is sent.
# Date:        2026-11. Needs no Go. Unpacks Debian's python3-requests and others in a temporary folder; installs
#              python3, curl and wget if there are none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
apt-cache show python3-httpx >/dev/null 2>&1 || quiet apt-get update
for tool in /usr/bin/python3 /usr/bin/curl /usr/bin/wget; do
  [ -x "$tool" ] || quiet apt-get install -y --no-install-recommends "${tool##*/}"
done
mkdir deb && chmod 777 deb
(cd deb && apt-get download python3-requests python3-urllib3 python3-idna python3-chardet python3-certifi python3-charset-normalizer \
  python3-six python3-httpx python3-httpcore python3-h11 python3-sniffio python3-anyio python3-rfc3986 >../log 2>&1) || { cat log; exit 2; }
for package in deb/*.deb; do dpkg -x "$package" root; done

cat > .netrc <<'EOF2'
machine mirror.test login mirror password m1
default login anonymous password guest
EOF2
chmod 600 .netrc
cat > probe.py <<'EOF2'
import http.server, subprocess, sys, threading
import httpx, requests

sent = []

class API(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        sent.append(' and '.join(value.split()[0] for value in self.headers.get_all('Authorization') or ['none']))
        self.send_response(302 if self.path == '/moved' else 200)
        if self.path == '/moved':
            self.send_header('Location', '/')
        self.send_header('Content-Length', '0')
        self.end_headers()
    def log_message(self, *_): pass

class Token(requests.auth.AuthBase):
    def __call__(self, request):
        request.headers['Authorization'] = 'Bearer token'
        return request

server = http.server.HTTPServer(('127.0.0.1', 0), API)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = 'http://127.0.0.1:%d/' % server.server_port
header = {'Authorization': 'Bearer token'}
no_netrc = requests.Session()
no_netrc.trust_env = False

seen = []
def show(what, send):
    sent.clear()
    send()
    print('%-42s %s' % (what + ':', ', then '.join(sent)))
    seen.append(' '.join(sent))

print('requests', requests.__version__, '- httpx', httpx.__version__)
show('requests, header', lambda: requests.get(url, headers=header, timeout=5))
show('requests, auth=', lambda: requests.get(url, auth=Token(), timeout=5))
show('requests, auth=, redirected', lambda: requests.get(url + 'moved', auth=Token(), timeout=5))
show('requests, trust_env = False, header', lambda: no_netrc.get(url, headers=header, timeout=5))
show('httpx, header', lambda: httpx.get(url, headers=header, timeout=5))
show('curl --netrc, header', lambda: subprocess.run(
    ['curl', '-s', '-m', '5', '--netrc', '-H', 'Authorization: Bearer token', url], check=True))
show('wget, header', lambda: subprocess.run(
    ['wget', '-q', '-T', '5', '-t', '1', '-O', '/dev/null', '--header', 'Authorization: Bearer token', url], check=True))
if seen != ['Basic', 'Bearer', 'Bearer Basic', 'Bearer', 'Bearer', 'Bearer', 'Bearer']:
    print('CHANGED: this is not what was seen in 2026-11:', seen)
    sys.exit(1)
EOF2
echo "Guess:   the caller's own Authorization is sent."
echo "Happens: requests sends the .netrc's instead (python3-requests 2.28.1, 2026-11)."
HOME=$dir PYTHONPATH=$dir/root/usr/lib/python3/dist-packages no_proxy='*' timeout 60 env -u NETRC /usr/bin/python3 -S probe.py
