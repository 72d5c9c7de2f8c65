package proxy

import (
	"math"
	"strconv"
	"time"
)

// exposition writes metrics in the text format of Prometheus, version 0.0.4. All samples of a metric have to be written
// one after the other.
type exposition struct {
	text []byte
	last string // the metric that was written last
}

const expositionType = "text/plain; version=0.0.4; charset=utf-8"

// kinds of metrics.
const (
	counter   = "counter"
	gauge     = "gauge"
	histogram = "histogram"
	summary   = "summary"
)

// label is a label of a sample. Its name is one of this program; its value may be any text.
type label struct{ name, value string }

// family begins a metric.
func (e *exposition) family(name, kind, help string) {
	if e.last == name {
		return
	}
	e.last = name
	e.text = append(e.text, "# HELP "+name+" "+help+"\n# TYPE "+name+" "+kind+"\n"...)
}

// sample writes a value of the metric that was begun; suffix is added to its name.
func (e *exposition) sample(suffix string, value float64, labels ...label) {
	e.text = append(e.text, e.last+suffix...)
	for i, l := range labels {
		e.text = append(e.text, "{,"[min(i, 1)])
		e.text = append(e.text, l.name+`="`...)
		e.text = appendLabel(e.text, l.value)
		e.text = append(e.text, '"')
	}
	if len(labels) > 0 {
		e.text = append(e.text, '}')
	}
	e.text = append(e.text, ' ')
	e.text = strconv.AppendFloat(e.text, value, 'g', -1, 64)
	e.text = append(e.text, '\n')
}

// appendLabel escapes what the format needs, and replaces what is no UTF-8.
func appendLabel(b []byte, value string) []byte {
	for _, c := range value {
		switch c {
		case '\\':
			b = append(b, `\\`...)
		case '"':
			b = append(b, `\"`...)
		case '\n':
			b = append(b, `\n`...)
		default:
			b = append(b, string(c)...)
		}
	}
	return b
}

// count writes a counter.
func (e *exposition) count(name, help string, n uint64, labels ...label) {
	e.family(name, counter, help)
	e.sample("", float64(n), labels...)
}

// gauge writes a gauge.
func (e *exposition) gauge(name, help string, value float64, labels ...label) {
	e.family(name, gauge, help)
	e.sample("", value, labels...)
}

// at writes a time as a gauge, unless there is none.
func (e *exposition) at(name, help string, t time.Time, labels ...label) {
	if !t.IsZero() {
		e.gauge(name, help, float64(t.UnixMilli())/1e3, labels...)
	}
}

// histogram writes one: counts are by bucket, and not cumulative.
func (e *exposition) histogram(name, help string, bounds []time.Duration, counts []uint64, sum time.Duration, labels ...label) {
	e.family(name, histogram, help)
	var n uint64
	for i, of := range counts {
		n += of
		bound := math.Inf(1)
		if i < len(bounds) {
			bound = bounds[i].Seconds()
		}
		e.sample("_bucket", float64(n), append(labels[:len(labels):len(labels)], label{"le", bucketBound(bound)})...)
	}
	e.sample("_sum", sum.Seconds(), labels...)
	e.sample("_count", float64(n), labels...)
}

func bucketBound(seconds float64) string {
	if math.IsInf(seconds, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(seconds, 'g', -1, 64)
}

func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}
