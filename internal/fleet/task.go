package fleet

import (
	"time"

	"github.com/alf-go/alf"
)

// Task is what a process is to do: the first thing that it reads.
type Task struct {
	// Name is what the process is called, and the API knows it by.
	Name string
	// TokenURL and API are addresses of a [Server].
	TokenURL, API string
	// Store is the address of the store, for [Program].Open, and StoreKey its key. Empty: the token is not shared.
	Store, StoreKey string
	// Every is the time from one API request to the next, on average.
	Every time.Duration
	// Policy is that of the token manager.
	Policy alf.Policy
}

// order is what a process is asked to do next.
type order struct {
	Do      action
	Channel string
	Size    int // of a message
}

type action string

// What processes can be asked for.
const (
	doSend    action = "send"    // requests to the API, from now on
	doRest    action = "rest"    // no more of them; memory that is free is returned to the system
	doRefresh action = "refresh" // fetch a token now
	doCount   action = "count"   // report what was counted
	doListen  action = "listen"  // to a channel, without the store
	doPublish action = "publish" // a message on it
)
