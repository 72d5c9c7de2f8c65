//go:build !linux && !darwin && !freebsd

package filestore

import "io/fs"

// hasModes says that files have owners and modes. Windows has access lists instead, which a folder in the user's
// profile inherits from there.
const hasModes = false

// noFollow does not exist here; see readOwn.
const noFollow = 0

func isLink(error) bool             { return false }
func notTrusted(fs.FileInfo) string { return "" }
func inode(fs.FileInfo) uint64      { return 0 }
