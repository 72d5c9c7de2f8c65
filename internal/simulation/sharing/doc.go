// Package sharing runs many processes that share one token through a store, in virtual time: the cores of packages core
// and sharing in each of them, and the decisions of package store between them. Messages take time, and are lost,
// doubled and late; processes die and are stopped, their clocks are wrong; the store fails and loses data.
package sharing
