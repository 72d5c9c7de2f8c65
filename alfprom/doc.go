// Package alfprom exports what clients, pools and token endpoints count as metrics of Prometheus.
//
//	metrics := alfprom.NewCollector()
//	err := errors.Join(
//		metrics.AddClient("orders", client),
//		metrics.AddPool("tenants", pool),
//		prometheus.Register(metrics),
//	)
//
// It is a module of its own, so that programs which do not use it do not inherit its dependency.
//
// # Series
//
// Each metric has the label name, which is the one given to Add. There is no label for a tenant, a scope or an error's
// text: the number of series depends on the number of names alone, however many tokens a pool has. Nothing secret is
// among them. A scrape reads counters, and takes no longer with many tokens than with one.
//
// # Alerts
//
// The file alerts.yml beside this package has rules for what needs attention: a token that is about to expire
// while its refreshes fail, rejections that lead to no fetch, an endpoint that does not work, a store that does not
// work.
package alfprom
