package proxy

// explainListen has nothing to add: the system's errors are texts.
func explainListen(err error) error { return err }

func isConnectionRefused(error) bool { return false }
