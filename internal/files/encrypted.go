package files

import (
	"encoding/pem"
	"errors"
	"strings"
)

// Encrypted fails if the first private key of content, in PEM, is one that only a passphrase opens.
func Encrypted(content []byte) error {
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return errors.New("the private key is encrypted: store it without a passphrase, readable by this program alone")
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return nil
		}
	}
	return nil
}
