#!/usr/bin/env bash
# Software:    nginx 1.22.1 of Debian 12 (auth_request, error_page), curl
# Guess:       when the check behind auth_request responds with 401, two WWW-Authenticate headers and a DPoP-Nonce, the client gets
#              the challenges, and those of a 403 as well. An error_page of the site's own changes the body only.
# Happens:     auth_request passes on the first WWW-Authenticate of a 401, drops the second, and drops that of a 403. The nonce
#              is dropped. With proxy_intercept_errors and error_page, the API's own second challenge is dropped as well.
# Consequence: what a client reads is not all that was said. If DPoP's challenge comes second, "use_dpop_nonce" never arrives;
#              if Bearer's insufficient_scope comes second, the token is replaced in vain. No rule may need the second
#              challenge, and a nonce may be missing although one is wanted.
# Date:        2026-11. Needs no Go. Unpacks Debian's nginx in a temporary folder; installs curl if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'kill $nginx 2>/dev/null || true; rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
nginx=
apt-cache show nginx >/dev/null 2>&1 || quiet apt-get update
command -v curl >/dev/null || quiet apt-get install -y --no-install-recommends curl
mkdir deb && (cd deb && chmod 777 . && apt-get download nginx >../log 2>&1) || { cat log; exit 2; }
dpkg -x deb/nginx_*.deb root

cat > nginx.conf <<EOF
daemon off;
user $(id -un) $(id -gn);
pid $dir/pid;
error_log $dir/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3; uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
  server { # an API that refuses, and a check that does
    listen unix:$dir/api;
    add_header WWW-Authenticate 'Bearer error="invalid_token"' always;
    add_header WWW-Authenticate 'DPoP error="use_dpop_nonce"' always;
    add_header DPoP-Nonce 'n1' always;
    location / { return 401; }
    location /scope {
      add_header WWW-Authenticate 'Bearer error="insufficient_scope"' always;
      return 403;
    }
  }
  server {
    listen unix:$dir/front;
    location /direct { proxy_pass http://unix:$dir/api:/; }
    location /page { proxy_pass http://unix:$dir/api:/; proxy_intercept_errors on; error_page 401 /sorry; }
    location /sorry { internal; return 401 'sorry'; }
    location /guarded { auth_request /check; proxy_pass http://unix:$dir/api:/; }
    location /check { internal; proxy_pass http://unix:$dir/api:/; }
    location /scope { auth_request /check-scope; proxy_pass http://unix:$dir/api:/; }
    location /check-scope { internal; proxy_pass http://unix:$dir/api:/scope; }
  }
}
EOF
root/usr/sbin/nginx -v
root/usr/sbin/nginx -p "$dir" -c nginx.conf 2>log & nginx=$!
for _ in $(seq 100); do [ -S front ] && break; sleep 0.1; done

echo "Guess:   all challenges and the nonce arrive."
echo "Happens: through auth_request and error_page, the first challenge alone (nginx 1.22.1, 2026-11)."
seen=
for path in direct guarded scope page; do
  curl -s -i -m 5 --unix-socket front "http://stock.test/$path" | tr -d '\r' >response
  challenges=$(grep -ci '^WWW-Authenticate' response || true) nonces=$(grep -ci '^DPoP-Nonce' response || true)
  printf '\n/%s: ' "$path"
  grep -iE '^(HTTP|WWW-Authenticate|DPoP-Nonce)' response
  seen+="$path $challenges $nonces; "
done
if [ "$seen" != "direct 2 1; guarded 1 0; scope 0 0; page 1 0; " ]; then
  echo "CHANGED: this is not what was seen in 2026-11: $seen"
  exit 1
fi
