package oauth2mock

import (
	"context"
	"encoding/json"
)

// Response says how a response of the token endpoint is to differ from the one that the server has made. The zero
// Response changes nothing.
type Response struct {
	// Status takes the place of 200.
	Status int `json:"status,omitempty"`
	// Header holds further headers; Content-Type is heeded with Text only.
	Header map[string]string `json:"header,omitempty"`
	// Members are put over those of the response: any JSON. The server writes it in its own way (3600.0 becomes 3600);
	// what has to arrive to the letter is a matter for Text.
	Members map[string]json.RawMessage `json:"members,omitempty"`
	// Without are members to leave out.
	Without []string `json:"without,omitempty"`
	// Body takes the place of the response: any JSON.
	Body json.RawMessage `json:"body,omitempty"`
	// Text takes the place of the JSON: anything. Its Content-Type remains JSON unless Header has another.
	Text *string `json:"text,omitempty"`
	// Cut breaks the connection instead of responding.
	Cut bool `json:"cut,omitempty"`
}

// With is a response with one member changed.
func With(member, value string) Response {
	return Response{Members: map[string]json.RawMessage{member: json.RawMessage(value)}}
}

// Without is a response with one member left out.
func Without(member string) Response { return Response{Without: []string{member}} }

// Error is a response with an OAuth error of the status.
func Error(status int, code string) Response {
	body, err := json.Marshal(map[string]string{"error": code})
	if err != nil {
		panic("bug: " + err.Error())
	}
	return Response{Status: status, Body: body}
}

// Text is a response that is no JSON, or not such as a JSON library would write.
func Text(status int, contentType, text string) Response {
	return Response{Status: status, Header: map[string]string{"Content-Type": contentType}, Text: &text}
}

// Queue has the server respond to the next token requests with responses, one each; those after that get the usual
// ones.
func (s *Server) Queue(ctx context.Context, responses ...Response) error {
	return s.Do(ctx, map[string]any{"do": "change", "responses": responses})
}
