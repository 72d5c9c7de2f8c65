package proxy

// InFlight is how many requests the current state serves.
func (p *Proxy) InFlight() int64 { return p.current.Load().serving.Load() }

// Removed is how many listeners that a reload has removed are not drained yet.
func (p *Proxy) Removed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.removed)
}
