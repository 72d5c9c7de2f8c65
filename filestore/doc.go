// Package filestore shares tokens between the processes of one machine, through a directory: prefork workers, cron
// jobs, the command line. It needs nothing but the standard library.
//
//	store, err := filestore.New("/run/user/1000/my-service-tokens")
//
// # What is in the directory
//
// For each kind of token there are a file with what is known about it, and a file that is locked while the first one
// is read and replaced. Tokens are sealed by the client before they come here, and everything has the name of a keyed
// hash, so that the directory shows neither token, secret, client nor endpoint. It may be deleted at any time, also
// while processes use it: it is made again, and those that have a token hand it in. Data that this package cannot
// read, or that another user has put there, counts as missing, and is replaced by the next write.
//
// # What it needs
//
// Linux, macOS, FreeBSD or Windows, and a directory on a local disk or in memory: locks of network file systems
// cannot be relied upon, so those are refused where they can be recognised. The directory has mode 0700 and belongs
// to the user of the process; no other user may be able to replace it, so the folders above it belong to that user or
// to root, and only those two may write to them, unless the sticky bit is set, as in /tmp. On Windows it should be in
// the user's profile.
//
// # What it costs
//
// An operation takes some ten microseconds, and 20 processes may do one at the same time. A token that was fetched is
// written through to the disk, which takes milliseconds. A process that is killed in the middle leaves the last
// complete state. A process that is stopped in the middle keeps the lock, and the others get an error when their time
// is up. A process that watches costs nothing on Linux while nothing changes, except for a look at the directory
// every 10 seconds; elsewhere, and where the kernel has no room for another watch, it looks five times a second.
//
// The store's time is the clock of the machine. Where that is stepped back by more than a second, the store begins
// again; after a restart of the machine, no process has the permission to fetch that it had before.
package filestore
