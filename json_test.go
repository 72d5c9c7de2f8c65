package alf_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// responding is a base that responds with one status and body.
func responding(status int, body *trackedBody) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Body != nil {
			_, _ = io.Copy(io.Discard, req.Body)
			req.Body.Close()
		}
		resp := respond(req, status, "")
		resp.Status = "the status"
		resp.Body, resp.ContentLength = body, -1
		return resp, nil
	})
}

func TestJSON_SendsAndReceives(t *testing.T) {
	auth := startAuth(t)
	var got []string
	api := startAPI(t, auth, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, strings.Join([]string{r.Method, r.Header.Get("Accept"), r.Header.Get("Content-Type"), string(body)}, "|"))
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"n": 43}`+"\n")
	})
	client := newClient(t, auth.config())
	for _, in := range []any{map[string]int{"n": 42}, []byte(`{"n":42}`), json.RawMessage(`{"n":42}`), strings.NewReader(`{"n":42}`), hide(`{"n":42}`)} {
		var out struct{ N int }
		require.NoError(t, client.JSON(context.Background(), "POST", api.URL, in, &out))
		require.Equal(t, 43, out.N)
	}
	require.NoError(t, client.JSON(context.Background(), "GET", api.URL, nil, nil))
	require.NoError(t, client.JSON(context.Background(), "PUT", api.URL, "text", nil))
	want := `POST|application/json|application/json|{"n":42}`
	require.Equal(t, []string{want, want, want, want, want, "GET|application/json||", `PUT|application/json|application/json|"text"`}, got)
}

func TestJSON_OtherStatusIsAStatusError(t *testing.T) {
	for _, size := range []int{0, 10, 64 << 10, 1 << 20} {
		body := &trackedBody{Reader: strings.NewReader(filler(size))}
		var out struct{}
		err := over(t, &fakeSource{}, responding(422, body)).JSON(context.Background(), "GET", apiURL, nil, &out)
		var status *alf.StatusError
		require.ErrorAs(t, err, &status)
		require.Equal(t, 422, status.StatusCode)
		require.Equal(t, "the status", status.Status())
		require.NotNil(t, status.Header())
		require.Equal(t, filler(min(size, 64<<10)), string(status.Body()))
		require.True(t, body.closed.Load())
	}
}

func TestJSON_ErrorsBodyIsDrainedSoThatTheConnectionIsUsedAgain(t *testing.T) {
	reader := strings.NewReader(filler(100 << 10))
	err := over(t, &fakeSource{}, responding(500, &trackedBody{Reader: reader})).JSON(context.Background(), "GET", apiURL, nil, nil)
	require.EqualError(t, err, "alf: the API responded with 500 Internal Server Error")
	require.Zero(t, reader.Len())
}

func TestJSON_SuccessIsNotBounded(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	body := &trackedBody{Reader: strings.NewReader(`"` + long + `"`)}
	var out string
	require.NoError(t, over(t, &fakeSource{}, responding(200, body)).JSON(context.Background(), "GET", apiURL, nil, &out))
	require.True(t, out == long)
	require.True(t, body.closed.Load())
}

func TestJSON_ResponseMustBeOneValue(t *testing.T) {
	for content, message := range map[string]string{
		"":                 "unexpected EOF",
		"<html>":           "invalid character",
		`{"n":1`:           "unexpected EOF",
		`{"n":1} {"n":2}`:  "more follows",
		`{"n":1} <garbage`: "after the value",
		`{"n":"text"}`:     "cannot unmarshal",
	} {
		body := &trackedBody{Reader: strings.NewReader(content)}
		var out struct{ N int }
		err := over(t, &fakeSource{}, responding(200, body)).JSON(context.Background(), "GET", apiURL, nil, &out)
		require.ErrorContains(t, err, message, content)
		require.ErrorContains(t, err, "decoding the response", content)
		require.True(t, body.closed.Load())
	}
}

func TestJSON_ResponsesWithoutContentLeaveOutAsItIs(t *testing.T) {
	for _, tc := range []struct {
		method string
		status int
	}{{"POST", 204}, {"POST", 205}, {"HEAD", 200}} {
		body := &trackedBody{Reader: strings.NewReader("")}
		out := 5
		require.NoError(t, over(t, &fakeSource{}, responding(tc.status, body)).JSON(context.Background(), tc.method, apiURL, nil, &out))
		require.Equal(t, 5, out)
		require.True(t, body.closed.Load())
	}
}

func TestJSON_NilOutDrainsTheResponse(t *testing.T) {
	reader := strings.NewReader(filler(100 << 10))
	body := &trackedBody{Reader: reader}
	require.NoError(t, over(t, &fakeSource{}, responding(200, body)).JSON(context.Background(), "GET", apiURL, nil, nil))
	require.Zero(t, reader.Len())
	require.True(t, body.closed.Load())
}

func TestJSON_OtherErrors(t *testing.T) {
	base := script(200)
	client := over(t, &fakeSource{}, base)
	require.ErrorContains(t, client.JSON(context.Background(), "GET", apiURL, make(chan int), nil), "encoding the body")
	require.Error(t, client.JSON(context.Background(), "bad method", apiURL, nil, nil))
	require.ErrorIs(t, client.JSON(context.Background(), "GET", "http://api.example.com/", nil, nil), alf.ErrRefused)
	require.Empty(t, base.seen)
}

func TestJSON_AnOutThatNothingGoesInIsAnErrorBeforeAnythingIsSent(t *testing.T) {
	base := script(200)
	client := over(t, &fakeSource{}, base)
	for _, out := range []any{struct{}{}, map[string]any{}, (*int)(nil)} {
		err := client.JSON(t.Context(), http.MethodPost, apiURL, "x", out)
		require.ErrorContains(t, err, "which nothing can be decoded into: pass a pointer, or nil")
	}
	require.Empty(t, base.seen)
}
