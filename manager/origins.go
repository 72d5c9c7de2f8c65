package manager

import (
	"hash/maphash"
	"strings"
)

// The core keeps no strings: an origin and a path are numbers to it. Zero stands for a caller that named none.

// splitOrigin separates an origin from the path that may follow it. What belongs to neither is dropped.
func splitOrigin(target string) (origin, path string) {
	rest := 0
	if i := strings.Index(target, "://"); i >= 0 {
		rest = i + len("://")
	}
	if i := strings.IndexAny(target[rest:], "/?#"); i >= 0 {
		origin, path = target[:rest+i], target[rest+i:]
		if i := strings.IndexAny(path, "?#"); i >= 0 {
			path = path[:i]
		}
		return origin, path
	}
	return target, ""
}

// originID is an origin to the core. What is none, such as the name of a caller, stands for no origin in particular.
func originID(seed maphash.Seed, origin string) uint64 {
	if !strings.Contains(origin, "://") {
		return 0
	}
	return maphash.String(seed, origin) | 1
}

// pathID is a path to the core. Segments with a digit count as equal, because they mostly name one of many things of a
// kind.
func pathID(seed maphash.Seed, path string) uint64 {
	if path == "" {
		return 0
	}
	var h maphash.Hash
	h.SetSeed(seed)
	for segment := range strings.SplitSeq(path, "/") {
		if strings.ContainsAny(segment, "0123456789") {
			segment = "0"
		}
		h.WriteString(segment)
		h.WriteByte('/')
	}
	return h.Sum64() | 1
}
