package schedule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/schedule"
)

func TestSchedule_OneAfterTheOther(t *testing.T) {
	var s schedule.Schedule
	var happened []string
	note := func(what string) func() { return func() { happened = append(happened, what+" at "+s.Now.String()) } }
	s.After(2*time.Second, note("second"))
	s.At(time.Second, func() {
		note("first")()
		s.After(time.Second, note("third"))
		s.At(0, note("late"))
	})
	s.At(4*time.Second, note("beyond"))
	for do := s.Next(3 * time.Second); do != nil; do = s.Next(3 * time.Second) {
		do()
	}
	require.Equal(t, []string{"first at 1s", "late at 1s", "second at 2s", "third at 2s"}, happened)
	require.Equal(t, 2*time.Second, s.Now)
	s.Next(4 * time.Second)()
	require.Equal(t, "beyond at 4s", happened[4])
	require.Nil(t, s.Next(time.Hour))
}
