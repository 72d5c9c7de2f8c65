// Package redact makes untrusted text safe to show in errors and logs: it removes secrets, in the encodings in which
// servers and proxies echo what they were sent, and control characters, and bounds the length.
//
// It is for untrusted text alone. A message of this module passes through it only in the parts that came from outside:
// the secret "secret" would otherwise take words out of our own sentences.
//
// The cost does not grow with the text: no more of it is looked at than is shown, plus the rest of a secret that begins
// there.
package redact
