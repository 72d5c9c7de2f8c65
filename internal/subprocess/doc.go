// Package subprocess is what the operating system does for processes that a program starts to play with: they end with
// it, and can be stopped in the middle of what they do.
package subprocess
