#!/usr/bin/env bash
# Software:    github.com/google/renameio/v2 v2.0.2
# Guess:       WriteFile makes its temporary file beside the target, as a rename has to stay within a file system. So
#              the new file is what os.WriteFile would have made there: in a directory with the setgid bit, of its
#              group.
# Happens:     if $TMPDIR, or /tmp, is on the same file system, the temporary file is made there, and the new file comes
#              with the group of the process. A file that existed loses its group, too. With WithTempDir(the directory),
#              or with /tmp on a file system of its own, all is as expected.
# Consequence: a token or secret, written for readers of a group, can be read by them on one machine and not on the
#              next; in a container /tmp is mostly on the same file system. What a directory gives to its files (group,
#              default ACLs, labels) is given only to what is made in it: name the temporary directory.
# Date:        2026-11. Needs Go, and root or a second group. Installs nothing outside a temporary folder and Go's
#              module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"
)

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
}

func main() {
	// A group that the process may give away: one of its others, or any for root.
	other := -1
	groups, err := os.Getgroups()
	must(err)
	for _, g := range groups {
		if g != os.Getegid() {
			other = g
		}
	}
	if os.Geteuid() == 0 {
		other = os.Getegid() + 1
	}
	if other < 0 {
		fmt.Println("needs root, or a second group")
		os.Exit(2)
	}
	shared, tmp := filepath.Join(os.Args[1], "shared"), filepath.Join(os.Args[1], "tmp")
	must(os.Mkdir(shared, 0o750))
	must(os.Mkdir(tmp, 0o700))
	must(os.Chown(shared, -1, other))
	must(os.Chmod(shared, 0o750|os.ModeSetgid))
	os.Setenv("TMPDIR", tmp)
	file := filepath.Join(shared, "token")

	seen := ""
	show := func(what string) {
		info, err := os.Stat(file)
		must(err)
		group := "of the process"
		if int(info.Sys().(*syscall.Stat_t).Gid) == other {
			group = "of the directory"
		}
		fmt.Printf("%-36s %v, group %s\n", what, info.Mode(), group)
		seen += group + "; "
	}
	must(os.WriteFile(file, []byte("1"), 0o640))
	show("os.WriteFile, new:")
	must(renameio.WriteFile(file, []byte("2"), 0o640))
	show("renameio, instead of that file:")
	must(os.Remove(file))
	must(renameio.WriteFile(file, []byte("3"), 0o640))
	show("renameio, new:")
	must(renameio.WriteFile(file, []byte("4"), 0o640, renameio.WithTempDir(shared)))
	show("renameio, WithTempDir(directory):")
	if seen != "of the directory; of the process; of the process; of the directory; " {
		fmt.Println("CHANGED: this is not what was seen in 2026-11:", seen)
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/google/renameio/v2@v2.0.2
echo "Guess:   a file written by renameio has the group of its setgid directory."
echo "Happens: that of the process, if \$TMPDIR is on the same file system (renameio v2.0.2, 2026-11)."
timeout 100 go run . "$dir"
