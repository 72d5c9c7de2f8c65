#!/usr/bin/env bash
# Software:    mod_oauth2 3.3.1 with liboauth2 1.4.5.4 and Apache 2.4, all of Debian 12, curl
# Guess:       an API whose server has tokens introspected (RFC 7662) responds with 5xx while the introspection endpoint is
#              overloaded or down: nothing is known about the token then.
# Happens:     401 Bearer error="invalid_token", word for word what a token that is not active gets, when the endpoint says 503,
#              when it says 429, and when no one listens there. A token that was looked at before is served from the cache.
# Consequence: the API reports its own trouble as the token's, and does so for fresh tokens first, since only old ones are in
#              the cache: a client that fetches at the 401 swaps a token that works for one that does not. The new token's 401
#              should bring back the old one, or at least slow the fetches down.
# Date:        2026-11. Needs no Go. Installs libapache2-mod-oauth2 (which brings apache2-bin, not a service) and curl, if missing.
set -euo pipefail
dir=$(mktemp -d) && trap 'kill $apache 2>/dev/null && wait $apache 2>/dev/null || true; rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
apache= modules=/usr/lib/apache2/modules
[ -e $modules/mod_oauth2.so ] && command -v curl >/dev/null || {
  quiet apt-get update
  quiet apt-get install -y --no-install-recommends libapache2-mod-oauth2 curl
}
dpkg-query -W -f '${Package} ${Version}\n' libapache2-mod-oauth2 liboauth2-0 apache2-bin

closed() { ! (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
port=20000 && until closed $port && closed $((port + 1)); do port=$((20000 + RANDOM % 10000)); done
mkdir idp api && chmod -R a+rX "$dir"
echo "{\"active\":true,\"sub\":\"orders\",\"exp\":$(($(date +%s) + 3600))}" >idp/active
echo '{"active":false}' >idp/inactive
{
  cat <<EOF
ServerRoot $dir
ServerName localhost
PidFile $dir/pid
ErrorLog $dir/error.log
Listen 127.0.0.1:$port
DocumentRoot $dir
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authn_core_module $modules/mod_authn_core.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule authz_user_module $modules/mod_authz_user.so
LoadModule alias_module $modules/mod_alias.so
LoadModule oauth2_module $modules/mod_oauth2.so
$([ "$(id -u)" -ne 0 ] || printf 'User nobody\nGroup nogroup\n')
Redirect 503 /idp/overloaded
Redirect 429 /idp/limited
EOF
  for endpoint in active inactive overloaded limited gone; do
    echo "the stock" >api/$endpoint
    at=$port && [ $endpoint != gone ] || at=$((port + 1))
    cat <<EOF
<Location /api/$endpoint>
  AuthType oauth2
  OAuth2TokenVerify introspect http://127.0.0.1:$at/idp/$endpoint introspect.auth=client_secret_basic&client_id=stock&client_secret=secret
  OAuth2TargetPass remote_user_claim=sub
  Require valid-user
</Location>
EOF
  done
} >httpd.conf
/usr/sbin/apache2 -f "$dir/httpd.conf" -DFOREGROUND 2>log & apache=$!
for _ in $(seq 100); do closed $port || break; sleep 0.1; done

echo "Guess:   503 or so while the introspection endpoint does not work."
echo "Happens: 401 invalid_token, as for a token that is dead (mod_oauth2 3.3.1, 2026-11)."
seen=
for endpoint in active inactive overloaded limited gone; do
  curl -s -i -m 10 -H "Authorization: Bearer token-$endpoint" "http://127.0.0.1:$port/api/$endpoint" | tr -d '\r' >response || true
  status=$(sed -n '1s/[^ ]* \([0-9]*\).*/\1/p' response) challenge=$(sed -n 's/^WWW-Authenticate: //ip' response)
  printf '%-11s %s %s\n' $endpoint "$status" "$challenge"
  seen+="$status "
  [ $endpoint = active ] || seen+="$(grep -o 'invalid_token' <<<"$challenge") "
done
rm idp/active # so that this endpoint fails from now on as well
known=$(curl -s -o /dev/null -w '%{http_code}' -m 10 -H "Authorization: Bearer token-active" "http://127.0.0.1:$port/api/active")
fresh=$(curl -s -o /dev/null -w '%{http_code}' -m 10 -H "Authorization: Bearer another" "http://127.0.0.1:$port/api/active")
echo "and once it fails too, the token that was good before: $known, a fresh one: $fresh"
seen+="$known $fresh "
if [ "$seen" != "200 401 invalid_token 401 invalid_token 401 invalid_token 401 invalid_token 200 401 " ]; then
  echo "CHANGED: this is not what was seen in 2026-11: $seen"
  cat log
  exit 1
fi
