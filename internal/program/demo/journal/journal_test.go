package journal_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/demo/journal"
	"github.com/alf-go/alf/manager"
)

func published(e alf.Event) bool { return e.Kind == manager.Published }

func entry(kind manager.EventKind, ms int) alf.Event {
	return alf.Event{Kind: kind, Time: at(ms)}
}

func TestJournal_AwaitsWhatIsThereAndWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal.Journal
		j.Add(entry(manager.FetchStarted, 1))
		go func() {
			time.Sleep(time.Second)
			j.Add(entry(manager.FetchEnded, 2))
			j.Add(entry(manager.Published, 3))
		}()
		for range 2 {
			found, ok := j.Await(t.Context(), published)
			require.True(t, ok)
			require.Equal(t, at(3), found.Time)
		}
		require.Len(t, j.Entries(at(2)), 2)
	})
}

func TestJournal_GivesUpWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal.Journal
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, ok := j.Await(ctx, published)
		require.False(t, ok)
	})
}
