package filestore_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/store"
)

// roleVariable makes the test binary play a process that uses a store.
const roleVariable = "FILESTORE_TEST_ROLE"

// play is the main function of such a process. Its role is "what dir name".
func play(role string) int {
	fields := strings.Fields(role)
	s, err := filestore.New(fields[1])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	switch fields[0] {
	case "fetch":
		err = fetchForever(s, fields[2])
	case "lock":
		if _, err = s.Lock(id); err == nil {
			fmt.Println("locked")
			select {}
		}
	case "watch":
		err = s.Watch(context.Background(), id, func(p store.Push) { fmt.Println(p.Version.Epoch, p.Version.Gen) })
	case "once":
		c := acquire(fields[2], store.Version{})
		c.Lease = store.MaxLease // however long it takes to start 20 processes
		var r store.Reply
		if r, err = s.Do(context.Background(), id, c); err == nil {
			fmt.Println(r.Kind)
		}
	}
	if err != nil {
		fmt.Println(err)
	}
	return 1
}

// fetchForever fetches and publishes tokens as fast as possible, and prints the versions.
func fetchForever(s *filestore.Store, name string) error {
	var seen store.Version
	for token := 0; ; token++ {
		r, err := s.Do(context.Background(), id, acquire(name, seen))
		if err != nil {
			return err
		}
		switch r.Kind {
		case store.Have:
			seen = r.Version
		case store.Fetch:
			done, err := s.Do(context.Background(), id, publish(name, r.Grant, token))
			if err != nil {
				return err
			}
			if done.Kind == store.Done {
				seen = r.Grant
			}
			fmt.Println(done.Kind, seen.Epoch, seen.Gen)
		}
	}
}

// process is another process that uses a store.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	out *bufio.Scanner
}

func start(t *testing.T, what, dir, name string) *process {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+strings.Join([]string{what, dir, name}, " "))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &process{t, cmd, bufio.NewScanner(out)}
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// line is the next line that it prints.
func (p *process) line() string {
	require.True(p.t, p.out.Scan(), "the process has ended")
	return p.out.Text()
}

// version is that in a line.
func version(t *testing.T, line string) store.Version {
	fields := strings.Fields(line)
	epoch, err := strconv.ParseInt(fields[len(fields)-2], 10, 64)
	require.NoError(t, err, line)
	gen, err := strconv.ParseInt(fields[len(fields)-1], 10, 64)
	require.NoError(t, err, line)
	return store.Version{Epoch: epoch, Gen: gen}
}

func TestD7_AProcessKilledAtAnyMomentLeavesACompleteState(t *testing.T) {
	dir := directory(t)
	s := open(t, dir)
	var latest store.Version
	for round := range 8 {
		p, q := start(t, "fetch", dir, "p"), start(t, "fetch", dir, "q")
		for range 5 + 5*round {
			line := p.line()
			if strings.HasPrefix(line, "done") {
				v := version(t, line)
				require.True(t, latest.Less(v), "round %d: %v after %v", round, v, latest)
				latest = v
			}
		}
		p.kill() // in the middle of whatever it does
		q.kill()
		// What is there is complete, and is as new as what was reported.
		r := do(t, s, store.Command{Kind: store.Offer, Owner: "looks", Lease: store.MinLease, Digest: digest(0), Expires: 1})
		require.Equal(t, store.Have, r.Kind, "round %d: the state is damaged", round)
		require.False(t, r.Version.Less(latest), "round %d: the state is an older one", round)
		latest = r.Version
	}
}

func TestD7_AStoppedProcessBlocksNoLongerThanTheContext(t *testing.T) {
	if stop == nil {
		t.Skip("processes cannot be stopped here")
	}
	dir := directory(t)
	s := open(t, dir)
	p := start(t, "lock", dir, "p")
	require.Equal(t, "locked", p.line())
	require.NoError(t, p.cmd.Process.Signal(stop))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := s.Do(ctx, id, acquire("a", store.Version{}))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	p.kill()
	require.Equal(t, store.Fetch, do(t, s, acquire("a", store.Version{})).Kind, "the lock of a dead process is gone")
}

func TestD1_TwentyProcessesAtOnceFetchOnce(t *testing.T) {
	dir := directory(t)
	var all []*process
	for i := range 20 {
		all = append(all, start(t, "once", dir, fmt.Sprint("p", i)))
	}
	kinds := map[string]int{}
	for _, p := range all {
		kinds[p.line()]++
	}
	require.Equal(t, map[string]int{"fetch": 1, "wait": 19}, kinds)
}

func TestD9_AnotherProcessLearnsOfANewToken(t *testing.T) {
	dir := directory(t)
	p := start(t, "watch", dir, "p")
	require.Equal(t, "0 0", p.line())
	s := open(t, dir)
	v := fetch(t, s, "a", 1, store.Version{})
	require.Equal(t, v, version(t, p.line()))

	// The directory is deleted, and made again.
	require.NoError(t, os.RemoveAll(dir))
	require.Equal(t, "0 0", p.line())
	v = fetch(t, s, "a", 2, v)
	require.Equal(t, v, version(t, p.line()))
	v = fetch(t, s, "a", 3, v)
	require.Equal(t, v, version(t, p.line()))
}
