package format_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/format"
)

func TestCount_SeparatesThousands(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567"} {
		require.Equal(t, want, format.Count(n))
	}
}

func TestPlural(t *testing.T) {
	require.Equal(t, "0 requests", format.Plural(0, "request"))
	require.Equal(t, "1 request", format.Plural(1, "request"))
	require.Equal(t, "1,000 requests", format.Plural(1000, "request"))
}

func TestDuration_InTheUnitThatSuitsIt(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                        "0 ns",
		163:                      "163 ns",
		999:                      "999 ns",
		1000:                     "1.0 µs",
		12345:                    "12.3 µs",
		123456:                   "123 µs",
		999_600:                  "1.0 ms",
		5_100_000:                "5.1 ms",
		99_960_000:               "100 ms",
		310_400_000:              "310 ms",
		999_700_000:              "1.00 s",
		time.Second:              "1.00 s",
		1240 * time.Millisecond:  "1.24 s",
		9999 * time.Millisecond:  "10.0 s",
		12345 * time.Millisecond: "12.3 s",
		-5 * time.Millisecond:    "-5.0 ms",
	} {
		require.Equal(t, want, format.Duration(d), d)
	}
}

func TestSeconds(t *testing.T) {
	require.Equal(t, "0.0 s", format.Seconds(0))
	require.Equal(t, "12.3 s", format.Seconds(12345*time.Millisecond))
}

func TestShellWord_IsQuotedIfNeedBe(t *testing.T) {
	for word, quoted := range map[string]string{
		"--seed": "--seed", "a b": "'a b'", "it's": `'it'\''s'`, "": "''",
		"https://api.example.com/v1?a=b": "'https://api.example.com/v1?a=b'", "https://api.example.com/a%20b": "https://api.example.com/a%20b",
	} {
		require.Equal(t, quoted, format.ShellWord(word))
	}
}
