package redact

import (
	"encoding/base64"
	"net/url"
	"regexp"
)

// BasicForms returns the credentials of HTTP Basic in the forms in which they may be echoed: id and secret form-encoded
// or not, either alphabet of base64, with or without padding.
func BasicForms(id, secret string) []string {
	var forms []string
	for _, pair := range []string{id + ":" + secret, url.QueryEscape(id) + ":" + url.QueryEscape(secret)} {
		for _, encoding := range []*base64.Encoding{
			base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
		} {
			forms = append(forms, encoding.EncodeToString([]byte(pair)))
		}
	}
	return forms
}

var sensitiveName = regexp.MustCompile(`(?i)secret|password|passwd|token|assertion|key|auth|cookie|credential|signature`)

// SensitiveValues returns the values of those headers or parameters whose name says that they are secret. All values
// would be too many: a language of "en" would take every "en" out of a message.
func SensitiveValues(m map[string][]string) []string {
	var values []string
	for name, vs := range m {
		if sensitiveName.MatchString(name) {
			values = append(values, vs...)
		}
	}
	return values
}
