module github.com/alf-go/alf/interop

go 1.26.0

require (
	github.com/alf-go/alf v0.0.0
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
)

require (
	github.com/benbjohnson/clock v1.3.5 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
)

require github.com/go-jose/go-jose/v4 v4.1.9 // indirect

replace github.com/alf-go/alf => ../
