package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

type member struct {
	key   string
	value json.RawMessage
}

// occursTwice is the error for a key that does.
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

// list is a string or an array of strings.
type list []string

func (l *list) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		var one string
		err := json.Unmarshal(data, &one)
		*l = list{one}
		return err
	}
	return json.Unmarshal(data, (*[]string)(l))
}

// object is a JSON object of lists.
type object map[string]list

// UnmarshalJSON refuses names that occur twice, of which encoding/json would keep the last.
func (o *object) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil // as anywhere else in the file
	}
	given, err := members(data)
	if err != nil {
		return err
	}
	*o = make(object, len(given))
	for _, m := range given {
		var values list
		if err := json.Unmarshal(m.value, &values); err != nil {
			return err
		}
		(*o)[m.key] = values
	}
	return nil
}

func (o object) params() url.Values {
	values := make(url.Values, len(o))
	for key, list := range o {
		values[key] = list
	}
	return values
}

// header takes names and values as they are: the library validates them. Names that differ in case alone are the same.
func (o object) header() (http.Header, error) {
	header := make(http.Header, len(o))
	for _, given := range sortedKeys(o) {
		name := http.CanonicalHeaderKey(given)
		if _, ok := header[name]; ok {
			return nil, occursTwice(name)
		}
		header[name] = o[given]
	}
	return header, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
