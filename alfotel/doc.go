// Package alfotel reports what clients, pools and token endpoints do to OpenTelemetry: metrics, and traces in which a
// token request has a trace of its own that is linked from every request which waited for it.
//
//	orders := telemetry.For("orders")
//	client, err := alf.New(orders.Config(cfg)) // token requests: spans, and their duration
//	err = orders.Observe(client)               // all that Stats counts
//	api := &http.Client{Transport: orders.Transport(client, nil)} // waits and retries, in the span of each request
//
// It is a module of its own, so that programs which do not use it do not inherit its dependencies.
//
// # Traces
//
// A token request is a root span, because many requests may wait for it and none is its parent. It is a child of
// nothing, and a base transport with otelhttp in [alf.TokenRequest].Transport makes the HTTP request its child. A
// request that had to wait has an event about the wait in its own span, and a link to the token request that ended it.
// A retry after a 401 has an event, and http.request.resend_count in a client span (see the semantic conventions of
// HTTP).
//
// It works with otelhttp outside, where one span is both sends, and beneath, where each send is a span:
//
//	otelhttp.NewTransport(orders.Transport(client, nil))                                            // outside
//	orders.Transport(client, otelhttp.NewTransport(orders.Attempts(http.DefaultTransport)))         // beneath
//
// A request whose span is not recorded costs no allocation more than without this package.
//
// # Metrics
//
// Names, units and attributes are those of the README. The attribute alf.client.name is the name given to For. No
// attribute contains a tenant, a scope, an address or a server's text, so the number of series is bounded, and nothing
// in them is secret.
package alfotel
