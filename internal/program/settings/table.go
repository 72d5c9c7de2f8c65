package settings

// All is the table of the settings of the client, in the order of the help.
func All() Table {
	return Table{
		{Name: "token_url", Field: "TokenURL", Group: Common, Help: "`URL` of the token endpoint"},
		{Name: "issuer", Field: "Issuer", Group: Common, Help: "`URL` of the authorization server, whose metadata name the token endpoint"},
		{Name: "client_id", Field: "ClientID", Group: Common, Help: "client `ID`"},
		{Name: "client_secret", Field: "ClientSecret", From: Variable, Group: Common, Help: "client secret"},
		{Name: "client_secret_file", Field: "ClientSecretFile", About: "ClientSecret", Group: Common, Help: "read the client secret from `PATH`"},
		{Name: "client_secret_stdin", Field: "ClientSecretStdin", From: Flag, Group: Common, Help: "read the client secret from standard input"},
		{Name: "scope", Field: "Scopes", Group: Common, Help: "request `SCOPE`"},
		{Name: "audience", Field: "Audience", Group: Common, Help: "request a token for `AUDIENCE`"},
		{Name: "auth_style", Field: "AuthStyle", Group: Common, Help: "authenticate the client by `STYLE`, see above"},
		{Name: "timeout", Field: "Timeout", About: "TokenRequest.Timeout", Group: Common, Help: "give up after `TIME` without a response, of the token endpoint or the API; 0: never"},
		{Name: "config", Field: "ConfigFile", From: Flag | Variable, Group: Common, Help: "read settings from `PATH`; \"\" for no file"},

		{Name: "resource", Field: "Resource", Group: Request, Help: "request a token for `URI` (RFC 8707)"},
		{Name: "param", Field: "Params", Group: Request, Help: "add `KEY=VALUE`, form-encoded, to the token request"},
		{Name: "token_type", Field: "TokenType", Group: Request, Help: "expect tokens of `TYPE`, whatever its case, in place of Bearer or, with --dpop, DPoP"},
		{Name: "auth_scheme", Field: "AuthScheme", Group: Request, Help: "send the token to APIs under `SCHEME`, if that differs from its type"},
		{Name: "strict_token_type", Field: "StrictTokenType", Group: Request, Help: "refuse a token that is returned without a type"},
		{Name: "strict_scope", Field: "StrictScope", Group: Request, Help: "refuse a token that has another scope than was requested"},
		{Name: "token_header", Field: "TokenRequest.Header", Group: Request, Help: "add `'NAME: VALUE'` to the token request's headers"},

		{Name: "key_file", Field: "KeyFile", About: "Assertion.Key", Group: Authentication, Help: "sign assertions with the private key in `PATH` (PEM or JSON Web Key)"},
		{Name: "key_id", Field: "KeyID", About: "KeyID", Group: Authentication, Help: "the server knows that key as `ID` (kid)"},
		{Name: "assertion_file", Field: "AssertionFile", About: "Assertion.Source", Group: Authentication, Help: "send the assertion in `PATH`, such as a service account token"},
		{Name: "assertion_audience", Field: "Assertion.Audience", Group: Authentication, Help: "`AUDIENCE` (aud) of assertions: issuer, token_endpoint or any text"},
		{Name: "assertion_algorithm", Field: "Assertion.Algorithm", Group: Authentication, Help: "sign assertions with `ALGORITHM` (alg), such as PS256"},
		{Name: "assertion_typ", Field: "Assertion.Type", Group: Authentication, Help: "`TYPE` (typ) of assertions"},
		{Name: "assertion_lifetime", Field: "Assertion.Lifetime", Group: Authentication, Help: "assertions are valid for `TIME`, 1 s to 1 h; 0: 1 min"},
		{Name: "assertion_header", Field: "Assertion.Header", Group: Authentication, Help: "add `NAME=VALUE` to the header of assertions; VALUE is a text or JSON"},
		{Name: "assertion_claim", Field: "Assertion.Claims", Group: Authentication, Help: "add `NAME=VALUE` to the claims of assertions; VALUE is a text or JSON"},
		{Name: "assertion_format", Field: "Assertion.Format", Group: Authentication, Help: "`URI` of the client_assertion_type, if it is no JWT"},
		{Name: "assertion_cert_file", Field: "AssertionCertFile", About: "Assertion.Certificate", Group: Authentication, Help: "name the certificate in `PATH` (PEM) in the assertion, as Microsoft Entra and ADFS require"},
		{Name: "assertion_cert_header", Field: "Assertion.CertificateHeader", Group: Authentication, Help: "name it by `MEMBER` of the header: x5t, x5t#S256 or x5c"},
		{Name: "cert_file", Field: "CertFile", About: "Certificate", Group: Authentication, Help: "present the certificate in `PATH` (PEM) in TLS handshakes"},
		{Name: "cert_key_file", Field: "CertKeyFile", Group: Authentication, Help: "its private key is in `PATH` (PEM), if not in the same file"},

		{Name: "dpop", Field: "DPoP", About: "Config.DPoP", Group: Binding, Help: "bind tokens to a key and send proofs of it (RFC 9449)"},
		{Name: "dpop_key_file", Field: "DPoPKeyFile", About: "DPoP.Key", Group: Binding, Help: "with --dpop: the key in `PATH`, not one that ends with the program"},
		{Name: "dpop_algorithm", Field: "DPoPAlgorithm", About: "DPoP.Algorithm", Group: Binding, Help: "with --dpop: sign proofs with `ALGORITHM`"},
		{Name: "dpop_backdate", Field: "DPoPBackdate", About: "DPoP.Backdate", Group: Binding, Help: "with --dpop: date proofs back by `TIME`, 1 min at most; 0: 5 s, negative: not at all"},

		{Name: "origin", Field: "Origins", Group: Connection, Help: "send the token to `ORIGIN` only, such as https://api.example.com"},
		{Name: "allow_http", Field: "AllowHTTP", Group: Connection, Help: "allow secrets and tokens to be sent to `HOST` over plain http"},
		{Name: "store", Field: "StoreAt", About: "Store", Group: Connection, Help: "share the token with other processes, through `STORE`: a directory, or a URL if the program has such a store"},
		{Name: "store_key_file", Field: "StoreKeyFile", About: "StoreKey", Group: Connection, Help: "with --store: the key in `PATH` (16 bytes or more, 32 random ones as a rule), not the client secret"},
		{Name: "ca_file", Field: "CAFile", About: "TokenRequest.TLS.RootCAs", Group: Connection, Help: "trust the authorities in `PATH` (PEM) as well"},
		{Name: "token_server_name", Field: "TokenServerName", About: "TokenRequest.TLS.ServerName", Group: Connection, Help: "accept a certificate of the token endpoint that is for `HOST`"},
		{Name: "renegotiation", Field: "TokenRequest.Renegotiation", Group: Connection, Help: "let servers renegotiate TLS 1.2 `never, once or freely`, as IIS and Azure API Management do"},
	}
}
