package explore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/simulation/explore"
)

// Two callers, tokens that live for 10 seconds, an endpoint that fails now and then: is there any order of events in
// which a rule does not hold?
func ExampleExplore() {
	world := explore.World{
		Name:    "two callers",
		Callers: 2,
		Responses: []explore.Response{
			{Kind: explore.New, Lifetime: 10 * time.Second},
			{Kind: explore.Permanent},
		},
	}
	result, err := explore.Explore(context.Background(), world, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if result.Violation != nil {
		fmt.Println(result.Violation)
		return
	}
	fmt.Println("every state was visited, and every rule holds")
	// Output: every state was visited, and every rule holds
}
