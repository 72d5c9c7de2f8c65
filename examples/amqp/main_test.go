package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/examples/internal/program"
	"github.com/alf-go/alf/sim"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// The connection is given each new token, and orders are handled throughout. A signal ends the program gracefully.
func TestW2_TheWorkersConnectionOutlivesItsTokens(t *testing.T) {
	kit, env := program.Kit(t, sim.Options{Lifetime: time.Second})
	broker := startBroker(t, func(string) bool { return true })
	worker := program.Start(t, append(env, "AMQP_URL="+broker.url()))
	seen := map[string]bool{}
	for i := range uint64(3) {
		seen[program.Next(worker, broker.secrets)] = true // the first, and two that update it
		broker.deliveries <- "tea"
		require.Equal(t, i+1, program.Next(worker, broker.acked))
	}
	require.Len(t, seen, 3)
	require.GreaterOrEqual(t, kit.Stats().Tokens, 3)
	require.Zero(t, worker.Interrupt())
}

// A token that the broker refuses ends the program, for its supervisor to start it again. Nothing prints the token.
func TestWorker_EndsWithItsConnection(t *testing.T) {
	_, env := program.Kit(t, sim.Options{})
	broker := startBroker(t, func(string) bool { return false })
	worker := program.Start(t, append(env, "AMQP_URL="+broker.url()))
	token := program.Next(worker, broker.secrets)
	require.Equal(t, 1, worker.Wait())
	require.Contains(t, worker.Output(), "ACCESS_REFUSED")
	require.NotContains(t, worker.Output(), token)
}

// In an outage at its start, the worker waits for the first token.
func TestW2_TheWorkerWaitsForAToken(t *testing.T) {
	kit, env := program.Kit(t, sim.Options{})
	kit.GoDown(0)
	broker := startBroker(t, func(token string) bool { return program.Accepts(kit, token) })
	worker := program.Start(t, append(env, "AMQP_URL="+broker.url()))
	worker.Await("there is no token for now")
	kit.Up()
	broker.deliveries <- "tea"
	require.EqualValues(t, 1, program.Next(worker, broker.acked))
	require.Zero(t, worker.Interrupt())
}
