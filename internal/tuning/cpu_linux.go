package tuning

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// usedByAll is the time of the machine's processors that was not idle, and how many there are. In a container, it is of
// the whole machine.
func usedByAll() (used time.Duration, processors int, known bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	return parseStat(text)
}

// perTick is the unit of /proc/stat: USER_HZ is 100 on all of Go's architectures.
const perTick = 10 * time.Millisecond

// parseStat reads /proc/stat, whose format is in proc_stat(5).
func parseStat(text []byte) (used time.Duration, processors int, known bool) {
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) < 9 || !bytes.HasPrefix(fields[0], []byte("cpu")) {
			continue
		}
		if len(fields[0]) > len("cpu") {
			processors++
			continue
		}
		const idle, iowait, steal = 4, 5, 8
		for i, field := range fields[1 : steal+1] {
			ticks, err := strconv.ParseInt(string(field), 10, 64)
			if err != nil {
				return 0, 0, false
			}
			if i+1 != idle && i+1 != iowait {
				used += time.Duration(ticks) * perTick
			}
		}
	}
	return used, processors, used > 0 && processors > 0
}
