package filestore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/alf-go/alf/store"
)

// A file is one line of text and the state. The line has the name of the format, a checksum of all that follows it,
// and the boot at which the file was written:
//
//	alf-filestore-1 SUM BOOT
//
// The checksum is there because a file may be damaged; that it comes from a process that has the key is proved by the
// sealed parts within.
const magic = "alf-filestore-1"

// noBoot stands for a boot without a name.
const noBoot = "-"

var errFrame = errors.New("not a file of this package")

// frame returns the content of a file.
func frame(state *store.State, boot string) ([]byte, error) {
	if boot == "" {
		boot = noBoot
	}
	rest, err := state.AppendBinary(append([]byte(boot), '\n'))
	if err != nil {
		return nil, err
	}
	head := append([]byte(magic), ' ')
	head = append(head, checksum(rest)...)
	return append(append(head, ' '), rest...), nil
}

// unframe is the reverse of frame.
func unframe(data []byte) (state store.State, boot string, err error) {
	head, rest, found := bytes.Cut(data, []byte(magic+" "))
	if !found || len(head) > 0 {
		return store.State{}, "", errFrame
	}
	sum, rest, found := bytes.Cut(rest, []byte{' '})
	if !found || string(sum) != checksum(rest) {
		return store.State{}, "", errFrame
	}
	name, text, found := bytes.Cut(rest, []byte{'\n'})
	if !found {
		return store.State{}, "", errFrame
	}
	state, err = store.Parse(text)
	return state, strings.TrimPrefix(string(name), noBoot), err
}

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
