package store_test

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/store"
)

// Two processes want the same token: one may fetch it, and the other one waits for that.
func ExampleStep() {
	var state store.State // of one ID, as a store keeps it
	now := store.TimeOf(time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC))
	do := func(c store.Command) store.Reply {
		result, err := store.Step(state, now, c)
		if err != nil {
			fmt.Println(err)
		}
		state = result.State
		return result.Reply
	}
	first := do(store.Command{Kind: store.Acquire, Owner: "first", Lease: 1500})
	second := do(store.Command{Kind: store.Acquire, Owner: "second", Lease: 1500})
	fmt.Println(first.Kind, second.Kind)

	const digest = "0123456789abcdef0123456789abcdef" // a keyed hash of the token
	do(store.Command{
		Kind: store.Publish, Owner: "first", Grant: first.Grant, Digest: digest, Expires: now + 3_600_000, Sealed: []byte("sealed"),
	})
	fmt.Println(do(store.Command{Kind: store.Acquire, Owner: "second", Lease: 1500}).Kind)
	// Output:
	// fetch wait
	// have
}
