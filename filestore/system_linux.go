package filestore

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// bootID is what the kernel calls the time since it was started.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil || len(id) > 64 {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// networks are the magic numbers of file systems that other machines may write to (statfs(2)), or, of 9p and fuse,
// that another program serves, which may be anywhere.
var networks = map[uint32]string{
	0x6969: "nfs", 0x517b: "smb", 0xff534d42: "cifs", 0xfe534d42: "smb2", 0x5346414f: "afs", 0x6b414653: "afs",
	0x73757245: "coda", 0x564c: "ncp", 0x01021997: "9p", 0x00c36400: "ceph", 0x0bd00bd0: "lustre", 0x01161970: "gfs2",
	0x7461636f: "ocfs2", 0x47504653: "gpfs", 0xaad7aaea: "panfs", 0x19830326: "beegfs", fuse: "fuse",
}

const fuse = 0x65735546

// localFuse are file systems behind fuse that are on this machine.
var localFuse = []string{"fuseblk", "fuse.fuse-overlayfs"}

// network reports whether a directory is on another machine, and what says so.
func network(path string) (kind string, remote bool) {
	var stat syscall.Statfs_t
	if syscall.Statfs(path, &stat) != nil {
		return "", false
	}
	kind, remote = networks[uint32(stat.Type)]
	if uint32(stat.Type) != fuse {
		return kind, remote
	}
	mounted := mountType(path)
	for _, local := range localFuse {
		if mounted == local {
			return "", false
		}
	}
	return strings.TrimSpace(kind + " " + mounted), true
}

// mountType is the type of the file system that a file is on, as it was mounted; "" if that is not known.
func mountType(path string) string {
	info, err := os.Lstat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	defer func() { _ = mounts.Close() }()
	device := fmt.Sprintf("%d:%d", stat.Dev>>8&0xfff|stat.Dev>>32&^0xfff, stat.Dev&0xff|stat.Dev>>12&^0xff)
	for lines := bufio.NewScanner(mounts); lines.Scan(); {
		// 36 35 98:0 /root /mount options optional... - type source options (proc_pid_mountinfo(5))
		front, back, found := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(front)
		if found && len(fields) > 2 && fields[2] == device {
			kind, _, _ := strings.Cut(back, " ")
			return kind
		}
	}
	return ""
}
