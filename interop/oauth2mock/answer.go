package oauth2mock

import (
	"context"
	"encoding/json"
)

// Answer says how an answer of the token endpoint is to differ from the one that the server has made. The zero Answer changes
// nothing.
type Answer struct {
	// Status takes the place of 200.
	Status int `json:"status,omitempty"`
	// Header holds further headers; Content-Type is heeded with Text only.
	Header map[string]string `json:"header,omitempty"`
	// Members are put over those of the answer: any JSON. The server writes it in its own way (3600.0 becomes 3600); what
	// has to arrive to the letter is a matter for Text.
	Members map[string]json.RawMessage `json:"members,omitempty"`
	// Without are members to leave out.
	Without []string `json:"without,omitempty"`
	// Body takes the place of the answer: any JSON.
	Body json.RawMessage `json:"body,omitempty"`
	// Text takes the place of the JSON: anything. Its Content-Type remains JSON unless Header has another.
	Text *string `json:"text,omitempty"`
	// Cut breaks the connection instead of answering.
	Cut bool `json:"cut,omitempty"`
}

// With is an answer with one member changed.
func With(member, value string) Answer {
	return Answer{Members: map[string]json.RawMessage{member: json.RawMessage(value)}}
}

// Without is an answer with one member left out.
func Without(member string) Answer { return Answer{Without: []string{member}} }

// Error is an answer with an OAuth error of the status.
func Error(status int, code string) Answer {
	body, err := json.Marshal(map[string]string{"error": code})
	if err != nil {
		panic("bug: " + err.Error())
	}
	return Answer{Status: status, Body: body}
}

// Text is an answer that is no JSON, or not such as a JSON library would write.
func Text(status int, contentType, text string) Answer {
	return Answer{Status: status, Header: map[string]string{"Content-Type": contentType}, Text: &text}
}

// Queue has the next token requests answered with answers, one each; those after that are answered as usual.
func (s *Server) Queue(ctx context.Context, answers ...Answer) error {
	return s.Do(ctx, map[string]any{"do": "bend", "answers": answers})
}
