package osin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
)

// special has what Basic must encode, and all that means something in a form.
const special = "100% s3cret/+:& "

// newAccounts makes the clients, one a row of the table.
func (s *Server) newAccounts() []*lab.Account {
	return []*lab.Account{
		lab.NewAccount("basic & info", special, alf.Config{TokenURL: s.site.URL() + "/token"}),
		lab.NewAccount("post", special, alf.Config{TokenURL: s.site.URL() + "/token", AuthStyle: alf.AuthPost}),
		lab.NewAccount("Apigee's type", special, alf.Config{
			TokenURL: s.site.URL() + "/apigee/token", TokenType: tokenType, AuthScheme: "Bearer",
		}),
		lab.NewAccount("its own API", special, alf.Config{
			TokenURL: s.site.URL() + "/token", Rejected: refusedWithStatusOK, RejectedBody: true,
		}),
	}
}

// refusedWithStatusOK finds the error in the body of a response of /info.
func refusedWithStatusOK(resp *http.Response) bool {
	body, err := io.ReadAll(resp.Body)
	return err == nil && bytes.Contains(body, []byte(`"error":"invalid_request"`))
}

// Cases are the clients.
func (s *Server) Cases() []lab.Case {
	cases := []lab.Case{
		{Name: "client_secret_basic", API: s.site.URL() + "/api"},
		{Name: "client_secret_post", API: s.site.URL() + "/api"},
		{Name: "client_secret_basic, tokens of type BearerToken", API: s.site.URL() + "/api"},
		{Name: "client_secret_basic, refused with 200", API: s.site.URL() + "/info", Accepts: acceptsInfo},
	}
	for i := range cases {
		a := s.accounts[i]
		cases[i].Config, cases[i].Wrong = a.Config, a.Wrong
		cases[i].Lifetime = lifetime * time.Second
		cases[i].Says, cases[i].SaysStatus = "unauthorized_client", http.StatusOK
		cases[i].Rotate = func(context.Context) error {
			return a.Rotate(func(secret string) error {
				s.store.register(a.ID, secret)
				return nil
			})
		}
	}
	return cases
}

// acceptsInfo looks for what /info says of an active token.
func acceptsInfo(body []byte) error {
	var info struct {
		ClientID string `json:"client_id"`
	}
	if err := json.Unmarshal(body, &info); err != nil || info.ClientID == "" {
		return fmt.Errorf("/info refused the token: %s", body)
	}
	return nil
}
