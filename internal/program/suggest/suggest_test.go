package suggest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNearest_IsWhatWasProbablyMeant(t *testing.T) {
	known := strings.Fields("client_id client_secret client_secret_file cert_file key_file dpop_key_file scopes token_url token_header timeout X o")
	for name, want := range map[string]string{
		"scope": "scopes", "SCOPES": "scopes", "token_uri": "token_url", "tokenurl": "token_url", "url": "token_url",
		"secret": "client_secret", "secret_file": "client_secret_file", "certfile": "cert_file", "tiemout": "timeout",
		"token_header_2": "token_header", "x": "X", "a": "", "log_level": "", "": "", "_": "",
	} {
		require.Equal(t, want, Nearest(name, known), name)
	}
	require.Equal(t, "store_url", Nearest("store_uri", []string{"store", "store_url"}))
}

func TestDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"", "abc"}: 3, {"abc", ""}: 3, {"abc", "abc"}: 0, {"tokne", "token"}: 1, {"ouput", "output"}: 1, {"kitten", "sitting"}: 3,
	} {
		require.Equal(t, want, distance(pair[0], pair[1]), pair)
		require.Equal(t, want, distance(pair[1], pair[0]), pair)
	}
}
