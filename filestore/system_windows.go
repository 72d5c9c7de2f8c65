package filestore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// supported says that files can be shared safely on this system.
const supported = true

const (
	errorAccessDenied     syscall.Errno = 5
	errorWriteProtect     syscall.Errno = 19
	errorSharingViolation syscall.Errno = 32
	errorLockViolation    syscall.Errno = 33
	errorDiskFull         syscall.Errno = 112
)

func isFull(err error) bool     { return errors.Is(err, errorDiskFull) }
func isReadOnly(err error) bool { return errors.Is(err, errorWriteProtect) }

var (
	kernel32      = syscall.NewLazyDLL("kernel32.dll")
	advapi32      = syscall.NewLazyDLL("advapi32.dll")
	lockFileEx    = kernel32.NewProc("LockFileEx")
	getDriveType  = kernel32.NewProc("GetDriveTypeW")
	localFree     = kernel32.NewProc("LocalFree")
	namedSecurity = advapi32.NewProc("GetNamedSecurityInfoW")
)

// administrators is the group that owns what its members make when they run with all of their rights, and system the
// account of services.
const (
	administrators = "S-1-5-32-544"
	system         = "S-1-5-18"
)

// notOurs says what is wrong if a file does not belong to the user of this process. Those who act for all users could
// read everything anyway.
func notOurs(path string, _ fs.FileInfo) string {
	owner, err := ownerOf(path)
	if err != nil {
		return "has no owner that can be read (" + err.Error() + ")"
	}
	user, err := currentUser()
	if err != nil {
		return "cannot be compared with the user of this process (" + err.Error() + ")"
	}
	if owner != user && owner != administrators && owner != system {
		return "belongs to " + owner + ", and this process runs as " + user
	}
	return ""
}

func currentUser() (string, error) {
	token, err := syscall.OpenCurrentProcessToken()
	if err != nil {
		return "", err
	}
	defer func() { _ = token.Close() }()
	user, err := token.GetTokenUser()
	if err != nil {
		return "", err
	}
	return user.User.Sid.String()
}

func ownerOf(path string) (string, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return "", err
	}
	const fileObject, ownerInformation = 1, 1
	var owner *syscall.SID
	var descriptor uintptr
	if code, _, _ := namedSecurity.Call(uintptr(unsafe.Pointer(name)), fileObject, ownerInformation,
		uintptr(unsafe.Pointer(&owner)), 0, 0, 0, uintptr(unsafe.Pointer(&descriptor))); code != 0 {
		return "", syscall.Errno(code)
	}
	defer func() { _, _, _ = localFree.Call(descriptor) }()
	return owner.String()
}

// lockFile takes the lock of an open file, unless another process has it. The lock ends when the file is closed.
func lockFile(file *os.File) (taken bool, err error) {
	const failImmediately, exclusive = 1, 2
	var overlapped syscall.Overlapped
	ok, _, err := lockFileEx.Call(file.Fd(), exclusive|failImmediately, 0, 1, 0, uintptr(unsafe.Pointer(&overlapped)))
	switch {
	case ok != 0:
		return true, nil
	case errors.Is(err, errorLockViolation), errors.Is(err, syscall.ERROR_IO_PENDING):
		return false, nil
	}
	return false, err
}

// replace gives a file another one's place, all at once. That fails while a process has the old one open to read it,
// which takes a moment.
func replace(ctx context.Context, from, to string) error {
	for {
		err := os.Rename(from, to)
		if !errors.Is(err, errorSharingViolation) && !errors.Is(err, errorAccessDenied) || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// flush has the system write a file to the disk. Errors do not matter: what is lost counts as missing.
func flush(path string) {
	if file, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		_ = file.Sync()
		_ = file.Close()
	}
}

// network reports whether a directory is on another machine, and what says so.
func network(path string) (kind string, remote bool) {
	volume := filepath.VolumeName(path)
	if strings.HasPrefix(volume, `\\`) {
		return volume, true
	}
	root, err := syscall.UTF16PtrFromString(volume + `\`)
	if err != nil {
		return "", false
	}
	const driveRemote = 4
	drive, _, _ := getDriveType.Call(uintptr(unsafe.Pointer(root)))
	return "a network drive", drive == driveRemote
}

// bootID is empty: what Windows offers changes with the clock. A lease from before a restart ends by itself.
func bootID() string { return "" }
