package filestore

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	directoryMode = 0o700
	localRemedy   = "use a directory on a local disk or in memory, such as one below $XDG_RUNTIME_DIR, /run or /tmp"
	// maxLinks is how many symbolic links the folders above the directory may consist of.
	maxLinks = 40
)

// prepare makes the directory where it is missing, and returns its absolute path if it is safe to use.
func prepare(dir string) (string, error) {
	if dir == "" {
		return "", &Error{`""`, "no directory is given", "name one", nil}
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", &Error{dir, "cannot be made an absolute path", "give one that begins at the root", err}
	}
	if err := os.MkdirAll(filepath.Dir(path), directoryMode); err != nil {
		return "", &Error{filepath.Dir(path), "cannot be made", remedyFor(err), err}
	}
	if err := os.Mkdir(path, directoryMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", &Error{path, "cannot be made", remedyFor(err), err}
	}
	if err := checkDirectory(path); err != nil {
		return "", err
	}
	if err := checkParents(filepath.Dir(path)); err != nil {
		return "", err
	}
	if kind, remote := network(path); remote {
		return "", &Error{path, "is on a network file system or one that may be (" + kind + "), where locks cannot be relied upon", localRemedy, nil}
	}
	return path, nil
}

// ready checks again what may have changed since New, and makes the directory again if it was deleted.
func (s *Store) ready() error {
	err := checkDirectory(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = prepare(s.dir)
	}
	return err
}

// checkDirectory returns an error unless path is a directory that is ours alone.
func checkDirectory(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return &Error{path, "cannot be looked at", remedyFor(err), err}
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return &Error{path, "is a symbolic link", "give the path that it points to", nil}
	case !info.IsDir():
		return &Error{path, "is not a directory", "remove it, or use another path", nil}
	}
	if problem := notOurs(path, info); problem != "" {
		return &Error{path, problem, "use a directory of this process's user, or delete this one", nil}
	}
	if hasModes && info.Mode().Perm() != directoryMode {
		return &Error{path, "has mode " + modeOf(info) + ", so that others may use it or this process may not", "chmod 700 " + quote(path), nil}
	}
	return nil
}

// checkParents returns an error if another user could replace what lies below a directory: by writing to it, or to a
// folder above it, or to one that a symbolic link among them passes through. The caller makes sure that dir exists.
func checkParents(dir string) error {
	if !hasModes {
		return nil
	}
	separator := string(os.PathSeparator)
	current, rest, links := separator, strings.TrimPrefix(dir, separator), 0
	for {
		info, err := os.Lstat(current)
		if err != nil {
			return &Error{current, "cannot be looked at", remedyFor(err), err}
		}
		if problem := notTrusted(info); problem != "" {
			return &Error{current, problem + ", who could replace what is in it", "use a directory below folders of this process's user or of root", nil}
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			if links++; links > maxLinks {
				return &Error{dir, "consists of too many symbolic links", "give the path that they lead to", nil}
			}
			target, err := os.Readlink(current)
			if err != nil {
				return &Error{current, "cannot be read", remedyFor(err), err}
			}
			// The link's target takes its place: from the root, or from the folder that the link is in.
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(current), target)
			}
			current, rest = separator, strings.TrimPrefix(filepath.Join(target, rest), separator)
			continue
		case !info.IsDir():
			return &Error{current, "is not a directory", "use another path", nil}
		case info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0:
			return &Error{current, "has mode " + modeOf(info) + ": others may replace what is in it", "chmod go-w " + quote(current) + ", or use another directory", nil}
		}
		if rest == "" {
			return nil
		}
		var next string
		next, rest, _ = strings.Cut(rest, separator)
		current = filepath.Join(current, next)
	}
}

// quote makes a path an argument of a shell.
func quote(path string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./+,:@"
	if strings.IndexFunc(path, func(r rune) bool { return !strings.ContainsRune(plain, r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

var errNotOurs = errors.New("not a file of ours")

// readOwn returns the content of a file, if it is a regular file of this user to which no other user may write. It
// follows no symbolic link and waits for no pipe.
func readOwn(path string) ([]byte, error) {
	if !hasModes {
		// Where open follows links, this is the best that there is; no other user may write to the directory.
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			return nil, errors.Join(errNotOurs, err)
		}
	}
	file, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	writable := hasModes && info.Mode().Perm()&0o022 != 0
	if !info.Mode().IsRegular() || info.Size() > maxFile || writable || notOurs(path, info) != "" {
		return nil, errNotOurs
	}
	return io.ReadAll(io.LimitReader(file, maxFile))
}

func modeOf(info fs.FileInfo) string {
	const digits = "01234567"
	p := info.Mode().Perm()
	return string([]byte{'0', digits[p>>6&7], digits[p>>3&7], digits[p&7]})
}
