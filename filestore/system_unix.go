//go:build linux || darwin || freebsd

package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// supported says that files can be shared safely on this system.
const supported = true

// hasModes says that files have owners and modes.
const hasModes = true

// noFollow opens no symbolic link, and waits for no pipe.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// isLink reports whether open failed because of noFollow.
func isLink(err error) bool {
	return errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK)
}

func isFull(err error) bool     { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }
func isReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }

// notOurs says what is wrong if a file does not belong to the user of this process.
func notOurs(_ string, info fs.FileInfo) string {
	if uid := ownerOf(info); uid != os.Geteuid() {
		return fmt.Sprintf("belongs to user %d, and this process runs as user %d", uid, os.Geteuid())
	}
	return ""
}

// notTrusted says what is wrong if a file belongs neither to the user of this process nor to root.
func notTrusted(info fs.FileInfo) string {
	if uid := ownerOf(info); uid != 0 && uid != os.Geteuid() {
		return fmt.Sprintf("belongs to user %d", uid)
	}
	return ""
}

func ownerOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}

func inode(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Ino) //nolint:unconvert // it is of another type on some systems
	}
	return 0
}

// lockFile takes the lock of an open file, unless another process has it. The lock is that of the open file, and ends
// when it is closed.
func lockFile(file *os.File) (taken bool, err error) {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, err
		}
	}
}

// replace gives a file another one's place, all at once.
func replace(_ context.Context, from, to string) error { return os.Rename(from, to) }

// flush has the system write a file, and the folder that it is in, to the disk. Errors do not matter: what is lost
// counts as missing.
func flush(path string) {
	for _, name := range []string{path, filepath.Dir(path)} {
		if file, err := os.OpenFile(name, os.O_RDONLY|noFollow, 0); err == nil {
			_ = file.Sync()
			_ = file.Close()
		}
	}
}
