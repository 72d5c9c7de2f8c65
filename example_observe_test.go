package alf_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
	"github.com/alf-go/alf/sim"
)

// Hook feeds the metrics, Logger the log. Both receive every event, in order, by one goroutine that no request waits
// for.
func ExampleConfig_observed() {
	server := sim.New(sim.Options{})
	config := server.Config()

	fetches := make(map[manager.Class]int) // counters and histograms of your metrics library
	rejections := make(map[string]int)
	closed := make(chan struct{})
	config.Hook = func(e alf.Event) {
		switch e.Kind {
		case manager.FetchEnded: // e.Duration and e.Err are there as well
			fetches[e.Class]++
		case manager.Rejected, manager.Suppressed:
			rejections[e.Origin]++
		case manager.Closed:
			close(closed)
		}
	}
	config.Logger = slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTimes}))

	client, err := alf.New(config)
	if err != nil {
		log.Fatal(err)
	}
	get := func() {
		resp, err := client.GetContext(context.Background(), server.APIURL())
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
	}
	get()
	server.Revoke()
	get()
	client.Close()
	<-closed // the hook may run on for a moment
	fmt.Println(fetches, rejections)
	// Output:
	// level=INFO msg="alf: fetch ended" fetch=1 cause="cold start" attempt=1 class=ok
	// level=INFO msg="alf: token published" token=1
	// level=INFO msg="alf: token rejected" token=1 origin=https://api.sim.test:443
	// level=INFO msg="alf: fetch ended" fetch=2 cause=rejected attempt=1 class=ok
	// level=INFO msg="alf: token published" token=2
	// map[ok:2] map[https://api.sim.test:443:1]
}

// withoutTimes leaves out of a log what is different each time.
func withoutTimes(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case slog.TimeKey, "duration", "refresh_time", "until":
		return slog.Attr{}
	}
	return a
}

// What a health check or a debug page has to know.
func ExampleClient_Stats() {
	server := sim.New(sim.Options{})
	client, err := alf.New(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	for range 2 {
		resp, err := client.GetContext(context.Background(), server.APIURL())
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		server.Revoke()
	}

	s := client.Stats()
	fmt.Println("ready:", s.Ready, "last error:", s.LastError)
	fmt.Println("fetches:", s.Fetches, "failed:", s.Failed, "by cause:", s.FetchesBy)
	fmt.Println("rejected requests:", s.Unauthorized, "retry succeeded:", s.RetrySucceeded, "not sent for want of a token:", s.Unsent)
	// Output:
	// ready: true last error: <nil>
	// fetches: 2 failed: 0 by cause: map[cold start:1 rejected:1]
	// rejected requests: 1 retry succeeded: 1 not sent for want of a token: 0
}

// At the start of a program: fetch the first token now, so that a wrong secret is found out before the first request,
// and no caller waits for the token then.
func ExampleClient_Refresh() {
	server := sim.New(sim.Options{ClientSecret: "the-right-one"})
	config := server.Config()
	config.ClientSecret = alf.Secret("a-mistyped-one")
	client, err := alf.New(config)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	_, err = client.Refresh(context.Background())
	var denied *alf.EndpointError
	if errors.As(err, &denied) {
		fmt.Println("not started:", denied.Status, denied.Code)
	}

	server.SetClientSecret("a-mistyped-one")
	tok, err := client.Refresh(context.Background()) // does not wait for any backoff
	fmt.Println(tok, err)
	// Output:
	// not started: 401 invalid_client
	// Token(#1 REDACTED) <nil>
}
