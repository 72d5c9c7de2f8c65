package filestore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/store"
)

// A client does all of this by itself. Here it is done by hand, to show what two processes and a store say to each
// other.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := filestore.New(filepath.Join(dir, "tokens"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()

	do := func(c store.Command) store.Reply {
		reply, err := s.Do(context.Background(), "00000000000000000000000000000001", c)
		if err != nil {
			fmt.Println(err)
		}
		return reply
	}
	acquire := func(owner string) store.Command {
		return store.Command{Kind: store.Acquire, Owner: owner, Lease: store.DefaultLease}
	}
	first := do(acquire("one"))
	fmt.Println("one:", first.Kind)
	fmt.Println("two:", do(acquire("two")).Kind)
	do(store.Command{
		Kind: store.Publish, Owner: "one", Grant: first.Grant, Digest: "00000000000000000000000000000002",
		Expires: first.Now + 3_600_000, Sealed: []byte("only one and two can open this"),
	})
	fmt.Println("two:", do(acquire("two")).Kind)
	// Output:
	// one: fetch
	// two: wait
	// two: have
}
