package core_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core"
)

// Whatever message finds that the token has been lost, all watchers learn of it.
func TestW3_AWatcherThatJoinsAsTheTokenIsLostLeavesTheOthersNoLessInformed(t *testing.T) {
	d := newDriver(t, core.Policy{})
	d.get()
	d.brings(time.Minute)
	for d.now.Before(start.Add(53 * time.Second)) {
		if d.pass(time.Second).Fetch {
			d.fails(core.Result{Permanent: true})
		}
	}
	d.now = d.now.Add(2 * time.Second) // the timer is late
	e := d.step(core.Input{Kind: core.Watch, Watched: true})
	require.True(t, e.Withdraw)
	require.Equal(t, core.Failed, e.Reply, "in a backoff")
	require.Equal(t, core.Failed, e.Notify)

	e = d.step(core.Input{Kind: core.Watch, Watched: true})
	require.Equal(t, core.Failed, e.Reply)
	require.Equal(t, core.None, e.Notify, "once in an outage")
}
