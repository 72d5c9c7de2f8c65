package endurance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// resource is a metric of what the first proxy uses.
type resource struct {
	metric, name string
	unit         float64
	// slack is what the median of the last third may be beyond that of the second.
	factor, slack float64
}

var resources = []resource{
	{"process_resident_memory_bytes", "MB resident", 1 << 20, 1.10, 2},
	{"go_goroutines", "goroutines", 1, 1.10, 10},
	{"process_open_fds", "files", 1, 1.10, 10},
	{"alf_proxy_configurations", "configurations in use", 1, 1, 1},
}

// usage is what the first proxy used, over time.
type usage struct {
	began   time.Time
	samples [][]float64 // by resource
}

func (u *usage) sample(f *fleet) {
	metrics, err := f.proxies[0].Metrics()
	require.NoError(f, err)
	if u.samples == nil {
		u.began, u.samples = time.Now(), make([][]float64, len(resources))
	}
	for i, r := range resources {
		value, found := metrics[r.metric]
		require.True(f, found, r.metric)
		u.samples[i] = append(u.samples[i], value/r.unit)
	}
}

// part is one of the thirds: 0, 1, 2.
func (u *usage) part(i, third int) []float64 {
	n := len(u.samples[i])
	return u.samples[i][n*third/3 : n*(third+1)/3]
}

func (u *usage) String() string {
	var out strings.Builder
	for i, r := range resources {
		fmt.Fprintf(&out, "  %-34s", r.name)
		for third := range 3 {
			fmt.Fprintf(&out, " %8.1f", median(u.part(i, third)))
		}
		out.WriteString("  (median of each third)\n")
	}
	return out.String()
}

// warm is how long it takes until the heap has its size: assertions on shorter runs would be about that.
const warm = 3 * time.Minute

func (u *usage) assertFlat(t *testing.T, took time.Duration) {
	for i, r := range resources {
		before, after := median(u.part(i, 1)), median(u.part(i, 2))
		if took < warm && r.unit > 1 {
			continue
		}
		assert.LessOrEqual(t, after, before*r.factor+r.slack, "%s in the last third, from %.1f in the second", r.name, before)
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
