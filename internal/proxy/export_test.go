package proxy

// InFlight is how many requests the current state serves.
func (p *Proxy) InFlight() int64 { return p.current.Load().serving.Load() }
