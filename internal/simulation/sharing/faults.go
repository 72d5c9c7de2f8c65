package sharing

import "time"

// planFaults plans the first of each fault that is on.
func (w *World) planFaults() {
	k := &w.parameters
	w.again(&k.Revoked, func() { w.note("all tokens are revoked"); w.endpoint.revoke() })
	w.again(&k.Outages, func() {
		w.EndpointDown(true)
		w.After(k.Outages/10, func() { w.EndpointDown(false) })
	})
	w.again(&k.StoreDown, func() {
		w.note("the store is down")
		w.store.down = true
		w.After(k.StoreDown/5, func() { w.store.down = false; w.note("the store is back") })
	})
	w.again(&k.DataLost, w.store.dropData)
	w.again(&k.Deaths, func() {
		i := w.rnd.IntN(len(w.processes))
		w.note("process %d dies", i)
		w.Stats.Died++
		w.processes[i].dead = true
		w.processes[i] = w.newProcess(i)
	})
	w.again(&k.Stops, func() {
		p := w.processes[w.rnd.IntN(len(w.processes))]
		p.stop(time.Duration(w.rnd.Int64N(int64(10 * time.Second))))
	})
}

// again lets a fault happen again and again, as long as faults are on.
func (w *World) again(every *time.Duration, do func()) {
	if *every <= 0 {
		return
	}
	w.After(w.about(*every), func() {
		if *every > 0 && w.Now < w.faultsEnd {
			do()
			w.again(every, do)
		}
	})
}
