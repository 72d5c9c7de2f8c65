package alfgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfgrpc"
)

// kinds are the four kinds of calls, which all get the same error.
var kinds = map[string]func(context.Context, testgrpc.TestServiceClient, ...grpc.CallOption) error{
	"unary": func(ctx context.Context, stub testgrpc.TestServiceClient, options ...grpc.CallOption) error {
		_, err := stub.EmptyCall(ctx, new(testgrpc.Empty), options...)
		return err
	},
	"server stream": func(ctx context.Context, stub testgrpc.TestServiceClient, options ...grpc.CallOption) error {
		stream, err := stub.StreamingOutputCall(ctx, request(1), options...)
		if err == nil {
			_, err = stream.Recv()
		}
		return err
	},
	"client stream": func(ctx context.Context, stub testgrpc.TestServiceClient, options ...grpc.CallOption) error {
		stream, err := stub.StreamingInputCall(ctx, options...)
		if err == nil {
			_, err = stream.CloseAndRecv()
		}
		return err
	},
	"both ways": func(ctx context.Context, stub testgrpc.TestServiceClient, options ...grpc.CallOption) error {
		stream, err := stub.FullDuplexCall(ctx, options...)
		if err == nil {
			_ = stream.Send(request(1))
			_, err = stream.Recv()
		}
		return err
	},
}

const secret = "the-client-secret"

func withSecret(cfg *alf.Config) { cfg.ClientSecret = alf.Secret(secret) }

// Without a token, no call is sent, and the code says whether that may pass by itself.
func TestG3_TheCodeSaysWhyThereIsNoToken(t *testing.T) {
	for name, test := range map[string]struct {
		respond   http.HandlerFunc
		want      codes.Code
		permanent bool
	}{
		"outage": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, codes.Unavailable, false},
		"refused credentials": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client","error_description":"unknown client","secret":"`+secret+`"}`)
		}, codes.Unauthenticated, true},
		"retry policy": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, codes.Unavailable, false},
	} {
		for kind, call := range kinds {
			t.Run(name+"/"+kind, func(t *testing.T) {
				s := startService(t)
				s.Respond(1000, test.respond)
				options := alfgrpc.DialOptions(s.client(withSecret))
				if name == "retry policy" {
					options = append(options, grpc.WithDefaultServiceConfig(retryPolicy))
				}
				stub := testgrpc.NewTestServiceClient(s.dial(options...))
				for range 2 { // the second in the backoff
					err := call(within(t), stub)
					require.Equal(t, test.want, status.Code(err), "%v", err)
					var noToken *alf.TokenError
					require.ErrorAs(t, err, &noToken)
					require.Equal(t, test.permanent, noToken.Permanent)
					var response *oauth2.RetrieveError
					require.ErrorAs(t, err, &response)
					notSecret(t, err)
				}
				require.Empty(t, s.seen(), "no call was sent")
			})
		}
	}
}

// notSecret checks everything that can be printed of an error.
func notSecret(t *testing.T, err error) {
	for _, text := range []string{err.Error(), status.Convert(err).Message(), fmt.Sprintf("%v %+v %#v", err, err, err)} {
		require.NotContains(t, text, secret)
		require.NotContains(t, text, "Bearer")
	}
}

// The caller's own deadline and cancellation keep their codes, while its call waits for the token endpoint.
func TestG3_TheCallersContextKeepsItsCode(t *testing.T) {
	for kind, call := range kinds {
		t.Run(kind, func(t *testing.T) {
			s := startService(t)
			s.Hang(time.Hour)
			stub := s.stub(s.client())
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			began := time.Now()
			err := call(ctx, stub)
			require.Equal(t, codes.DeadlineExceeded, status.Code(err), "%v", err)
			require.Less(t, time.Since(began), 3*time.Second)

			ctx, cancel = context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- call(ctx, stub) }()
			requests := s.Stats().TokenRequests
			eventually(t, func() bool { return requests >= 1 || s.Stats().TokenRequests > requests }, "a token request")
			cancel()
			select {
			case err = <-ended:
				require.Equal(t, codes.Canceled, status.Code(err), "%v", err)
			case <-time.After(patience):
				require.FailNow(t, "the call did not end")
			}
			require.Empty(t, s.seen())
		})
	}
}

// The same while the successor of a refused token is waited for.
func TestG3_TheCallersContextKeepsItsCodeAfterARefusal(t *testing.T) {
	for kind, call := range kinds {
		t.Run(kind, func(t *testing.T) {
			s, stub := revoked(t)
			s.Hang(time.Hour)
			ctx, cancel := context.WithCancelCause(t.Context())
			requests := s.Stats().TokenRequests
			ended := make(chan error, 1)
			go func() { ended <- call(ctx, stub) }()
			eventually(t, func() bool { return s.Stats().TokenRequests > requests }, "a token request")
			cause := errors.New("the user went away")
			cancel(cause)
			select {
			case err := <-ended:
				require.Equal(t, codes.Canceled, status.Code(err), "%v", err)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, cause)
			case <-time.After(patience):
				require.FailNow(t, "the call did not end")
			}
			require.Len(t, s.seen(), 1)
		})
	}
}

// The token was revoked and has no successor: the error says why, and has the server's refusal in it.
func TestG3_AnOutageAfterARevocation(t *testing.T) {
	for kind, call := range kinds {
		for _, permanent := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, " permanent ", permanent), func(t *testing.T) {
				s, stub := revoked(t)
				want, code := codes.Unavailable, http.StatusServiceUnavailable
				if permanent {
					want, code = codes.Unauthenticated, http.StatusForbidden
				}
				s.Respond(1000, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
				err := call(within(t), stub)
				require.Equal(t, want, status.Code(err), "%v", err)
				var noToken *alf.TokenError
				require.ErrorAs(t, err, &noToken)
				require.ErrorIs(t, err, errToken)
				require.Contains(t, err.Error(), "after the server refused the token")
				notSecret(t, err)
				require.Equal(t, 1, refusals(t, s.seen()))

				err = call(within(t), stub) // not sent: the token is withdrawn from this server (M21)
				require.Equal(t, want, status.Code(err), "%v", err)
				require.Empty(t, s.seen())
			})
		}
	}
}

func TestG3_WhatHasToBeRepairedIsUnauthenticated(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*alf.Config)
		is     error
		text   string
	}{
		"DPoP":         {func(cfg *alf.Config) { cfg.DPoP = new(alf.DPoP) }, nil, "DPoP"},
		"other origin": {func(cfg *alf.Config) { cfg.Origins = []string{"https://other.example.com"} }, alf.ErrRefused, "Config.Origins"},
	} {
		for kind, call := range kinds {
			t.Run(name+"/"+kind, func(t *testing.T) {
				s := startService(t)
				err := call(within(t), s.stub(s.client(test.change)))
				require.Equal(t, codes.Unauthenticated, status.Code(err), "%v", err)
				require.ErrorContains(t, err, test.text)
				if test.is != nil {
					require.ErrorIs(t, err, test.is)
				}
				require.Empty(t, s.seen())
				require.Zero(t, s.Stats().TokenRequests)
			})
		}
	}
}

func TestG3_AMissingClientIsAClearError(t *testing.T) {
	s := startService(t)
	for _, options := range [][]grpc.DialOption{alfgrpc.DialOptions(nil), alfgrpc.PoolDialOptions(nil)} {
		for _, call := range kinds {
			err := call(within(t), testgrpc.NewTestServiceClient(s.dial(options...)))
			require.Equal(t, codes.Unauthenticated, status.Code(err))
			require.ErrorContains(t, err, "alf.New")
		}
	}
}

func TestG3_AClosedClientIsUnauthenticated(t *testing.T) {
	for kind, call := range kinds {
		t.Run(kind, func(t *testing.T) {
			s := startService(t)
			client := s.client()
			stub := s.stub(client)
			require.NoError(t, call(within(t), stub))
			require.NoError(t, client.Close())
			err := call(within(t), stub)
			require.Equal(t, codes.Unauthenticated, status.Code(err))
			require.ErrorIs(t, err, alf.ErrClosed)
		})
	}
}

func TestG1_TheListedOriginGetsTheToken(t *testing.T) {
	s := startService(t)
	stub := s.stub(s.client(func(cfg *alf.Config) { cfg.Origins = []string{"https://other.example.com", "https://" + s.address} }))
	for _, call := range kinds {
		require.NoError(t, call(within(t), stub))
	}
}

// The name of a server is its authority with gRPC's default port, in lower case.
func TestG1_TheOriginOfACall(t *testing.T) {
	s := newService(t)
	creds := alfgrpc.Credentials(s.client(func(cfg *alf.Config) {
		cfg.Origins = []string{"https://stock.example.com", "https://[2001:db8::1]", "https://10.0.0.1:8443"}
	}))
	for address, listed := range map[string]bool{
		"https://stock.example.com/stock.Stock": true, "https://Stock.example.com/stock.Stock": true, "https://[2001:db8::1]/stock.Stock": true,
		"https://10.0.0.1:8443/stock.Stock": true, "https://stock.example.com": true, "https://10.0.0.1/stock.Stock": false,
		"https://stock.example.com.example.org/stock.Stock": false, "https://stock.example.com:444/stock.Stock": false,
		"http://stock.example.com/stock.Stock": false, "stock": false,
	} {
		for range 2 {
			_, err := creds.GetRequestMetadata(t.Context(), address)
			require.Equal(t, listed, err == nil, "%s: %v", address, err)
		}
	}
	_, err := creds.GetRequestMetadata(t.Context())
	require.ErrorIs(t, err, alf.ErrRefused)
}

// Other credentials of the channel fail with Unauthenticated by themselves: the token is not to blame.
func TestG2_AnotherCredentialsFailureReplacesNoToken(t *testing.T) {
	s := startService(t)
	client := s.client()
	stub := testgrpc.NewTestServiceClient(s.dial(append(alfgrpc.DialOptions(client), grpc.WithPerRPCCredentials(failing{}))...))
	for _, call := range kinds {
		err := call(within(t), stub)
		require.Equal(t, codes.Unauthenticated, status.Code(err))
	}
	require.Equal(t, 1, s.Stats().TokenRequests)
	require.Empty(t, s.seen())
}

type failing struct{ ownCredentials }

func (failing) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return nil, errors.New("a failure of their own")
}

func TestG1_PlaintextNeedsItsOwnOption(t *testing.T) {
	s := newService(t)
	s.options = nil
	s.start("127.0.0.1:0")
	client := s.client(func(cfg *alf.Config) { cfg.AllowHTTP = []string{"*"} }) // which is about HTTP
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	_, err := grpc.NewClient(s.address, append(alfgrpc.DialOptions(client), plain)...)
	require.ErrorContains(t, err, "transport level security")

	for kind, call := range kinds { // by call option
		stub := testgrpc.NewTestServiceClient(s.dial(plain))
		err := call(within(t), stub, grpc.PerRPCCredentials(alfgrpc.Credentials(client)))
		require.Equal(t, codes.Unauthenticated, status.Code(err), kind)
		require.ErrorContains(t, err, "insecure connection", kind)
	}
	require.Zero(t, s.Stats().TokenRequests)
	require.Empty(t, s.seen())

	conn := s.dial(append(alfgrpc.DialOptions(client, alfgrpc.AllowPlaintext()), plain)...)
	for kind, call := range kinds {
		require.NoError(t, call(within(t), testgrpc.NewTestServiceClient(conn)), kind)
	}
	require.NoError(t, kinds["unary"](within(t), testgrpc.NewTestServiceClient(s.dial(plain)),
		grpc.PerRPCCredentials(alfgrpc.Credentials(client, alfgrpc.AllowPlaintext()))))
	require.Zero(t, refusals(t, s.seen()))
}

// Whatever is printed of what users hold shows neither a token nor the secret.
func TestG1_NothingPrintsASecret(t *testing.T) {
	s := startService(t)
	client := s.client(withSecret)
	creds := alfgrpc.Credentials(client)
	stub := testgrpc.NewTestServiceClient(s.dial(alfgrpc.DialOptions(client)...))
	require.NoError(t, kinds["unary"](within(t), stub, grpc.PerRPCCredentials(creds)))
	stream, err := stub.FullDuplexCall(within(t))
	require.NoError(t, err)
	tok, err := client.Token(t.Context())
	require.NoError(t, err)
	_, err = creds.GetRequestMetadata(t.Context(), "https://api.example.com/x")
	require.NoError(t, err)
	for _, value := range []any{creds, alfgrpc.DialOptions(client), stub, stream.Context(), struct{ inner any }{creds}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			text := fmt.Sprintf(verb, value)
			require.NotContains(t, text, tok.Value())
			require.NotContains(t, text, secret)
		}
	}
	require.NoError(t, stream.CloseSend())
	_, _ = stream.Recv()
}
