#!/usr/bin/env bash
# Installs what the part "proxy" of the benchmark needs, where it is missing: from Debian nginx, haproxy and wrk. It may run
# again at any time.
set -euo pipefail

wanted=()
for program in nginx haproxy wrk; do
	PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || wanted+=("${program/#nginx/nginx-light}")
done
if [ ${#wanted[@]} -gt 0 ]; then
	if ! command -v apt-get >/dev/null; then
		echo "install these first: ${wanted[*]}" >&2
		exit 1
	fi
	# The servers are for the benchmark to start, not for the machine: a service that cannot be started is no error here.
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
	apt-get update -qq -o Acquire::Retries=3
	apt-get install -qq -o Acquire::Retries=3 --no-install-recommends "${wanted[@]}" >/dev/null
fi
