package statuspage

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/interop/chromium"
	"github.com/alf-go/alf/interop/lab"
)

var screenshots = flag.String("screenshots", "", "write a picture of each view of the status page to this folder")

//go:embed audit.js
var audit string

// limit is how long all of it may take, on a busy machine.
const limit = 5 * time.Minute

// views are wide and narrow; 320 is what WCAG 2.2 asks for (1.4.10), and 992 where the layout changes.
var views = []chromium.View{
	{Width: 320, Height: 640, Phone: true, Scheme: "light"},
	{Width: 360, Height: 740, Phone: true, Scheme: "light"},
	{Width: 360, Height: 740, Phone: true, Scheme: "dark"},
	{Width: 768, Height: 800, Scheme: "light"},
	{Width: 992, Height: 800, Scheme: "light"},
	{Width: 993, Height: 800, Scheme: "light"},
	{Width: 1280, Height: 800, Scheme: "light"},
	{Width: 1280, Height: 800, Scheme: "dark"},
	{Width: 2560, Height: 1400, Scheme: "dark"},
}

// look sets a view, and returns what is wrong with the page in it.
func look(ctx context.Context, page *chromium.Page, v chromium.View) (found []string, err error) {
	if err := page.Look(ctx, v); err != nil {
		return nil, err
	}
	if err := page.Evaluate(ctx, audit, &found); err != nil {
		return nil, err
	}
	var width int
	if err := page.Evaluate(ctx, "document.documentElement.clientWidth", &width); err != nil {
		return nil, err
	}
	if width != v.Width {
		found = append(found, fmt.Sprintf("the page is laid out for %d pixels", width))
	}
	tree, err := page.Tree(ctx)
	if err != nil {
		return nil, err
	}
	return append(found, unnamed(tree)...), nil
}

// unnamed are what a screen reader could not name, and tables that it does not take for such.
func unnamed(tree *chromium.Node) (found []string) {
	for _, n := range tree.All() {
		switch n.Role {
		case "RootWebArea", "link", "image", "img", "heading", "region", "table", "columnheader", "rowheader":
			if strings.TrimSpace(n.Name) == "" {
				found = append(found, "a "+n.Role+" has no name")
			}
		}
		if n.Role == "table" {
			found = append(found, tableFindings(n)...)
		}
	}
	return found
}

func tableFindings(table *chromium.Node) (found []string) {
	count := make(map[string]int)
	for _, n := range table.All() {
		count[n.Role]++
	}
	rows, columns := count["row"], count["columnheader"]
	if rows < 2 || columns < 2 || count["rowheader"] != rows-1 || count["cell"]+count["gridcell"] != (rows-1)*(columns-1) {
		found = append(found, fmt.Sprintf("table %q is none for a screen reader: %v", table.Name, count))
	}
	return found
}

// session is a browser with a page of the status.
type session struct {
	*operated
	observer *observer
	browser  *chromium.Browser
	page     *chromium.Page
}

func open(ctx context.Context, t *testing.T) *session {
	lab.Require(t, "status page", chromium.Missing())
	s := &session{operated: operate(t)}
	s.observer = observe(t, s.Admin)
	var err error
	s.browser, err = chromium.Start(ctx, t.TempDir(), s.observer.address())
	require.NoError(t, err)
	t.Cleanup(s.browser.Close)
	s.page, err = s.browser.NewPage(ctx)
	require.NoError(t, err)
	return s
}

func TestX3_StatusPageInABrowser(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	s := open(ctx, t)

	// A page that refreshes itself, as a phone has it, scrolled down.
	refreshing, err := s.browser.NewPage(ctx)
	require.NoError(t, err)
	require.NoError(t, refreshing.Look(ctx, chromium.View{Width: 360, Height: 640, Phone: true, Scheme: "light"}))
	require.NoError(t, refreshing.Navigate(ctx, s.url("/status")))
	require.NoError(t, refreshing.Evaluate(ctx, "scrollTo(0, 300)", nil))
	began := time.Now()

	require.NoError(t, s.page.DisableScripts(ctx)) // it promises to do without
	require.NoError(t, s.page.Navigate(ctx, s.url("/status?refresh=off")))
	for _, v := range views {
		t.Run(fmt.Sprintf("%d wide, %s", v.Width, v.Scheme), func(t *testing.T) { s.looksGood(ctx, t, v) })
	}
	t.Run("the focus is visible", func(t *testing.T) { s.showsTheFocus(ctx, t) })
	t.Run("refreshes itself", func(t *testing.T) {
		s.refreshesItself(ctx, t, refreshing, began)
		require.Equal(t, 1, s.page.Loads(), "the other page was asked not to")
	})
	t.Run("figures", func(t *testing.T) { s.hasTheFigures(ctx, t) })
	t.Run("no secret", func(t *testing.T) { s.hasNoSecret(ctx, t) })
	t.Run("requests nothing else", func(t *testing.T) {
		for _, request := range s.page.Requests() {
			require.Equal(t, s.url("/status?refresh=off"), request)
		}
		for _, request := range s.observer.requests() {
			require.Regexp(t, `^GET /status(\?(refresh=off)?)?$`, request)
		}
		require.Empty(t, s.page.Complaints())
		require.Empty(t, refreshing.Complaints())
	})
	t.Run("loads nothing else", func(t *testing.T) { s.loadsNothing(ctx, t, refreshing) })
	t.Run("links", func(t *testing.T) { s.hasLinks(ctx, t, refreshing) })
	t.Run("the checks find planted bugs", func(t *testing.T) { s.checksFindPlantedBugs(ctx, t) })
}

// looksGood checks a view, and takes a picture of it.
func (s *session) looksGood(ctx context.Context, t *testing.T, v chromium.View) {
	found, err := look(ctx, s.page, v)
	require.NoError(t, err)
	assert.Empty(t, found)
	if *screenshots != "" {
		picture, err := s.page.Screenshot(ctx)
		require.NoError(t, err)
		name := fmt.Sprintf("%d-%s.png", v.Width, v.Scheme)
		require.NoError(t, os.WriteFile(filepath.Join(*screenshots, name), picture, 0o600))
	}
}

// showsTheFocus moves over the page with the keyboard alone.
func (s *session) showsTheFocus(ctx context.Context, t *testing.T) {
	for _, expected := range []string{"refresh every few seconds", "as JSON", "metrics"} {
		require.NoError(t, s.page.PressTab(ctx))
		var focused struct {
			Text, Outline string
		}
		require.NoError(t, s.page.Evaluate(ctx, `(() => {
			const e = document.activeElement, style = getComputedStyle(e);
			return {Text: e.textContent, Outline: style.outlineStyle + " " + style.outlineWidth};
		})()`, &focused))
		require.Equal(t, expected, focused.Text)
		require.Equal(t, "solid 2px", focused.Outline)
	}
}

// hasNoSecret looks at the document as the browser has it, and at the same as JSON.
func (s *session) hasNoSecret(ctx context.Context, t *testing.T) {
	var html string
	require.NoError(t, s.page.Evaluate(ctx, "document.documentElement.outerHTML", &html))
	require.Contains(t, html, "&lt;b&gt;legacy&lt;/b&gt; &amp;")
	_, text := s.get(ctx, t, "/status?format=json")
	secrets := s.secrets()
	require.Len(t, secrets, 3+2, "with two tokens")
	for _, secret := range secrets {
		require.NotContains(t, html, secret)
		require.NotContains(t, string(text), secret)
	}
}

// refreshesItself waits for that, and asks it to stop, and to go on.
func (s *session) refreshesItself(ctx context.Context, t *testing.T, page *chromium.Page, began time.Time) {
	require.NoError(t, page.WaitForLoads(ctx, 2))
	require.Greater(t, time.Since(began), 4*time.Second, "it refreshes itself sooner than it says")
	var scrolled float64
	require.NoError(t, page.Evaluate(ctx, "scrollY", &scrolled))
	require.InDelta(t, 300, scrolled, 1, "it does not stay where it is")
	for _, link := range []struct{ text, query string }{
		{"stop refreshing", "?refresh=off"}, {"refresh every few seconds", "?"}, {"stop refreshing", "?refresh=off"},
	} {
		s.follow(ctx, t, page, link.text)
		var at struct {
			URL       string
			Refreshes bool
		}
		require.NoError(t, page.Evaluate(ctx, `({
			URL: location.href,
			Refreshes: document.querySelector("meta[http-equiv=refresh]")?.content === "5",
		})`, &at))
		require.Equal(t, s.url("/status"+link.query), at.URL)
		require.Equal(t, link.query == "?", at.Refreshes)
	}
}

// hasLinks follows the links to what is no page.
func (s *session) hasLinks(ctx context.Context, t *testing.T, page *chromium.Page) {
	var text string
	require.NoError(t, page.Navigate(ctx, s.url("/status?refresh=off")))
	s.follow(ctx, t, page, "metrics")
	require.NoError(t, page.Evaluate(ctx, "document.body.innerText", &text))
	require.Contains(t, text, "# TYPE alf_proxy_ready gauge")
	require.NoError(t, page.Navigate(ctx, s.url("/status?refresh=off")))
	s.follow(ctx, t, page, "as JSON")
	require.NoError(t, page.Evaluate(ctx, "document.body.innerText", &text))
	require.True(t, json.Valid([]byte(text)), text)
}

// follow follows a link, as a user does.
func (s *session) follow(ctx context.Context, t *testing.T, page *chromium.Page, text string) {
	t.Helper()
	before := page.Loads()
	require.NoError(t, page.Evaluate(ctx, fmt.Sprintf(`[...document.links].find((a) => a.textContent === %q).click()`, text), nil))
	require.NoError(t, page.WaitForLoads(ctx, before+1))
}

// loadsNothing adds what an attacker would, who had found a way to: the policy has to take effect in the browser.
func (s *session) loadsNothing(ctx context.Context, t *testing.T, page *chromium.Page) {
	require.NoError(t, page.Navigate(ctx, s.url("/status?refresh=off")))
	_ = s.observer.requests()
	var violated []string
	require.NoError(t, page.Evaluate(ctx, `(async () => {
		const violated = [];
		document.addEventListener("securitypolicyviolation", (e) => violated.push(e.effectiveDirective));
		const add = (name, set) => document.body.appendChild(Object.assign(document.createElement(name), set));
		add("img", {src: "http://other.example/i"});
		add("img", {src: "/metrics"});
		add("script", {src: "http://other.example/s"});
		add("iframe", {src: "http://other.example/f"});
		add("link", {rel: "stylesheet", href: "http://other.example/c"});
		add("style", {textContent: "body { background: red }"});
		add("form", {action: "http://other.example/p", method: "post"}).submit();
		await fetch("http://other.example/x").catch(() => {});
		for (const end = Date.now() + 30000; violated.length < 8 && Date.now() < end;) await new Promise((done) => setTimeout(done, 10));
		return violated.sort();
	})()`, &violated))
	require.Equal(t, []string{
		"connect-src", "form-action", "frame-src", "img-src", "img-src", "script-src-elem", "style-src-elem", "style-src-elem",
	}, violated)
	require.Empty(t, s.observer.requests())
}
