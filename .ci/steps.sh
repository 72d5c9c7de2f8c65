# What .ci/run and .ci/full have in common. It is sourced from the top folder of the repository.

staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2
golangci_lint=github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
govulncheck=golang.org/x/vuln/cmd/govulncheck@v1.9.0

# step announces what comes next, with the time since the start.
step() { printf '\n== %d:%02d  %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }

# modules prints the folder of every Go module of the repository; the root comes first.
modules() {
	find . -name go.mod -not -path '*/testdata/*' -not -path '*/node_modules/*' -printf '%h\n' | sort
}

# install_compiler installs a C compiler, which the race detector needs.
install_compiler() {
	if ! command -v gcc >/dev/null && ! command -v clang >/dev/null && command -v apt-get >/dev/null; then
		step "installing a C compiler for the race detector"
		apt-get update -q && apt-get install -qy --no-install-recommends gcc libc6-dev
	fi
}

# install_servers installs the servers of interop/ and redisstore/. From there on a server that is missing is a failure.
install_servers() {
	step "installing the servers of interop/ and redisstore/"
	interop/install.sh
	redisstore/install.sh
	export CI=true
}
