package statuspage

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/fleet"
	"github.com/alf-go/alf/interop/chromium"
)

// plantedBugs are what a change might do to the page, and how the checks put it.
var plantedBugs = []struct {
	before, after string // in the page
	view          chromium.View
	found         string
}{
	{"--dim: #565f6b", "--dim: #a0a0a0", wideLight, "its text has a contrast of"},
	{"--dim: #a3adb9", "--dim: #505050", wideDark, "its text has a contrast of"},
	{"--dim: #565f6b", "--dim: #a0a0a0", phone, "the text before it has a contrast of"},
	{"prefers-color-scheme: dark", "prefers-color-scheme: unknown", wideDark, "is not dark"},
	{"--used: #3568b8", "--used: #c0c8d0", wideLight, "its part that is used has a contrast of"},
	{"--mark: #e6eaef", "--mark: #36414d", wideDark, "its mark has a contrast of"},
	{".85rem", ".6rem", wideLight, "its text is 9.6px high"},
	{`name="viewport"`, `name="other"`, phone, "the page is laid out for 980 pixels"},
	{"overflow-wrap: anywhere", "overflow-wrap: normal", phone, "has to be scrolled"},
	{"(max-width: 62rem)", "(max-width: 10rem)", phone, "is beside the page"},
	{"<!DOCTYPE html>", "", wideLight, "is shown in quirks mode"},
	{` lang="en"`, "", wideLight, "has no language"},
	{"<title>", "<title></title><title>", wideLight, "has no title"},
	{"<h1>", "<h1>Status</h1><h1>", wideLight, "has not one heading of the first level"},
	{"main>", "div>", wideLight, "has no main part"},
	{`scope="col"`, "", wideLight, "cells under 0 headers"},
	{`<th scope="row">`, "<td>", wideLight, "has no header of its own"},
	{`<table aria-labelledby="routes">`, "<table>", wideLight, "a table has no name"},
	{"tr { display: block", "tr { display: none", phone, "is none for a screen reader"},
	{"aria-label=", "data-label=", wideLight, "a image has no name"},
	{">metrics</a>", "></a>", wideLight, "a link has no name"},
	{`id="routes"`, `id="tokens"`, wideLight, "has an id twice"},
	{"</head>", `<link rel="dns-prefetch" href="https://other.example"></head>`, wideLight, "refers to https://other.example/"},
	{"</main>", "<script>1</script></main>", wideLight, "has scripts"},
}

var (
	phone     = chromium.View{Width: 360, Height: 740, Phone: true, Scheme: "light"}
	wideLight = chromium.View{Width: 1280, Height: 800, Scheme: "light"}
	wideDark  = chromium.View{Width: 1280, Height: 800, Scheme: "dark"}
)

// checksFindPlantedBugs changes the page on its way, and looks at it.
func (s *session) checksFindPlantedBugs(ctx context.Context, t *testing.T) {
	for _, b := range plantedBugs {
		s.observer.setAlter(func(header http.Header, page string) string {
			header.Del("Content-Security-Policy") // it has the digest of the style
			altered := strings.ReplaceAll(page, b.before, b.after)
			if altered == page {
				return "the page does not have " + b.before
			}
			return altered
		})
		require.NoError(t, s.page.Look(ctx, b.view))
		require.NoError(t, s.page.Navigate(ctx, s.url("/status?refresh=off")))
		found, err := look(ctx, s.page, b.view)
		require.NoError(t, err)
		require.Contains(t, strings.Join(found, "\n"), b.found, "%s: %s", b.before, b.after)
	}

	// What a page requests, and what the policy keeps it from, is seen as well.
	const picture = `<img alt="" src="http://other.example/i"></main>`
	for _, c := range []struct {
		added     string
		policy    bool
		request   string
		complaint string
	}{
		{picture, false, "GET http://other.example/i", "http://other.example/i"},
		{picture, true, "", "img-src"},
		{`<p style="color: red">red</p></main>`, true, "", "style-src"},
	} {
		s.observer.setAlter(func(header http.Header, page string) string {
			if !c.policy {
				header.Del("Content-Security-Policy")
			}
			return strings.Replace(page, "</main>", c.added, 1)
		})
		_, _ = s.page.Complaints(), s.observer.requests()
		require.NoError(t, s.page.Navigate(ctx, s.url("/status?refresh=off")))
		var complaints, requests string
		require.NoError(t, fleet.Until(ctx, "both come, which may be later than the page: "+c.added, func() bool {
			complaints += strings.Join(s.page.Complaints(), "\n")
			requests += strings.Join(s.observer.requests(), "\n")
			return strings.Contains(complaints, c.complaint) && strings.Contains(requests, c.request)
		}))
		if c.request == "" {
			require.NotContains(t, requests, "other.example")
		}
	}
}
