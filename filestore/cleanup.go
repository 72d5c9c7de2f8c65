package filestore

import (
	"math/rand/v2"
	"os"
	"strings"

	"github.com/alf-go/alf/store"
)

const (
	// cleanedAtOnce is how many files are looked at when a new one was made.
	cleanedAtOnce = 32
	// cleanedAfter is how long a state stays after it has become useless, in milliseconds: a day.
	cleanedAfter = 24 * 3_600_000
)

// cleanUp removes some states that are of no use any more, such as those under an identity that has changed since.
// Errors do not matter: another process does it at some later time.
func (s *Store) cleanUp(except store.ID) {
	folder, err := os.Open(s.dir)
	if err != nil {
		return
	}
	names, _ := folder.Readdirnames(-1)
	_ = folder.Close()
	first := rand.IntN(max(len(names), 1))
	for i := range min(len(names), cleanedAtOnce) {
		text, found := strings.CutSuffix(names[(first+i)%len(names)], stateSuffix)
		if id := store.ID(text); found && id != except && id.Validate() == nil && s.useless(id) {
			s.remove(id)
		}
	}
}

func (s *Store) useless(id store.ID) bool {
	state := s.load(s.statePath(id))
	if state.Epoch > 0 {
		return s.now() > state.Keep()+cleanedAfter
	}
	info, err := os.Lstat(s.statePath(id))
	return err == nil && s.now() > store.TimeOf(info.ModTime())+cleanedAfter
}

// remove removes the files of an ID, unless a process is using them.
func (s *Store) remove(id store.ID) {
	l, err := tryLock(s.lockPath(id))
	if err != nil || l == nil {
		return
	}
	defer l.release()
	if s.useless(id) {
		_ = os.Remove(s.path(id, temporarySuffix))
		_ = os.Remove(s.statePath(id))
		_ = os.Remove(l.path) // last, and under the lock: see tryLock
	}
}
