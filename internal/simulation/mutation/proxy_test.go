package mutation_test

// Where bugs of the proxy's decisions are, and what has to catch them.
const (
	routing  = "internal/core/routing"
	draining = "internal/core/draining"
	worlds   = "internal/simulation/proxy"

	refusals   = "TestX2_WhatIsRefusedBeforeAnyRoute"
	paths      = "TestX2_PathsThatServersUnderstandDifferently"
	everyKind  = "TestX2_EveryServerSeesTheSameResource"
	specific   = "TestX2_TheMostSpecificRouteWins"
	goesOn     = "TestX2_WhatGoesOnToTheUpstream"
	everyOrder = "TestX3_DrainingAndReloadsInEveryOrder"
	aDay       = "TestX1_X2_X3_ADayOfTheProxy"
)

// ofTheProxy are bugs of alf proxy: of its decisions about a request, of its life and reloads, of what carries both
// out, which whole days of it have to show, and of its connections to upstreams.
func ofTheProxy() (all []testedBug) {
	add := func(pkg, test, name, file, from, to string) {
		all = append(all, testedBug{bug{name, file, from, to}, pkg, test})
	}
	route := func(test, name, file, from, to string) { add(routing, test, name, routing+"/"+file, from, to) }
	route(refusals, "a method is another one in small letters", "admission.go",
		`case strings.EqualFold(r.Method, "CONNECT"), strings.EqualFold(r.Method, "TRACE"):`, `case r.Method == "CONNECT", r.Method == "TRACE":`)
	route(refusals, "any host is served", "admission.go", "if !t.hosts[host] {", "if false {")
	route(refusals, "an absolute target is for any host", "target.go", "if authority != r.Host {", "if false {")
	route("TestX2_ConnectionNamesNoHeaderThatMatters", "Connection removes any header", "admission.go",
		"if matters(textproto.CanonicalMIMEHeaderKey(name)) {", "if false && matters(textproto.CanonicalMIMEHeaderKey(name)) {")
	route(paths, "a query ends the request line", "target.go", "case c <= ' ' || c == 0x7f || c == '#':", "case c == '#':")
	route(paths, "UTF-8 may be too long", "path.go", "case (percent || encoding) && isOverlong(p.form):", "case false:")
	route(paths, "a mapped path leads to a host", "route.go", "if isElsewhere(path) {", "if false {")
	route(everyKind, "dots have parameters", "path.go", `segment, _, _ := strings.Cut(form[:end], ";")`, "segment := form[:end]")
	route(everyKind, "an encoded slash is a character as any", "path.go", "			p.hasEncodedSlash = true\n", "")
	route(everyKind, "parameters make another route", "path.go", "case c == ';', c == '/' && previous == '/':", "case c == '/' && previous == '/':")
	route(everyKind, "encoded parameters make another route", "path.go", "		case c == ';':\n			p.odd = true\n", "")
	route(everyKind, "empty segments make another route", "path.go", "case c == ';', c == '/' && previous == '/':", "case c == ';':")
	route(paths, "a server ignores one of the two", "path.go",
		"return [...]string{bare, withoutEmptySegments(p.form), withoutEmptySegments(bare)}", "return [...]string{bare, withoutEmptySegments(p.form), bare}")
	route(everyKind, "a route is chosen by the path as it was sent", "route.go", "i := t.find(host, r.Method, p.form)", "i := t.find(host, r.Method, p.sent)")
	route(everyKind, "what has to be encoded is sent as it is", "path.go", "		p.sent = wire.PercentEncode(raw, hasToBeEncoded)\n", "		_ = wire.PercentEncode\n")
	route(everyKind, "a prefix ends within a segment", "route.go", "(len(form) == len(r.Path) || form[len(r.Path)] == '/')", "true")
	route(specific, "a host is no more specific than none", "route.go", "		-cmp.Compare(min(len(r.Host), 1), min(len(other.Host), 1)),\n", "")
	route(specific, "the shortest path wins", "route.go", "-cmp.Compare(len(r.Path), len(other.Path)),", "cmp.Compare(len(r.Path), len(other.Path)),")
	route(goesOn, "underscores are no hyphens", "headers.go", "return plain == name || !matters(plain) && !endsHere(plain)", "return plain != \"\"")
	route(goesOn, "a caller invents where it comes from", "headers.go", "h.Forwarded == Append && isAppended(name)", "h.Forwarded == Append")
	route("TestX2_WhatMayBeInATrailer", "a condition comes after the body", "fields.go", ` || strings.HasPrefix(name, "If-")`, "")

	life := func(name, from, to string) { add(worlds, everyOrder, name, draining+"/draining.go", from, to) }
	life("a second signal begins again", "	if c.phase >= Draining {\n		return\n	}\n	c.phase = Draining\n", "	c.phase = Draining\n")
	life("the current configuration is retired", "if g == c.current && !c.quiet {", "if false {")
	life("a reload is carried out at the end", "e.Refused = in.Kind == Reloaded && c.phase >= Draining", "e.Refused = false")
	life("websockets have longer than requests", "min(max(c.policy.UpgradeDrainTime, 0), max(c.policy.DrainTime, 0))", "max(c.policy.UpgradeDrainTime, 0)")
	life("the end does not wait for websockets", "c.quiet && len(c.live) == 0", "c.quiet")
	life("pools are left at the end", "	e.Retire = append(e.Retire, c.live...)\n", "")
	life("ready while it drains", "e.Ready = c.phase == Ready", "e.Ready = c.opened && c.usable")
	life("the limits are those of the first configuration", "			c.policy = in.Policy\n", "")
	life("what was aborted has no time to end", "c.end = c.abort.Add(AbortTime)", "c.end = c.abort")
	add(worlds, everyOrder, "a reload replaces clients that have not changed", routing+"/reload.go", "		if had[name] {\n", "		if had[name] && false {\n")

	day := func(name, file, from, to string) { add(worlds, aDay, name, file, from, to) }
	day("a token takes the place of the caller's own Authorization", "internal/proxy/forward.go", "f, base := forwarder{Route: r}, tokens.base", "f, base := forwarder{Route: r}, tokens.Client(r.Target).Transport(nil)")
	day("gRPC's rejection is a response as any", "internal/proxy/grpc.go", `return consistsOfTrailers(resp.Header) && resp.Header["Grpc-Status"][0] == unauthenticated`, "return false")
	day("a reload loses the tokens", "internal/core/routing/reload.go", "		if had[name] {\n", "		if had[name] && false {\n")
	day("a pool is closed while a request uses it", "internal/proxy/state.go", "	if s.serving.Load() == 0 {\n", "	if true {\n")
	day("draining aborts requests", "internal/proxy/drain.go", "return !errors.Is(s.http.Shutdown(ctx), context.DeadlineExceeded)", "return ctx != nil && !errors.Is(s.http.Close(), context.DeadlineExceeded)")
	day("the caller's secret goes on", "internal/core/routing/fields.go", `"Http2-Settings", CallerSecret, "Proxy":`, `"Http2-Settings", "Proxy":`)
	day("a cookie comes back", "internal/core/routing/headers.go", "	if h.Cookies != Pass {\n", "	if false {\n")
	day("a caller needs no secret", "internal/proxy/callers.go", "return subtle.ConstantTimeCompare(a[:], b[:]) == 1", "return true || subtle.ConstantTimeCompare(a[:], b[:]) == 1")
	memory := func(name, file, from, to string) {
		add(worlds, "TestX3_MemoryDoesNotGrowWithRequestsAndReloads", name, "internal/proxy/"+file, from, to)
	}
	memory("former configurations are kept", "drain.go", "	delete(p.states, g)\n", "")
	memory("every request is remembered", "handler.go", "	if websocket {\n		ctx, done := h.server.upgraded.add(r.Context())\n		defer done()\n",
		"	if ctx, _ := h.server.upgraded.add(r.Context()); websocket {\n")
	carriesOut := func(test, name, file, from, to string) { add("internal/proxy", test, name, file, from, to) }
	socket := func(test, name, from, to string) { carriesOut(test, name, "internal/proxy/drain.go", from, to) }
	socket("TestX3_DrainServesARequestOnAnIdleConnection", "the end closes idle connections at once", "	s.linger()\n", "")
	socket("TestX3_DrainEndsConnectionsOfHTTP2ThatBeginLate", "a connection that begins late gets no GOAWAY", "context.WithTimeout(context.Background(), draining.IdleTime)", "context.WithCancel(context.Background())")
	socket("TestX3_DrainServesConnectionsThatWait", "connections that wait are dropped at the end", "	s.acceptWaiting()\n", "")

	exchange := func(test, name, file, from, to string) {
		add("internal/http1", test, name, "internal/http1/"+file, from, to)
	}
	const unasked, begun = "TestX2_WhatWasNotAskedForIsNoResponse", "TestX4_WhatIsNotSentAgain"
	exchange(unasked, "what came while a connection was idle is the next response", "socket.go", "	looked := s.check\n", "	looked := false\n")
	exchange(unasked, "what came with a response is the next one", "conn.go", ", c.r.Buffered() > 0", "")
	exchange(unasked, "what TLS has left is the next response", "conn.go", "	if c.tls == nil {\n", "	if true {\n")
	exchange(begun, "a request is sent again when its response has begun", "origin.go", " || c.received", "")
	exchange(begun, "a request is sent again whatever its connection", "origin.go", " || !reused", "")
	exchange("TestX4_ABodyThatIsNotReadClosesItsConnection", "a connection with a part of a response is used again", "body.go",
		"		b.stop()\n		c.abort()\n	}\n	return nil\n", "		c.finish(b.stop, b.last)\n	}\n	return nil\n")
	exchange("TestX4_ResponsesAreThoseOfTheBase", "the head of a response has no limit", "conn.go", "n, err := c.stream.Read(p)\n	c.left -= int64(n)\n", "n, err := c.stream.Read(p)\n")
	exchange("TestX4_IdleConnectionsAreClosed", "connections become idle after all were closed", "idle.go", "if i.closing || ", "if ")
	exchange("TestX4_HTTP2IsTheBases", "an upgrade says what an origin speaks", "origin.go", `if resp.Request != nil && len(resp.Request.Header["Upgrade"]) > 0 {`, "if false {")
	exchange("TestX4_AResponseBeforeTheRequest", "a new connection is not looked at before it waits", "socket.go", "if looked && s.into != nil {", "if s.into != nil {")
	exchange("TestX4_AnOriginThatSpeaksHTTP2Instead", "an origin speaks always what it spoke first", "origin.go", "		o.http1.Store(false)\n", "")
	exchange("TestC1_ARequestThatEndsClosesItsConnection", "a request goes on when its caller has gone", "conn.go", "context.AfterFunc(req.Context(), c.abort)", "context.AfterFunc(context.Background(), c.abort)")
	carriesOut("TestX3_DrainServesARequestOnAnIdleConnectionOfHTTP2", "a response in the drain does not end its connection", "internal/proxy/handler.go",
		"h.server.ending.Load() && !facts.Websocket()", "false")
	carriesOut("TestC1_TheUpstreamSeesTheCertificateThatTheTokenIsBoundTo", "the certificate is not presented to the upstream", "internal/proxy/upstream.go",
		"if own.Certificate != nil {", "if false {")
	carriesOut("TestX2_ACallersOwnAuthorizationGoesOverAConnectionOfTheClient", "without the token there is no certificate", "internal/proxy/certificate.go",
		"if c.Config.Certificate == nil {", "if true {")
	carriesOut("TestF4_ARotatedCertificateTakesOverWithEachToken", "all tokens are bound to the latest certificate", "pool_certificate.go",
		"if to, known := c.byToken[hash]; known {", "if to, known := c.byToken[hash]; known && false {")
	return all
}
