// Package fetcher holds the conversation with an OAuth 2.0 token endpoint: the
// client credentials grant of RFC 6749 section 4.4, one attempt per call.
//
// [New] checks a [Config] as a whole and returns a [Fetcher]; its Fetch makes
// one POST and returns an *oauth2.Token or an *[Error]. It does not cache and
// does not wait between attempts: that is the business of whoever calls it. An
// [Error] tells that caller what it needs to decide, whether the failure is
// permanent and how long the server asked to be left alone.
//
// The secret is read through a [SecretFunc] at every attempt, is never part of
// an error, and never follows a redirect to another host.
package fetcher
