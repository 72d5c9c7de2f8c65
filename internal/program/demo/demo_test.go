package demo_test

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/program/demo"
	"github.com/alf-go/alf/internal/program/demo/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small is over in a few seconds.
func small(progress *bytes.Buffer) demo.Options {
	return demo.Options{
		Callers: 10, Every: 5 * time.Millisecond, Lifetime: time.Second,
		Policy: alf.Policy{MinBackoff: 200 * time.Millisecond}, Progress: progress,
	}
}

func TestRun_MeasuresAWholePerformance(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays in real time")
	}
	var progress bytes.Buffer
	r, err := demo.Run(t.Context(), small(&progress))
	require.NoError(t, err)
	require.True(t, r.Held(), "%+v\n%s", r.Promises(), &progress)
	require.Empty(t, r.Stopped)

	names := make([]string, len(r.Acts))
	acts := make(map[string]int)
	for i, act := range r.Acts {
		names[i], acts[act.Name] = act.Name, i
		require.NotZero(t, act.Requests(), act.Name)
	}
	require.Equal(t, []string{"steady traffic", "token revoked", "short outage", "slow endpoint", "long outage", "recovered"}, names)
	require.NotZero(t, r.Acts[acts["token revoked"]].Retried.Count())
	require.EqualValues(t, r.API.Revoked, r.Acts[acts["token revoked"]].Retried.Count())
	require.NotZero(t, r.Acts[acts["long outage"]].Refused.Count())

	require.Equal(t, r.Made, r.Fewest)
	require.Equal(t, r.TokenRequests, r.Made.Total())
	require.EqualValues(t, 1, r.Made.Cold)
	require.EqualValues(t, 1, r.Made.Revoked)
	require.GreaterOrEqual(t, r.Made.Refreshes, uint64(3))
	require.GreaterOrEqual(t, r.Made.Probes, uint64(4))
	require.NotContains(t, progress.String(), "\x1b")
}

// TestRun_HoldsWhicheverWayTheClientAuthenticates plays them all at the same time: a performance is mostly waiting.
func TestRun_HoldsWhicheverWayTheClientAuthenticates(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays in real time")
	}
	type run struct {
		o        demo.Options
		progress bytes.Buffer
		report   *report.Report
		err      error
	}
	runs := make(map[string]*run)
	var running sync.WaitGroup
	play := func(name string, style alf.AuthStyle, bound bool) {
		r := new(run)
		r.o = small(&r.progress)
		// So many at once get the processor late, of which tokens that live for a second leave no room.
		r.o.Callers, r.o.Every, r.o.Lifetime = 3, 50*time.Millisecond, 2*time.Second
		r.o.AuthStyle, r.o.DPoP, r.o.Discover = style, bound, bound
		runs[name] = r
		running.Go(func() { r.report, r.err = demo.Run(t.Context(), r.o) })
	}
	for _, style := range fetcher.AuthStyles() {
		play(style.String(), style, false)
	}
	// What a nonce might interfere with: an assertion that comes twice, one that must not, and TLS.
	for _, style := range []alf.AuthStyle{alf.AuthExternalAssertion, alf.AuthSecretJWT, alf.AuthSelfSignedTLS} {
		play(style.String()+", DPoP, discovery", style, true)
	}
	running.Wait()

	for name, r := range runs {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, r.err)
			require.True(t, r.report.Held(), "%+v\n%s", r.report.Promises(), &r.progress)
			require.Len(t, r.report.Acts, 6)
			require.NotZero(t, r.report.API.Revoked)
			require.Equal(t, r.report.Made, r.report.Fewest)
			authenticates := "client: authenticates by " + r.o.AuthStyle.String() + "\n"
			require.Equal(t, r.o.AuthStyle != alf.AuthBasic || r.o.DPoP, strings.Contains(r.progress.String(), authenticates))
			if !r.o.DPoP {
				require.Nil(t, r.report.Proofs)
				require.Equal(t, r.report.TokenRequests, r.report.Made.Total())
				return
			}
			nonces := r.report.Proofs.Auth.Challenged
			require.NotZero(t, nonces, "the first request cannot know the nonce")
			require.Equal(t, r.report.Proofs.Auth.Unavoidable, nonces)
			require.Equal(t, r.report.TokenRequests, r.report.Made.Total()+nonces)
			require.NotZero(t, r.report.Proofs.API.Challenged)
			require.Equal(t, r.report.API.Served+r.report.API.Revoked, r.report.Proofs.API.Accepted)
			require.Contains(t, r.progress.String(), "1 request for the metadata, ")
		})
	}
}

func TestRun_EndsWithWhatItHasWhenInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays in real time")
	}
	var progress bytes.Buffer
	o := small(&progress)
	o.Live = true
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	r, err := demo.Run(ctx, o)
	require.NoError(t, err)
	require.Equal(t, "steady traffic", r.Stopped)
	require.True(t, r.Held(), "%+v", r.Promises())
	require.NotZero(t, r.Acts[0].Requests())
	require.Regexp(t, `\r\x1b\[K +0\.\d s  steady traffic  [\d,]+ requests, 0 refused, 0 failed\r`, progress.String(), "a line was rewritten")
	require.True(t, strings.HasSuffix(progress.String(), "\r\x1b[K"), "and is clean again")
}

func TestRun_InterruptedBeforeItBegan(t *testing.T) {
	var progress bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := demo.Run(ctx, small(&progress))
	require.NoError(t, err)
	require.Equal(t, "cold start", r.Stopped)
	require.Empty(t, r.Acts)
}

func TestOptions_AreValidatedAllAtOnce(t *testing.T) {
	_, err := demo.Run(t.Context(), demo.Options{Callers: 20_001, Every: time.Minute, Lifetime: time.Hour, AuthStyle: -1})
	for _, flag := range []string{"--callers is 20001", "--every is 1m0s", "--lifetime is 1h0m0s", "--auth-style: "} {
		require.ErrorContains(t, err, flag)
	}
}

var narrated = regexp.MustCompile(`(?m)^ +- ([\d,]+) requests?, ([\d,]+) failed; longest wait for the token (.*)$`)

// What is said of an act and the line of the table count the same requests.
func TestRun_TextAndTableCountTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays in real time")
	}
	var progress, table bytes.Buffer
	o := small(&progress)
	o.Callers = 200
	r, err := demo.Run(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, r.Write(&table))
	said := narrated.FindAllStringSubmatch(progress.String(), -1)
	quiet := []string{"steady traffic", "short outage", "slow endpoint", "recovered"}
	require.Len(t, said, len(quiet), progress.String())
	for i, name := range quiet {
		row := regexp.MustCompile(`(?m)^` + name + ` +([\d,]+) +([\d,]+) .* ([\d.,]+ \S+)$`).FindStringSubmatch(table.String())
		require.Equal(t, said[i][1:], row[1:], name)
	}
}
