#!/usr/bin/env bash
# Software:    nginx 1.22.1 (proxy_cache), haproxy 2.6.12 (cache), both of Debian 12; curl
# Guess:       a shared cache does not give one client the response to another's request with Authorization, unless the
#              response allows it with public, s-maxage or must-revalidate (RFC 9111, section 3.5). So a retry with a
#              new token reaches the API.
# Happens:     nginx does not look at Authorization. With "proxy_cache_valid any", or an API that puts max-age on all
#              its responses, the 401 for the old token is stored, and is the response to the new one as well, until it
#              is stale. haproxy asks the API each time.
# Consequence: a retry that is rejected may never have reached the API: no token helps while the 401 is stored, and the
#              next fetch is in vain. An operator names the statuses (proxy_cache_valid 200), or sets proxy_no_cache and
#              proxy_cache_bypass to $http_authorization; an API says "no-store" with its 401.
# Date:        2026-11. Needs no Go. Unpacks Debian's nginx and haproxy in a temporary folder; installs curl if there is
#              none.
set -euo pipefail
dir=$(mktemp -d) && trap 'kill $nginx $haproxy 2>/dev/null || true; rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
nginx='' haproxy=''
apt-cache show haproxy >/dev/null 2>&1 || quiet apt-get update
command -v curl >/dev/null || quiet apt-get install -y --no-install-recommends curl
mkdir deb && (cd deb && chmod 777 . && apt-get download nginx haproxy liblua5.3-0 >../log 2>&1) || { cat log; exit 2; }
for package in deb/*.deb; do dpkg -x "$package" root; done

cat > nginx.conf <<EOF
daemon off;
user $(id -un) $(id -gn);
pid $dir/pid;
error_log $dir/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3; uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
  proxy_cache_path $dir/cache keys_zone=responses:1m;
  log_format token '\$uri \$http_authorization';
  server { # the API: it accepts "new" alone
    listen unix:$dir/api;
    access_log $dir/api.log token;
    location / {
      if (\$http_authorization != "Bearer new") { return 401; }
      return 200 stock;
    }
    location /max-age {
      add_header Cache-Control max-age=60 always;
      if (\$http_authorization != "Bearer new") { add_header Cache-Control max-age=60 always; return 401; }
      return 200 stock;
    }
  }
  server {
    listen unix:$dir/nginx;
    proxy_cache responses;
    location / { proxy_pass http://unix:$dir/api:; proxy_cache_valid 200 1m; }
    location /any { proxy_pass http://unix:$dir/api:; proxy_cache_valid any 1m; }
    location /max-age { proxy_pass http://unix:$dir/api:; }
  }
}
EOF
cat > haproxy.cfg <<EOF
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
cache responses
  total-max-size 4
  max-age 60
listen front
  bind unix@$dir/haproxy
  http-request cache-use responses
  http-response cache-store responses
  server api unix@$dir/api
EOF
root/usr/sbin/nginx -v
root/usr/sbin/nginx -p "$dir" -c nginx.conf 2>log & nginx=$!
for _ in $(seq 100); do [ -S api ] && break; sleep 0.1; done
lua=$(find "$dir/root" -name 'liblua5.3.so*' -printf '%h' -quit)
LD_LIBRARY_PATH=$lua root/usr/sbin/haproxy -v | sed -n 1p
LD_LIBRARY_PATH=$lua root/usr/sbin/haproxy -db -f haproxy.cfg 2>log & haproxy=$!
for _ in $(seq 100); do [ -S nginx ] && [ -S haproxy ] && break; sleep 0.1; done

echo "Guess:   a 401 for one token is not the response to another."
echo "Happens: nginx's cache gives it to all (nginx 1.22.1, 2026-11)."
seen=
for at in "nginx /" "nginx /any" "nginx /max-age" "haproxy /" "haproxy /max-age"; do
  read -r proxy path <<<"$at"
  : >api.log
  statuses=
  for token in old new; do
    statuses+=$(curl -s -o /dev/null -w '%{http_code} ' -m 5 --unix-socket "$proxy" -H "Authorization: Bearer $token" "http://stock.test$path")
  done
  sleep 0.1
  reached=$(grep -c . api.log || true)
  printf '%-8s %-9s old and new token: %s- requests at the API: %s\n' "$proxy" "$path" "$statuses" "$reached"
  seen+="$statuses$reached; "
done
if [ "$seen" != "401 200 2; 401 401 1; 401 401 1; 401 200 2; 401 200 2; " ]; then
  echo "CHANGED: this is not what was seen in 2026-11: $seen"
  exit 1
fi
