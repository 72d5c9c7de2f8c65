#!/usr/bin/env bash
# Installs what the servers under test need, where it is missing: npm and its packages (which bring the Node that they ask
# for), and from Debian nginx with njs, HAProxy and Glewlwyd, and unless INTEROP_SERVERS is core, Apache with mod_oauth2,
# Doorkeeper, RabbitMQ, Redis, Chromium, and clients of the proxy. It may run again at any time.
set -euo pipefail
cd "$(dirname "$0")"

wanted=()
command -v npm >/dev/null || wanted+=(npm)
if ! PATH=$PATH:/usr/sbin command -v nginx >/dev/null || ! ls /usr/lib/nginx/modules/ngx_http_js_module.so >/dev/null 2>&1; then
	wanted+=(nginx-light libnginx-mod-http-js)
fi
if ! PATH=$PATH:/usr/sbin command -v haproxy >/dev/null; then
	wanted+=(haproxy)
fi
# Its database is made by the tests, with sqlite3.
if ! command -v glewlwyd >/dev/null || ! command -v sqlite3 >/dev/null; then
	wanted+=(glewlwyd dbconfig-no-thanks sqlite3)
fi
command -v curl >/dev/null || wanted+=(curl)
if [ "${INTEROP_SERVERS:-all}" != core ]; then
	command -v wget >/dev/null || wanted+=(wget)
	for module in requests websockets; do
		/usr/bin/python3 -c "import $module" 2>/dev/null || wanted+=("python3-$module")
	done
	/usr/bin/python3 -c 'import grpc' 2>/dev/null || wanted+=(python3-grpcio)
	if ! command -v ruby >/dev/null || ! ruby -e 'gem "doorkeeper"; gem "activerecord"; gem "sqlite3"; gem "puma"' 2>/dev/null; then
		wanted+=(ruby-doorkeeper ruby-activerecord ruby-sqlite3 puma)
	fi
	if ! ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-* >/dev/null 2>&1; then
		wanted+=(rabbitmq-server)
	fi
	if ! command -v redis-server >/dev/null; then
		wanted+=(redis-server)
	fi
	# With a font, without which pages have no text to look at.
	if ! command -v chromium >/dev/null; then
		wanted+=(chromium fonts-dejavu-core)
	fi
fi
# Not the package apache2, which is the service.
if [ "${INTEROP_SERVERS:-all}" != core ] &&
	{ ! PATH=$PATH:/usr/sbin command -v apache2 >/dev/null || ! ls /usr/lib/apache2/modules/mod_oauth2.so >/dev/null 2>&1; }; then
	wanted+=(apache2-bin libapache2-mod-oauth2)
fi
if [ ${#wanted[@]} -gt 0 ]; then
	if ! command -v apt-get >/dev/null; then
		echo "install these first: ${wanted[*]}" >&2
		exit 1
	fi
	# The servers are for the tests to start, not for the machine: a service that cannot be started is no error here.
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
	apt-get update -qq -o Acquire::Retries=3
	apt-get install -qq -o Acquire::Retries=3 --no-install-recommends "${wanted[@]}" >/dev/null
fi

# npm leaves its mark when it is done: nothing to do unless that is older than the list.
if [ ! node/node_modules/.package-lock.json -nt node/package-lock.json ]; then
	(cd node && npm ci --no-audit --no-fund --loglevel=error >/dev/null)
	touch node/node_modules/.package-lock.json
fi
