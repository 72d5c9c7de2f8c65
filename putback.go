package alf

import (
	"bytes"
	"io"
)

// putBack reads up to limit bytes of an answer's body, and returns them and a body that still holds all of it. If that was
// the whole body, the real one is closed, so that its connection is free while the caller has not finished with what
// replaces it. An error in reading comes up again where it was.
func putBack(body io.ReadCloser, limit int64) ([]byte, io.ReadCloser) {
	end := &endReader{r: body}
	prefix, err := io.ReadAll(io.LimitReader(end, limit))
	switch {
	case err != nil:
		return prefix, &resumed{io.MultiReader(bytes.NewReader(prefix), failing{err}), body}
	case end.reached:
		body.Close()
		return prefix, io.NopCloser(bytes.NewReader(prefix))
	}
	return prefix, &resumed{io.MultiReader(bytes.NewReader(prefix), body), body}
}

// resumed is a body whose beginning was read already.
type resumed struct {
	io.Reader
	io.Closer
}

// endReader notes whether r reached its end, which a LimitReader in front of it hides.
type endReader struct {
	r       io.Reader
	reached bool
}

func (e *endReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.reached = e.reached || err == io.EOF
	return n, err
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
