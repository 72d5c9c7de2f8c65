package main

import (
	"context"
	"runtime"

	"github.com/aws/aws-sdk-go-v2/aws"
)

var awsCache = peer{
	name:   "AWS cache",
	module: "github.com/aws/aws-sdk-go-v2",
	reader: func() func(n int) {
		c := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: cached, CanExpire: true, Expires: inAnHour()}, nil
		}))
		ctx := context.Background()
		return func(n int) {
			var t aws.Credentials
			for range n {
				t, _ = c.Retrieve(ctx)
			}
			runtime.KeepAlive(&t)
		}
	},
	source: func(e *endpoint, t tuning) source {
		return awsSource{aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			value, expiry, err := e.fetch(ctx)
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: value, CanExpire: true, Expires: expiry}, err
		}), func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = t.early })}
	},
}

type awsSource struct{ *aws.CredentialsCache }

// Token is the library's own.
func (s awsSource) Token(ctx context.Context) (string, error) {
	c, err := s.Retrieve(ctx)
	return c.SecretAccessKey, err
}
