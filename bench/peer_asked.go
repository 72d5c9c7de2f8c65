package main

import "runtime"

// asked is the actor as it is written down first: an owner that is asked over channels for every read.
var asked = peer{
	name: "owner asked every time",
	reader: func() func(n int) {
		token := &floorToken{value: cached, end: inAnHour()}
		questions := make(chan chan<- *floorToken)
		go func() {
			for reply := range questions {
				reply <- token
			}
		}()
		return func(n int) {
			var t *floorToken
			reply := make(chan *floorToken, 1)
			for range n {
				questions <- reply
				t = <-reply
			}
			runtime.KeepAlive(t)
		}
	},
}
