#!/usr/bin/env bash
# Installs the servers that the store is tested with, where they are missing, and prints their programs, separated by commas,
# as the tests take them with -servers: Debian's redis-server, and with "all" as the argument Redis 8.0 and Valkey 8.1 as well.
# Those are in Debian's next suite; they are unpacked beside the libraries that they need, and change nothing on the machine.
# It may run again at any time.
set -euo pipefail

if ! command -v redis-server >/dev/null; then
	if ! command -v apt-get >/dev/null; then
		echo "install this first: redis-server" >&2
		exit 1
	fi
	# The server is for the tests to start, not for the machine: a service that cannot be started is no error here.
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
	apt-get update -qq -o Acquire::Retries=3
	apt-get install -qq -o Acquire::Retries=3 --no-install-recommends redis-server >/dev/null
fi
programs=redis-server
if [ "${1:-}" != all ]; then
	echo "$programs"
	exit
fi

suite=trixie
into=${XDG_CACHE_HOME:-$HOME/.cache}/alf-servers/$suite

# fetch unpacks the packages of the suite, with a package list of its own.
fetch() {
	local from
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	chmod 755 "$work" # apt downloads as a user of its own
	# The suite is where the machine's own packages come from.
	from=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | grep -v security | head -n 1)
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages" "$work/root"
	touch "$work/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from $suite main" >"$work/sources.list"
	cat >"$work/apt.conf" <<-EOF
		Dir::Etc::SourceList "$work/sources.list";
		Dir::Etc::SourceParts "-";
		Dir::State::Lists "$work/lists";
		Dir::State::status "$work/status";
		Dir::Cache "$work/cache";
		Acquire::Retries "3";
		APT::Sandbox::User "root";
	EOF
	export APT_CONFIG=$work/apt.conf
	apt-get update -qq
	(
		cd "$work/packages"
		apt-get download -qq redis-tools valkey-tools libatomic1 libc6 libcap2 libgcc-s1 libjemalloc2 liblzf1 libssl3t64 libstdc++6 \
			libsystemd0 libzstd1 zlib1g
		for package in *.deb; do
			dpkg-deb -x "$package" "$work/root"
		done
	)
	unset APT_CONFIG
	rm -rf "$into"
	mkdir -p "$into/lib"
	cp -L "$work"/root/usr/lib/*-linux-gnu*/*.so* "$into/lib/"
	cp -L "$work"/root/usr/lib*/ld-linux*.so.* "$into/lib/" 2>/dev/null || true
	# The servers are the programs that check a dump, under another name.
	server redis-server8 "$work/root/usr/bin/redis-check-rdb"
	server valkey-server "$work/root/usr/bin/valkey-check-rdb"
}

# server installs a program with a script that starts it with its own libraries.
server() {
	cp -L "$2" "$into/lib/$1"
	cat >"$into/$1" <<-EOF
		#!/bin/sh
		exec $(ls "$into"/lib/ld-linux*.so.*) --library-path $into/lib $into/lib/$1 "\$@"
	EOF
	chmod 755 "$into/$1"
}

for program in redis-server8 valkey-server; do
	if ! "$into/$program" --version >/dev/null 2>&1; then
		fetch >&2
		"$into/$program" --version >&2
	fi
	programs+=,$into/$program
done
echo "$programs"
