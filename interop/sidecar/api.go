package sidecar

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/websocket"
)

// api serves the requests that carry a good token:
//
//	/echo      responds with the request's body
//	/upload    responds with the size of the body and its SHA-256
//	/events    sends server-sent events, ?n of them, ?ms apart
//	/socket    is a websocket that echoes messages, in binary
//	/headers   responds with the names of the fields that arrived, a line each
//	/echo.Echo/Unary, /echo.Echo/Stream   are gRPC methods that echo messages, whatever those are
var api = newAPI()

func newAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/upload", upload)
	mux.HandleFunc("/events", events)
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			fmt.Fprintln(w, name)
		}
	})
	mux.Handle("/socket", websocket.Server{Handler: echoFrames}) // without a look at Origin, which programs do not send
	mux.HandleFunc("/echo.Echo/", echoMessages)
	return mux
}

// echo reads the body to its end first: a server of net/http drops what is left of it once it responds over HTTP/1.1.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = w.Write(body)
}

func upload(w http.ResponseWriter, r *http.Request) {
	sum := sha256.New()
	n, err := io.Copy(sum, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "%d %s\n", n, hex.EncodeToString(sum.Sum(nil)))
}

func events(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.FormValue("n"))
	ms, _ := strconv.Atoi(r.FormValue("ms"))
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w)
	for i := range n {
		if i > 0 {
			select {
			case <-time.After(time.Duration(ms) * time.Millisecond):
			case <-r.Context().Done():
				return
			}
		}
		fmt.Fprintf(w, "id: %d\ndata: event %d\n\n", i, i)
		_ = flush.Flush()
	}
}

// echoFrames sends each message back, in binary.
func echoFrames(ws *websocket.Conn) {
	ws.MaxPayloadBytes = 64 << 20
	for {
		var message []byte
		if websocket.Message.Receive(ws, &message) != nil || websocket.Message.Send(ws, message) != nil {
			return
		}
	}
}

// grpcType is the content type of gRPC's messages.
const grpcType = "application/grpc"

// IsGRPC reports whether a request is one of gRPC.
func IsGRPC(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), grpcType) }

// echoMessages sends each message back as it comes.
func echoMessages(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", grpcType)
	w.Header().Set("Trailer", "Grpc-Status")
	flush := http.NewResponseController(w)
	for {
		message, err := ReadMessage(r.Body)
		if err != nil {
			break
		}
		if _, err := w.Write(Message(message)); err != nil {
			return
		}
		_ = flush.Flush()
	}
	w.Header().Set("Grpc-Status", "0")
}

// Message is a message as gRPC frames it, without compression.
func Message(content []byte) []byte {
	framed := make([]byte, 5, 5+len(content))
	binary.BigEndian.PutUint32(framed[1:], uint32(len(content)))
	return append(framed, content...)
}

// ReadMessage reads such a message.
func ReadMessage(r io.Reader) ([]byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	content := make([]byte, min(binary.BigEndian.Uint32(head[1:]), 16<<20))
	_, err := io.ReadFull(r, content)
	return content, err
}

// AsGRPC serves requests of gRPC as servers of it do: a refusal with 401 becomes a response without a body whose
// status is UNAUTHENTICATED (16).
func AsGRPC(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if IsGRPC(r.Header) {
			w = &grpcWriter{ResponseWriter: w}
		}
		h.ServeHTTP(w, r)
	})
}

type grpcWriter struct {
	http.ResponseWriter
	refused bool
}

// Unwrap is for http.ResponseController.
func (w *grpcWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader replaces a 401.
func (w *grpcWriter) WriteHeader(status int) {
	if status != http.StatusUnauthorized {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.refused = true
	h := w.Header()
	for name := range h {
		h.Del(name)
	}
	h.Set("Content-Type", grpcType)
	h.Set("Grpc-Status", "16")
	h.Set("Grpc-Message", "the token is refused")
	w.ResponseWriter.WriteHeader(http.StatusOK)
}

func (w *grpcWriter) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}
