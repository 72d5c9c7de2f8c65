//go:build darwin || freebsd

package filestore

import (
	"encoding/hex"
	"runtime"
	"strings"
	"syscall"
)

var bootNames = map[string]string{"darwin": "kern.bootsessionuuid", "freebsd": "kern.boot_id"}

// bootID is what the kernel calls the time since it was started.
func bootID() string {
	id, err := syscall.Sysctl(bootNames[runtime.GOOS])
	if err != nil || len(id) > 64 {
		return ""
	}
	return hex.EncodeToString([]byte(id))
}

// network reports whether a directory is on another machine, and what says so.
func network(path string) (kind string, remote bool) {
	var stat syscall.Statfs_t
	if syscall.Statfs(path, &stat) != nil {
		return "", false
	}
	var name strings.Builder
	for _, c := range stat.Fstypename {
		if c == 0 {
			break
		}
		name.WriteByte(byte(c))
	}
	const local = 0x1000 // MNT_LOCAL of sys/mount.h
	return name.String(), stat.Flags&local == 0
}
