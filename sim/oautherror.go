package sim

import (
	"encoding/json"
	"net/http"
)

// oauthError is a response of RFC 6749 section 5.2.
type oauthError struct {
	status      int
	code        string
	description string
}

func invalidRequest(description string) *oauthError {
	return &oauthError{http.StatusBadRequest, "invalid_request", description}
}

func invalidClient(why error) *oauthError {
	return &oauthError{http.StatusUnauthorized, "invalid_client", why.Error()}
}

// write sends e. The response to a client that used the Authorization header has to name the scheme it used.
func (e *oauthError) write(w http.ResponseWriter, r *http.Request) {
	switch {
	case e.status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case e.status == http.StatusUnauthorized && r.Header.Get("Authorization") != "":
		w.Header().Set("WWW-Authenticate", `Basic realm="sim"`)
	}
	writeJSON(w, e.status, oauthBody{e.code, e.description})
}

type oauthBody struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// writeJSON sends what can always be encoded, to a caller who may have gone. No cache may keep it (RFC 6749 section
// 5.1).
func writeJSON(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content)
}
