package redisstore

import (
	_ "embed"
	"strings"
)

// The script is written in parts, one after the other: what comes first is known to what follows.
var (
	//go:embed script/clock.lua
	clock string
	//go:embed script/state.lua
	stateScript string
	//go:embed script/reply.lua
	replyScript string
	//go:embed script/guards.lua
	guardsScript string
	//go:embed script/commands.lua
	commandsScript string
	//go:embed script/main.lua
	mainScript string
)

// source is the script with that clock.
func source(clock string) string {
	return strings.Join([]string{clock, stateScript, replyScript, guardsScript, commandsScript, mainScript}, "\n")
}
