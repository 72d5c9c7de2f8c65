package program

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

type member struct {
	key   string
	value json.RawMessage
}

// occursTwice is the error of a key that does.
type occursTwice string

func (key occursTwice) Error() string { return fmt.Sprintf("%q occurs twice", string(key)) }

// members takes one JSON object apart, and keeps what encoding/json would drop: keys that occur twice.
func members(content []byte) ([]member, error) {
	var all []member
	d := json.NewDecoder(bytes.NewReader(content))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, notJSON(err)
		}
		m := member{key: key.(string)}
		if err := d.Decode(&m.value); err != nil {
			return nil, notJSON(err)
		}
		if slices.ContainsFunc(all, func(other member) bool { return other.key == m.key }) {
			return nil, occursTwice(m.key)
		}
		all = append(all, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, notJSON(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object: remove it")
	}
	return all, nil
}

func notJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("not JSON: it ends too early")
	}
	return fmt.Errorf("not JSON: %w", err)
}
