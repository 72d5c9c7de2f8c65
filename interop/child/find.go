package child

import "os/exec"

// Find is the path of a server's program, which is rarely on the path of those who are not root; "" if there is none.
func Find(name string) string {
	for _, folder := range []string{"", "/usr/sbin/", "/usr/local/sbin/"} {
		if path, err := exec.LookPath(folder + name); err == nil {
			return path
		}
	}
	return ""
}
