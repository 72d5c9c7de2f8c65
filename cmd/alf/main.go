// Command alf gets OAuth 2.0 access tokens with the client credentials grant; see package internal/program.
package main

import "github.com/alf-go/alf/internal/program"

func main() { program.Main() }
